/**
 * Reframes an archive by the engine alone, beside `zstd --long=31` at the same level, and enters it at random lines.
 * Usage: node bench/reframe.ts [archive] [--frame-mib 32] [--level 10] [--no-zstd]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { frameMibDefault, levelDefault, nothingWritten } from '../src/contract/reframe.ts';
import { enterAt } from '../src/engine/archive/enter-at.ts';
import { inspectArchive } from '../src/engine/archive/inspect.ts';
import { finishFrames } from '../src/engine/reframe/finish-frames.ts';
import { writeFrames } from '../src/engine/reframe/write-frames.ts';
import { archiveOf } from './suite/archives.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'frame-mib': { type: 'string', default: String(frameMibDefault) },
    level: { type: 'string', default: String(levelDefault) },
    'no-zstd': { type: 'boolean', default: false },
  },
});
const archives = path.resolve(import.meta.dirname, '../.bench/archives');
const { signal } = new AbortController();
const made = { signal, say: (message: string) => void process.stderr.write(`${message}\n`) };
const archive = positionals[0] ?? (await archiveOf('comments-2GB', archives, made)).path;
const level = Number(values.level);
const entries = 50;
const say = (name: string, value: string): void => {
  process.stdout.write(`${name.padEnd(28)}${value}\n`);
};

const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-bench-'));
try {
  const output = path.join(folder, 'frames.zst');
  const temporary = `${output}.tmp`;
  const inspection = await inspectArchive(archive);
  say(
    'load',
    loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
  );
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const { cursor, contentSha256 } = await writeFrames({
    archive: inspection,
    temporary,
    frameBytes: Number(values['frame-mib']) * 2 ** 20,
    level,
    cursor: nothingWritten,
    threads: Math.min(3, availableParallelism()),
    signal,
    onDurable: () => undefined,
    onRead: () => undefined,
  });
  if (contentSha256 === null) throw new Error('The archive was not read to its end');
  const onChunk = (): void => undefined;
  const { bytes, frames } = await finishFrames({ output, temporary, cursor, contentSha256, onChunk });
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  say('text', `${(cursor.decompressed / 1e6).toFixed(0)} MB in ${frames} frames`);
  say('reframed', `${(bytes / 1e6).toFixed(1)} MB, level ${level}`);
  say('time', `${seconds.toFixed(1)} s, read back and compared; CPU ${((user + system) / 1e6).toFixed(1)} s`);
  say('rate', `${(cursor.decompressed / 1e6 / seconds).toFixed(0)} MB/s of text`);
  const times = Array.from({ length: entries }, () => {
    const offset = Math.floor(Math.random() * cursor.decompressed);
    const before = performance.now();
    const { reader, text } = enterAt({ path: output, container: 'zstd' }, offset);
    if (
      text.length === 0 &&
      reader.read(new Uint8Array(64 * 1024)) === 0 &&
      offset < cursor.decompressed - 1e5
    )
      throw new Error(`No line at byte ${offset}`);
    reader.close();
    return performance.now() - before;
  }).sort((a, b) => a - b);
  const [median = 0, most = 0] = [times[entries >> 1], times.at(-1)];
  say('a random line', `${median.toFixed(0)} ms (median of ${entries}), at most ${most.toFixed(0)} ms`);
  if (!values['no-zstd']) {
    const one = path.join(folder, 'one.zst');
    const command = `zstd -dc --long=31 "$1" | zstd -q -${level} --long=31 --single-thread -o "$2"`;
    execFileSync('sh', ['-c', command, 'sh', archive, one]);
    const reference = statSync(one).size;
    const share = ((bytes / reference - 1) * 100).toFixed(1);
    say(`zstd -${level} --long=31`, `${(reference / 1e6).toFixed(1)} MB: the frames are ${share} % larger`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
