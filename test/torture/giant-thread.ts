/**
 * One giant thread from lines to files, each phase in a process of its own: makes the archive, spills it, assembles it while
 * its memory is watched, and has SQL check every row. Gives what the assembly took beyond an idle process.
 *
 *     npm run torture:thread -- [comments=1000000] [tree|chain] [limit MB=128] [body bytes=60] [parquet|csv|jsonl|jsonl.zst]
 */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { OutputFormat } from '../../src/contract/job.ts';
import type { SpillFile } from '../../src/engine/threads/assembly.ts';
import { compareLarge } from '../engine/threads/large-oracle.ts';
import { commentBlocks } from '../engine/threads/many-comments.ts';
import { assemble, claim, jobId } from '../engine/threads/scene.ts';
import { defaultRules, runToEnd } from '../engine/pipeline/scene.ts';

interface Giant {
  readonly comments: number;
  readonly shape: 'tree' | 'chain';
  readonly limitMb: number;
  readonly bodyBytes: number;
  readonly format: OutputFormat;
  readonly folder: string;
}

const MB = 1e6;
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const phases: Readonly<Record<string, (giant: Giant) => Promise<void>>> = {
  async make({ folder, comments, shape, bodyBytes }) {
    await claim(folder, jobId);
    const file = openSync(path.join(folder, 'archive.ndjson'), 'w');
    let bytes = 0;
    for (const block of commentBlocks({ comments, threads: 1, shape, bodyBytes }))
      bytes += writeSync(file, block);
    closeSync(file);
    say(`${comments} comments, ${(bytes / MB).toFixed()} MB of text`);
  },

  async spill({ folder, format }) {
    const archive = { path: path.join(folder, 'archive.ndjson'), container: 'plain' } as const;
    const mill = { ...defaultRules, format, buckets: 1 };
    const started = performance.now();
    const { entries } = await runToEnd({ archive, folder, mill, partBytes: 256 * 1024 * 1024, threads: 2 });
    say(
      `spilled in ${seconds(started)}: ${(entries.reduce((sum, { bytes }) => sum + bytes, 0) / MB).toFixed()} MB`,
    );
  },

  async assemble({ folder, format, limitMb }) {
    const spills = readdirSync(folder)
      .filter((name) => name.endsWith('.spill'))
      .sort()
      .map((name): SpillFile => {
        const file = path.join(folder, name);
        return { path: file, bytes: statSync(file).size, kind: 'comments' };
      });
    globalThis.gc?.();
    await setTimeout(500);
    const idle = process.memoryUsage.rss();
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 10);
    const started = performance.now();
    const [entry] = await assemble(folder, spills, { format, threads: 4, limitBytes: limitMb * MB });
    clearInterval(watch);
    // what the system saw between two looks
    const hwm = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
    const { rows = 0, maxDepth = 0, tombstones = 0 } = entry ?? {};
    say(`assembled in ${seconds(started)}: ${rows} rows, depth ${maxDepth}, ${tombstones} tombstones`);
    say(
      `limit ${limitMb} MB: ${((Math.max(peak, hwm) - idle) / MB).toFixed()} MB beyond ${(idle / MB).toFixed()} MB`,
    );
  },

  async check({ folder, format, shape }) {
    if (format !== 'parquet') return;
    const input = {
      archive: path.join(folder, 'archive.ndjson'),
      rows: path.join(folder, 'threads-00000.parquet'),
    };
    say(`SQL agrees on ${await compareLarge({ ...input, shape })} rows`);
  },
};

function seconds(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}

const [
  comments = '1000000',
  shape = 'tree',
  limitMb = '128',
  bodyBytes = '60',
  format = 'parquet',
  phase,
  folder,
] = process.argv.slice(2);
if (phase === undefined) {
  const made = mkdtempSync(path.join(tmpdir(), 'threadmill-giant-'));
  try {
    for (const name of Object.keys(phases)) {
      const args = [
        '--expose-gc',
        import.meta.filename,
        comments,
        shape,
        limitMb,
        bodyBytes,
        format,
        name,
        made,
      ];
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
      if (status !== 0) throw new Error(`The phase '${name}' failed`);
    }
  } finally {
    rmSync(made, { recursive: true });
  }
} else {
  await phases[phase]?.({
    comments: Number(comments),
    shape: shape as Giant['shape'],
    limitMb: Number(limitMb),
    bodyBytes: Number(bodyBytes),
    format: format as OutputFormat,
    folder: folder ?? '',
  });
}
