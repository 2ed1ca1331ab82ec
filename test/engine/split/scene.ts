/** Test helper: archives split by the engine, from their lines to a published dataset, as a job's activities do it. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { JobSettings, PublishInput, ReadSource, SegmentInput } from '../../../src/contract/job.ts';
import { packPart, type PartEntry } from '../../../src/contract/part.ts';
import { makesThreads, packBuilt, type PackedThreads } from '../../../src/contract/threads.ts';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import { addCounters, zeroCounters } from '../../../src/core/fates.ts';
import { claimDataset } from '../../../src/engine/dataset/claim.ts';
import type { SplitManifest } from '../../../src/engine/dataset/manifest.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { valueNaming, valuesIn } from '../../../src/engine/dataset/value-files.ts';
import { StripeMill, type MillOptions } from '../../../src/engine/mill/stripe-mill.ts';
import { PartWriter } from '../../../src/engine/output/part-writer.ts';
import { millOptionsOf } from '../../../src/engine/pipeline/mill-options.ts';
import { assembleFlatBucket } from '../../../src/engine/split/flat-bucket.ts';
import type { ValueEntry } from '../../../src/engine/dataset/value-list.ts';
import { assembleBuckets } from '../../../src/engine/threads/assembly.ts';
import {
  assembleSplitBucket,
  BucketMemory,
  type BucketOptions,
  type SpillFile,
} from '../../../src/engine/threads/bucket.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { inspection } from '../dataset/scene.ts';
import { archiveOf, beginning, runToEnd, type Given } from '../pipeline/scene.ts';

export const jobId = 'split-test';

/** What decides bytes. */
export interface Asked {
  readonly settings: Partial<JobSettings> & Required<Pick<JobSettings, 'splitBy'>>;
  readonly texts: Readonly<Partial<Record<ArchiveKind, string>>>;
  readonly buckets?: number;
}

/** What must not, but for `setRowsMax`. */
export interface Effort {
  /** Absent: all is done on the test's own thread. */
  readonly threads?: number;
  readonly batchSize?: number;
  /** Without threads. */
  readonly payloadBytesMax?: number;
  readonly setRowsMax?: number;
}

/** Spills, assembles, and gives what publication is told. `folder`: the dataset's, which is made. */
export async function assembleSplit(
  folder: string,
  { settings: given, texts, buckets = 1 }: Asked,
  effort: Effort = {},
): Promise<PublishInput> {
  const settings: JobSettings = { ...defaultJobSettings(), partBytes: 20_000, ...given };
  const isClosed = { isRunning: () => Promise.resolve(false), replace: false };
  await claimDataset(folder, jobId, isClosed);
  const kinds = (['comments', 'submissions'] as const).filter((kind) => texts[kind] !== undefined);
  const arranged = makesThreads(settings, kinds[0] ?? 'comments');
  const spills: SpillFile[] = [];
  const sources: ReadSource[] = [];
  for (const kind of kinds) {
    const archives = `${folder}-${kind}`;
    await mkdir(archives, { recursive: true });
    const archive = await archiveOf(archives, texts[kind] ?? '');
    const read = { ...inspection, ...archive, kind } as const;
    const input = {
      ...{ inspection: read, settings, buckets, arranged, dataset: folder },
      ...{ nowSeconds: 1_800_000_000, next: beginning, segment: 0, batchSize: 1, batchCeiling: null },
      before: { parts: 0, lines: 0, bytes: 0, compressedBytes: 0 },
    } satisfies SegmentInput;
    const mill = millOptionsOf(input);
    const entries =
      effort.threads === undefined
        ? await milledHere(folder, await readFile(archive.path), mill, settings.partBytes)
        : await milledOnThreads({ archive, folder, partBytes: settings.partBytes, mill }, effort);
    spills.push(...entries.map(({ file, bytes }) => ({ path: path.join(folder, file), bytes, kind })));
    sources.push({
      inspection: read,
      parts: entries.map(packPart),
      counters: entries.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters),
      holes: [],
    });
  }
  const [own, joined = null] = sources as [ReadSource, ReadSource?];
  const { payloadBytesMax = 1_000_000, setRowsMax, threads: lanes } = effort;
  const { format, keepRaw, columns, extra, paths, splitBy } = settings;
  const todo = Array.from({ length: buckets }, (_, index) => index);
  const options = {
    ...{ folder, jobId, format, keepRaw, columns, extra, paths, buckets, spills, splitBy },
    ...{ joined: joined !== null, flat: !arranged },
  };
  const built: PackedThreads[] = [];
  if (lanes !== undefined) {
    await assembleBuckets({
      ...{ ...options, todo, threads: lanes, limitBytes: 512_000_000 },
      signal: new AbortController().signal,
      onBucket: (entry) => built.push(packBuilt(entry)),
    });
  } else {
    const memory = new BucketMemory();
    const here: BucketOptions & Pick<Asked['settings'], 'splitBy'> = {
      ...{ ...options, splitBy: given.splitBy, payloadBytesMax },
      checkStop: () => undefined,
      ...(setRowsMax === undefined ? {} : { setRowsMax }),
    };
    for (const bucket of todo)
      built.push(
        packBuilt(await (arranged ? assembleSplitBucket : assembleFlatBucket)(here, bucket, memory)),
      );
  }
  return {
    ...{ jobId, ...own, joined, settings, dataset: folder, buckets, threads: built },
    startedMs: 1_700_000_000_000,
  };
}

