/**
 * A corpus of small archives through one worker process: `node bench/corpus-bench.ts [--archives 10000] [--kill-every 20]`. The
 * archives, of about 100 KB, are made once, in `.bench/corpus`. Prints archives per second, CPU, the worker's memory over time,
 * and the events of the longest history; with `--kill-every` the worker is killed (SIGKILL) every so many seconds. `digest` is
 * that of the SHA-256 of all files of all datasets: runs with and without kills must give the same.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateArchive } from '../samples/generator/archive.ts';
import { readLedger } from '../src/engine/corpus/corpus-manifest.ts';
import { filesOf, readManifest } from '../src/engine/dataset/manifest.ts';
import { verifyCorpus } from '../src/engine/corpus/verify-corpus.ts';
import { clientProgram, plainEnvironment, Stage } from './suite/stage.ts';

const { values } = parseArgs({
  options: { archives: { type: 'string', default: '10000' }, 'kill-every': { type: 'string' } },
});
const count = Number(values.archives);
const killSeconds = values['kill-every'] === undefined ? null : Number(values['kill-every']);
const root = path.resolve(import.meta.dirname, '../.bench/corpus');
const folder = path.join(root, `archives-${count}`);
const scratch = path.join(root, 'scratch');

mkdirSync(folder, { recursive: true });
for (let at = 0; at < count; at++) {
  const kind = at % 4 === 3 ? 'submissions' : 'comments';
  const file = path.join(folder, `sub${String(at).padStart(5, '0')}_${kind}.zst`);
  // 0.6 to 1.4 MB of text, about 100 KB as .zst
  const bytes = 600_000 + ((at * 7919) % 800_000);
  if (!existsSync(file)) await generateArchive({ kind, era: '2023', bytes, seed: 1000 + at }, file);
}

rmSync(scratch, { recursive: true, force: true });
mkdirSync(scratch, { recursive: true });
const abort = new AbortController();
const stage = await Stage.open(scratch, abort.signal);
const { threadmill } = stage;
const startWorker = (): ChildProcess =>
  spawn(process.execPath, [clientProgram, 'worker', '--log-level', 'error', '--data-dir', scratch], {
    cwd: scratch,
    env: plainEnvironment(),
    stdio: 'inherit',
  });
let worker = startWorker();
let kills = 0;
const killing =
  killSeconds === null
    ? null
    : setInterval(() => {
        worker.kill('SIGKILL');
        kills++;
        worker = startWorker();
      }, killSeconds * 1000);
const memoryMb: number[] = [];
const watching = setInterval(() => {
  const status = readFileSync(`/proc/${worker.pid ?? 0}/status`, 'utf8');
  memoryMb.push(Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024));
}, 5_000);
const out = path.join(scratch, 'out');
try {
  const { jobId } = await threadmill.corpora.start([folder], {}, { out });
  const result = await threadmill.corpora.waitFor(jobId);
  const { events } = await threadmill.client.workflow.getHandle(jobId).fetchHistory();
  const verified = await verifyCorpus(out);
  const sums = createHash('sha256');
  for (const { name } of await readLedger(out)) {
    const files = filesOf(await readManifest(path.join(out, name)));
    sums.update(JSON.stringify([name, files]));
  }
  const { archivesPerSecond, seconds, retries } = result.metrics;
  const digest = sums.digest('hex').slice(0, 16);
  const { done, failed } = result;
  const history = events?.length ?? 0;
  console.log(
    JSON.stringify({
      done,
      failed,
      seconds,
      archivesPerSecond,
      kills,
      retries,
      history,
      verified: verified.ok,
      digest,
      memoryMb,
    }),
  );
} finally {
  if (killing !== null) clearInterval(killing);
  clearInterval(watching);
  worker.kill('SIGTERM');
  if (worker.exitCode === null) await once(worker, 'exit');
  await threadmill.close();
}
