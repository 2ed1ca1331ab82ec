/**
 * `npm run bench:small`: the engine for small archives alone, no Temporal: generated archives to finished datasets, so many a
 * second. See README.md beside this file.
 */
import { linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { generateArchive } from '../samples/generator/archive.ts';
import { SmallArchivePool } from '../src/engine/small/small-archive-pool.ts';
import { defaultJobSettings, settingsOfJob } from '../src/settings/job-settings.ts';

const { values } = parseArgs({
  options: {
    archives: { type: 'string', default: '1000' },
    /** Text of each; 650 kB are 80 to 160 kB as `.zst`. */
    bytes: { type: 'string', default: '650000' },
    threads: { type: 'string', default: String(Math.min(3, availableParallelism())) },
    /** Of a job, as JSON. */
    settings: { type: 'string', default: '{}' },
  },
});
const [count, bytes, threads] = [values.archives, values.bytes, values.threads].map(Number) as [
  number,
  number,
  number,
];
const settings = settingsOfJob(defaultJobSettings(), JSON.parse(values.settings) as object);
const home = path.join(import.meta.dirname, '..', '.bench', 'small');
const [archives, out] = [path.join(home, 'archives'), path.join(home, 'out')];
/** Of each era some; the others are links to them under other names. */
const eras = ['2010', '2013', '2015', '2023'] as const;
const kinds = 16;
const startedMs = 1_750_000_000_000;
const signal = new AbortController().signal;

rmSync(home, { recursive: true, force: true });
mkdirSync(archives, { recursive: true });
let compressedBytes = 0;
for (let kind = 0; kind < kinds; kind++) {
  const file = path.join(home, `${kind}.zst`);
  // a third declares the window of the large dumps
  const options = { kind: 'comments', era: eras[kind % eras.length] ?? '2015', bytes, seed: kind } as const;
  const made = await generateArchive({ ...options, windowLog: kind % 3 === 0 ? 27 : 21 }, file);
  compressedBytes += made.compressedBytes / kinds;
}
for (let at = 0; at < count; at++)
  linkSync(
    path.join(home, `${at % kinds}.zst`),
    path.join(archives, `s${String(at).padStart(6, '0')}_comments.zst`),
  );

const pool = new SmallArchivePool({ threads, confine: null, isRunning: () => Promise.resolve(false) });
async function make(names: readonly string[], folder: string): Promise<number> {
  let lines = 0;
  const waiting = [...names];
  const worker = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const job = { jobId: `job-${name}`, archive: path.join(archives, name), out: folder };
      const { result } = await pool.mill({ ...job, settings, replace: false, startedMs }, signal);
      lines += result.metrics.totalProcessedLines;
    }
  };
  await Promise.all(Array.from({ length: threads }, worker));
  return lines;
}

const names = readdirSync(archives).sort();
await make(names.slice(0, 8 * threads), path.join(home, 'warm'));
const [begunMs, begunCpu] = [performance.now(), process.cpuUsage()];
let peakBytes = 0;
const timer = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 100);
const lines = await make(names, out);
clearInterval(timer);
const seconds = (performance.now() - begunMs) / 1000;
const cpu = process.cpuUsage(begunCpu);
await pool.close();
rmSync(home, { recursive: true, force: true });
console.log(
  `${count} archives of ${(compressedBytes / 1000).toFixed(1)} kB, ${threads} threads: ${(count / seconds).toFixed(1)} a second; ` +
    `each ${(cpu.user / 1000 / count).toFixed(1)} ms of CPU and ${(cpu.system / 1000 / count).toFixed(1)} ms in the system; ` +
    `${Math.round(lines / seconds)} lines a second; at most ${Math.round(peakBytes / 1e6)} MB resident; load ${loadavg()[0]?.toFixed(1) ?? ''}`,
);