async function milledOnThreads(
  given: Given,
  { threads = 1, batchSize = 5000 }: Effort,
): Promise<readonly PartEntry[]> {
  return (await runToEnd({ ...given, threads, batchSize })).entries;
}

/** Parts of two stripes each, without threads, which take long to start. */
async function milledHere(
  folder: string,
  bytes: Buffer,
  options: MillOptions,
  partBytes: number,
): Promise<readonly PartEntry[]> {
  const mill = new StripeMill(options);
  const entries: PartEntry[] = [];
  let line = 0;
  for (let start = 0; start < bytes.length;) {
    const index = entries.length;
    const place = { folder, index, start, firstLine: line };
    const writer = await PartWriter.create({ ...place, format: options, origin: 'made by a test' });
    for (const size of [partBytes >> 1, partBytes]) {
      const from = size === partBytes ? lineEnd(bytes, start + (partBytes >> 1)) : start;
      mill.start(from);
      mill.write(bytes.subarray(from, lineEnd(bytes, start + size)));
      await writer.append(mill.finish());
    }
    start = lineEnd(bytes, start + partBytes);
    const entry = await (await writer.finish(start, { compressed: 0, decompressed: 0 })).commit();
    line += entry.counters.lines;
    entries.push(entry);
  }
  return entries;
}

/** The end of the line in which a byte stands. */
function lineEnd(bytes: Buffer, at: number): number {
  const lineFeed = bytes.indexOf(10, at);
  return lineFeed < 0 ? bytes.length : lineFeed + 1;
}

/** The same, published. */
export async function madeSplit(folder: string, asked: Asked, effort: Effort = {}): Promise<SplitManifest> {
  const manifest = await publishDataset(await assembleSplit(folder, asked, effort));
  if (manifest.split === undefined) throw new TypeError('it is not split');
  return manifest;
}

/** What the list of a dataset says. */
export function valuesOf(folder: string, manifest: SplitManifest): readonly ValueEntry[] {
  return [...valuesIn(folder, manifest.split.list.file, valueNaming(manifest))];
}

/** The text of a value's file. */
export async function textOf(folder: string, { file }: Pick<ValueEntry, 'file'>): Promise<string> {
  const bytes = await readFile(path.join(folder, file));
  return (file.endsWith('.zst') && bytes.length > 0 ? zstdDecompressSync(bytes) : bytes).toString('utf8');
}

/** Lines of the text of each value's file. */
export async function linesByValue(
  folder: string,
  manifest: SplitManifest,
): Promise<ReadonlyMap<string | null, readonly string[]>> {
  const lines = new Map<string | null, readonly string[]>();
  for (const entry of valuesOf(folder, manifest))
    lines.set(entry.value, (await textOf(folder, entry)).split('\n').slice(0, -1));
  return lines;
}

/** Every file below a folder with its bytes, by its name from there. */
export async function bytesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name));
  const bytes = new Map<string, string>();
  for (const file of files.sort())
    bytes.set(path.relative(folder, file), (await readFile(file)).toString('hex'));
  return bytes;
}
