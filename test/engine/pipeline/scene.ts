/** Test helper: archives, pipelines over them, and what a plain reader expects of their parts. */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import zlib from 'node:zlib';
import type { ResumePoint } from '../../../src/contract/job.ts';
import type { PartEntry } from '../../../src/contract/part.ts';
import {
  ArchivePipeline,
  type PipelineOptions,
  type PipelineStep,
} from '../../../src/engine/pipeline/archive-pipeline.ts';
import type { MillOptions } from '../../../src/engine/mill/stripe-mill.ts';
import type { Container } from '../../../src/engine/archive/container.ts';

export const beginning: ResumePoint = {
  part: 0,
  offset: 0,
  line: 0,
  frame: { compressed: 0, decompressed: 0 },
};

/** Rules that keep every comment, written as it came. */
export const keepAll: MillOptions = {
  format: 'jsonl',
  kind: 'comments',
  keepRaw: false,
  rules: {
    kind: 'comments',
    validateTimestamps: false,
    nowSeconds: 1_800_000_000,
    qualityMinScore: -2_147_483_648,
    excludeDeleted: false,
    excludeRemoved: false,
  },
};

/** The rules of a job that sets nothing. */
export const defaultRules: MillOptions = {
  ...keepAll,
  rules: {
    ...keepAll.rules,
    validateTimestamps: true,
    qualityMinScore: -5,
    excludeDeleted: true,
    excludeRemoved: true,
  },
};

/** A comment of exactly so many bytes, without its line feed. */
export function comment(id: number, bytes = 100): string {
  const [head, tail] = [`{"id":"c${id}","link_id":"t3_a","created_utc":1600000000,"body":"`, '"}'];
  return head + 'x'.repeat(Math.max(0, bytes - head.length - tail.length)) + tail;
}

type StreamContainer = Exclude<Container, 'zst_blocks'>;

/** Writes `text` as an archive; a zstd one with a frame up to each offset of `cuts`, and one for the rest. */
export async function archiveOf(
  folder: string,
  text: string | Buffer,
  { container = 'plain', cuts = [] }: { container?: StreamContainer; cuts?: readonly number[] } = {},
): Promise<PipelineOptions['archive']> {
  const bytes = Buffer.from(text);
  const ends = [...cuts, bytes.length];
  const packed = {
    plain: () => bytes,
    gzip: () => zlib.gzipSync(bytes),
    zstd: () =>
      Buffer.concat(ends.map((end, at) => zlib.zstdCompressSync(bytes.subarray(ends[at - 1] ?? 0, end)))),
  }[container]();
  const file = path.join(folder, `archive.${container}`);
  await writeFile(file, packed);
  return { path: file, container };
}

export type Given = Pick<PipelineOptions, 'archive' | 'folder' | 'partBytes'> & Partial<PipelineOptions>;

export function pipelineOf(given: Given): ArchivePipeline {
  return new ArchivePipeline({
    from: beginning,
    mill: keepAll,
    threads: 1,
    batchSize: 5000,
    meanLineBytes: 100,
    inFlightBytesMax: 4 * 1024 * 1024,
    salvage: false,
    origin: 'made by a test',
    ...given,
  });
}

export interface Run {
  readonly entries: readonly PartEntry[];
  /** Where each part's successor begins. */
  readonly nexts: readonly ResumePoint[];
  readonly end: Extract<PipelineStep, { type: 'end' }>;
}

/** Commits part after part to the archive's end. */
export async function runToEnd(given: Given): Promise<Run> {
  const pipeline = pipelineOf(given);
  const entries: PartEntry[] = [];
  const nexts: ResumePoint[] = [];
  try {
    for (;;) {
      const step = await pipeline.next();
      if (step.type === 'end') return { entries, nexts, end: step };
      const { entry, next } = await step.part.commit();
      entries.push(entry);
      nexts.push(next);
    }
  } finally {
    await pipeline.close();
  }
}

/** SHA-256 of each file of a folder by its name, in order of names. */
export async function hashesOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).sort();
  const hashes = names.map(async (name) => {
    const bytes = await readFile(path.join(folder, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(hashes));
}

export interface ExpectedPart {
  readonly start: number;
  readonly end: number;
  readonly firstLine: number;
  /** Lines that start in the part's range, as in the archive but for their line feeds. */
  readonly lines: readonly Buffer[];
}

/** The parts by the definition, written apart from the pipeline: a line belongs to the part that holds its first byte. */
export function expectedParts(text: string | Buffer, partBytes: number): readonly ExpectedPart[] {
  const bytes = Buffer.from(text);
  const parts: { start: number; end: number; firstLine: number; lines: Buffer[] }[] = [];
  let start = 0;
  let line = 0;
  const openUpTo = (index: number): void => {
    while (parts.length <= index) parts.push({ start, end: start, firstLine: line, lines: [] });
  };
  openUpTo(0);
  while (start < bytes.length) {
    openUpTo(Math.floor(start / partBytes));
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    parts.at(-1)?.lines.push(bytes.subarray(start, end));
    start = found < 0 ? bytes.length : found + 1;
    line++;
    for (const part of parts.slice(-1)) part.end = start;
  }
  return parts;
}
