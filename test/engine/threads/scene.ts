/** Test helper: an archive's rows to spill files, as the pipeline writes them, and these to threads. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import type { OutputFormat } from '../../../src/contract/job.ts';
import type { PartEntry } from '../../../src/contract/part.ts';
import type { ThreadsEntry } from '../../../src/contract/threads.ts';
import { claimName } from '../../../src/engine/dataset/names.ts';
import { StripeMill } from '../../../src/engine/mill/stripe-mill.ts';
import { PartWriter } from '../../../src/engine/output/part-writer.ts';
import { assembleBuckets, type AssemblyOptions } from '../../../src/engine/threads/assembly.ts';
import {
  assembleBucket,
  BucketMemory,
  type BucketOptions,
  type SpillFile,
} from '../../../src/engine/threads/bucket.ts';
import { archiveOf, defaultRules, runToEnd, type Given } from '../pipeline/scene.ts';

export const jobId = 'threads-test';

/** A new folder, claimed by {@link jobId}; `remove` takes it away. */
export async function claimedFolder(): Promise<{
  readonly folder: string;
  readonly remove: () => Promise<void>;
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'threadmill-threads-'));
  await claim(folder, jobId);
  return { folder, remove: () => rm(folder, { recursive: true }) };
}

/** Says that a folder is a job's. */
export async function claim(folder: string, holder: string): Promise<void> {
  await writeFile(
    path.join(folder, claimName),
    JSON.stringify({ format: 'threadmill-claim', version: 1, jobId: holder }),
  );
}

/** What decides the bytes of a dataset. */
export interface Shape {
  readonly format?: OutputFormat;
  readonly keepRaw?: boolean;
  readonly buckets?: number;
  readonly partBytes?: number;
}

/** What must not. */
export type Effort = Partial<Pick<Given, 'threads' | 'batchSize' | 'inFlightBytesMax'>>;

export interface Spilled {
  readonly spills: readonly SpillFile[];
  readonly entries: readonly PartEntry[];
}

/** Mills one archive into `<folder>/<kind>`: spill files, or flat parts where `buckets` is 0. */
export async function spill(
  folder: string,
  text: string | Buffer,
  { kind = 'comments', ...shape }: Shape & Effort & { readonly kind?: ArchiveKind } = {},
): Promise<Spilled> {
  const {
    format = 'parquet',
    keepRaw = false,
    buckets = 1,
    partBytes = 256 * 1024 * 1024,
    ...effort
  } = shape;
  const into = path.join(folder, kind);
  await mkdir(into, { recursive: true });
  const archive = await archiveOf(into, text);
  const rules = { ...defaultRules.rules, kind };
  const mill = { format, kind, keepRaw, buckets, rules };
  const { entries, end } = await runToEnd({ archive, folder: into, partBytes, mill, ...effort });
  if (end.damage !== null) throw new Error('the archive is damaged');
  const spills = entries.map(({ file, bytes }) => ({ path: path.join(into, file), bytes, kind }));
  return { spills, entries };
}

/** The same on this thread, for many small archives: parts of `partLines` lines of one or two stripes each. */
export async function spillHere(
  folder: string,
  text: string | Buffer,
  {
    kind = 'comments',
    partLines = 50,
    ...shape
  }: Omit<Shape, 'partBytes'> & { readonly kind?: ArchiveKind; readonly partLines?: number } = {},
): Promise<readonly SpillFile[]> {
  const { format = 'parquet', keepRaw = false, buckets = 1 } = shape;
  const into = path.join(folder, kind);
  await mkdir(into, { recursive: true });
  const { path: archive } = await archiveOf(into, text);
  const bytes = await readFile(archive);
  const mill = new StripeMill({ format, kind, keepRaw, buckets, rules: { ...defaultRules.rules, kind } });
  const spills: SpillFile[] = [];
  const options = { format, kind, keepRaw, buckets };
  for (let start = 0; start < bytes.length;) {
    const index = spills.length;
    const writer = await PartWriter.create({
      folder: into,
      index,
      start,
      firstLine: 0,
      format: options,
      origin: 'x',
    });
    const middle = endOfLines(bytes, start, partLines >> 1);
    const end = endOfLines(bytes, start, partLines);
    for (const [from, to] of [
      [start, middle],
      [middle, end],
    ] as const) {
      mill.start(from);
      mill.write(bytes.subarray(from, to));
      await writer.append(mill.finish());
    }
    const { file, bytes: size } = await (
      await writer.finish(end, { compressed: 0, decompressed: 0 })
    ).commit();
    spills.push({ path: path.join(into, file), bytes: size, kind });
    start = end;
  }
  return spills;
}

function endOfLines(bytes: Buffer, start: number, count: number): number {
  let end = start;
  for (let line = 0; line < count && end < bytes.length; line++) {
    const lineFeed = bytes.indexOf(10, end);
    end = lineFeed < 0 ? bytes.length : lineFeed + 1;
  }
  return end;
}

/** All buckets with threads of their own, by index. */
export async function assemble(
  folder: string,
  spills: readonly SpillFile[],
  { format = 'parquet', keepRaw = false, buckets = 1, ...rest }: Shape & Partial<AssemblyOptions> = {},
): Promise<readonly ThreadsEntry[]> {
  const entries: ThreadsEntry[] = [];
  await assembleBuckets({
    folder,
    jobId,
    format,
    keepRaw,
    joined: false,
    paths: false,
    buckets,
    spills,
    todo: Array.from({ length: buckets }, (_, bucket) => bucket),
    threads: 1,
    limitBytes: 512 * 1024 * 1024,
    signal: new AbortController().signal,
    onBucket: (entry) => {
      entries.push(entry as ThreadsEntry);
    },
    ...rest,
  });
  return entries.sort((a, b) => a.index - b.index);
}

/** All buckets on this thread, one after another in the same memory, by index. */
export async function assembleHere(
  folder: string,
  spills: readonly SpillFile[],
  { format = 'parquet', keepRaw = false, buckets = 1, ...rest }: Shape & Partial<BucketOptions> = {},
): Promise<readonly ThreadsEntry[]> {
  const memory = new BucketMemory();
  const entries: ThreadsEntry[] = [];
  const options: BucketOptions = {
    folder,
    jobId,
    format,
    keepRaw,
    joined: false,
    paths: false,
    buckets,
    spills,
    payloadBytesMax: 64 * 1024 * 1024,
    checkStop: () => undefined,
    ...rest,
  };
  for (let bucket = 0; bucket < buckets; bucket++)
    entries.push(await assembleBucket(options, bucket, memory));
  return entries;
}

/** Names of files that an attempt left under temporary names. */
export async function temporaries(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.tmp'));
}
