/** Makes a dataset of what was read and assembled: joins rejects, clears what is not of it, and writes the manifest last. */
import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { PublishInput, ReadSource } from '../../contract/job.ts';
import { partNaming, unpackPart, type PartEntry } from '../../contract/part.ts';
import {
  addThreadCounts,
  makesThreads,
  packedThreadCounts,
  unpackThreads,
  unpackValues,
  zeroThreadCounts,
  type ThreadsEntry,
  type ValuesEntry,
} from '../../contract/threads.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { AtomicFile, outputError } from '../output/atomic-file.ts';
import { flushFiles, type Durability } from '../storage/file-sink.ts';
import { abandonUploads, fileBytes, namesIn, removeFile, sizesIn } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { joinRejects } from './join-rejects.ts';
import {
  archivesOf,
  filesOf,
  findManifest,
  formatManifest,
  manifestOf,
  type DatasetFile,
  type Manifest,
  type RejectsEntry,
} from './manifest.ts';
import {
  claimName,
  isOurs,
  isWork,
  joinedRejectsName,
  manifestName,
  roleOf,
  submissionsRejectsName,
} from './names.ts';
import { partProblems } from './part-checks.ts';
import { missing, unpublishable } from './publish-errors.ts';
import { threadProblems } from './thread-checks.ts';
import { joinValues, ownValues, removeStrangeValues } from './value-files.ts';

export interface PublishProgress {
  readonly step: 'checking' | 'joining' | 'clearing' | 'done';
  /** Files or parts that the step is through with, of `parts`. */
  readonly done: number;
  readonly parts: number;
}

export interface PublishHooks {
  /** Called at least once for each part and step: also a sign of life. */
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Aborting throws the signal's reason and leaves everything so that another call completes it. */
  readonly signal?: AbortSignal;
  /** Whether the files are durable; `later`: they are made so before the manifest is written. Default: at once. */
  readonly durability?: Durability;
}

/** An archive with its parts spelled out. */
interface Source extends Pick<ReadSource, 'counters'> {
  readonly parts: readonly PartEntry[];
  readonly rejectsName: string;
}

/** What publication is about, spelled out. */
interface Work {
  readonly sources: readonly Source[];
  readonly threads: readonly ThreadsEntry[];
  /** Null: the dataset is not split. */
  readonly values: readonly ValuesEntry[] | null;
  /** Files with rows, and what stands in the folder only until the manifest does. */
  readonly files: readonly DatasetFile[];
  readonly passing: readonly string[];
}

/**
 * Publishes a dataset. In this order: checks that the parts are all of the input, that the threads are all of their rows,
 * and that their files stand in the folder; joins the pieces of rejects (only where a line was rejected: without one there
 * is no such file); removes files with our names that are not of this dataset; writes `manifest.json`; removes pieces and
 * spill files, and ends what killed attempts left of uploads. Every step can be repeated, so a call after a crash at any point completes the work, and one after the end
 * answers with the manifest that stands. One pass over the rejects, none over the rows; one MiB in memory beside the
 * entries.
 *
 * @throws {ThreadmillError} DATASET_INVALID where files are missing or contradict one another; OUTPUT_DENIED, DISK_FULL
 */
export async function publishDataset(input: PublishInput, hooks: PublishHooks = {}): Promise<Manifest> {
  const { dataset } = input;
  const work = workOf(input);
  const { sources, files, passing } = work;
  const problem = problemsOf(input, work)[0];
  if (problem !== undefined) throw unpublishable(dataset, problem);
  const count = files.length;
  const report = (step: PublishProgress['step'], done: number): void => {
    hooks.onProgress?.({ step, done, parts: count });
    hooks.signal?.throwIfAborted();
  };
  const sizeOf = sizesIn(dataset);
  for (const [at, { file, bytes }] of files.entries()) {
    await checkSize(dataset, { file, bytes, sizeOf });
    report('checking', at + 1);
  }
  const standing = await standingManifest(input, work);
  let manifest = standing;
  if (manifest === null) {
    const rejects: (RejectsEntry | null)[] = [];
    for (const source of sources) rejects.push(await joinRejects(dataset, source, report));
    const list = await joinedValues(input, work, () => {
      report('joining', count);
    });
    manifest = publishedAs(input, work, rejects, { createdAt: new Date().toISOString(), list });
  }
  report('clearing', 0);
  await removeStrangers(dataset, manifest, new Set(passing));
  await removeStrangeValues(dataset, ownValues(manifest.split === undefined ? null : manifest));
  if (hooks.durability === 'later') await flushed(dataset, manifest);
  if (standing === null) await writeManifest(dataset, manifest);
  report('clearing', count);
  for (const name of passing) await remove(dataset, name);
  await abandonUploads(dataset, { beforeMs: Infinity, wanted: isOurs });
  report('done', count);
  return manifest;
}

/** The list of values, joined from those of the buckets. */
async function joinedValues(
  { dataset, settings: { splitBy: by, format } }: PublishInput,
  { values }: Work,
  report: () => void,
): Promise<DatasetFile | null> {
  return values === null || by === undefined ? null : joinValues(dataset, values, { by, format }, report);
}

function workOf({ settings, buckets, threads: packed, joined, ...own }: PublishInput): Work {
  const { format, splitBy } = settings;
  const arranged = makesThreads(settings, own.inspection.kind);
  const sourceOf = (read: ReadSource, rejectsName: string): Source => {
    const naming = partNaming({ format, kind: read.inspection.kind, buckets, arranged });
    return {
      counters: read.counters,
      parts: read.parts.map((part) => unpackPart(part, naming)),
      rejectsName,
    };
  };
  const sources = [sourceOf(own, joinedRejectsName)];
  if (joined !== null) sources.push(sourceOf(joined, submissionsRejectsName));
  const parts = sources.flatMap((source) => source.parts);
  const pieces = parts.flatMap(({ rejects }) => rejects?.file ?? []);
  if (buckets === 0) return { sources, threads: [], values: null, files: parts, passing: pieces };
  const inOrder = [...packed].sort(([a], [b]) => a - b);
  const passing = [...pieces, ...parts.map(({ file }) => file)];
  if (splitBy !== undefined) {
    const values = inOrder.map(unpackValues);
    // the files of the values themselves are looked for where their lists are joined
    return {
      sources,
      threads: [],
      values,
      files: [],
      passing: [...passing, ...values.map(({ file }) => file)],
    };
  }
  const entries = inOrder.map((entry) => unpackThreads(entry, format));
  const files = entries.flatMap((entry) => (entry.table === null ? [entry] : [entry, entry.table]));
  return { sources, threads: entries, values: null, files, passing };
}

/** Whether all of the input is there, and all of its rows. */
function problemsOf(
  { buckets, threads: packed }: PublishInput,
  { sources, threads, values }: Work,
): readonly string[] {
  const problems = sources.flatMap(({ parts, counters }) => partProblems(parts, counters));
  if (buckets === 0) return problems;
  const total = packed.map(packedThreadCounts).reduce(addThreadCounts, zeroThreadCounts);
  const kept = sources.reduce((sum, { counters }) => sum + counters.kept, 0);
  return [...problems, ...threadProblems(values ?? threads, { total, kept, buckets })];
}

function publishedAs(
  input: PublishInput,
  { sources }: Work,
  rejects: readonly (RejectsEntry | null)[],
  more: { readonly createdAt: string; readonly list: DatasetFile | null },
): Manifest {
  const [own = { parts: [], rejects: null }, joined = null] = sources.map(({ parts }, at) => ({
    parts,
    rejects: rejects[at] ?? null,
  }));
  return manifestOf(input, own, joined, more);
}

/** The manifest of an earlier attempt that got that far; null where it is to be written. */
async function standingManifest(input: PublishInput, work: Work): Promise<Manifest | null> {
  const found = await findManifest(input.dataset).catch((error: unknown) => {
    // A broken one is replaced: it says nothing, and this job has claimed the folder.
    if (error instanceof ThreadmillError) return null;
    throw error;
  });
  if (found === null) return null;
  const rejects = archivesOf(found).map((archive) => archive.rejects);
  const list = found.split?.list ?? null;
  if ((list === null) !== (work.values === null)) return null;
  const ours = publishedAs(input, work, rejects, { createdAt: found.createdAt, list });
  // The version may differ where another release of the program completes the work.
  if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify({ ...ours, threadmill: found.threadmill }))))
    return null;
  for (const entry of [...rejects, list]) {
    if (entry === null) continue;
    const there = await fileBytes(placeIn(input.dataset, entry.file)).catch(() => null); // then it is joined anew, if the pieces are there
    if (there !== entry.bytes) return null;
  }
  return found;
}

/** Removes what has one of our names and is neither of this dataset nor still needed: readers take whole folders. */
async function removeStrangers(
  folder: string,
  manifest: Manifest,
  passing: ReadonlySet<string>,
): Promise<void> {
  const ours = new Set([...filesOf(manifest).map(({ file }) => file), ...passing]);
  const names = await namesIn(folder).catch((error: unknown) => {
    throw outputError(folder, error);
  });
  for (const name of names) {
    const role = roleOf(name);
    // the claim's temporary file is that of a job which is about to be refused in proper words
    if (role === null || role === 'manifest' || name.startsWith(claimName) || ours.has(name)) continue;
    if (role !== 'value-folder' && role !== 'work-folder') await remove(folder, name);
  }
}

/** What a manifest tells of must outlast whatever the manifest outlasts. */
async function flushed(folder: string, manifest: Manifest): Promise<void> {
  const names = filesOf(manifest).map(({ file }) => file);
  await flushFiles(folder, names).catch((error: unknown) => {
    throw outputError(folder, error);
  });
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const file = await AtomicFile.create(placeIn(folder, manifestName));
  try {
    await file.write(Buffer.from(formatManifest(manifest)));
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

async function remove(folder: string, name: string): Promise<void> {
  const path = placeIn(folder, name);
  // a folder: what an attempt at values left
  const removed = isWork(name) ? rm(path, { force: true, recursive: true }) : removeFile(path);
  await removed.catch((error: unknown) => {
    throw outputError(path, error);
  });
}

interface SizeCheck extends Pick<DatasetFile, 'file' | 'bytes'> {
  readonly sizeOf: (file: string) => Promise<number>;
}

async function checkSize(folder: string, { file, bytes, sizeOf }: SizeCheck): Promise<void> {
  const found = await sizeOf(file).catch((error: unknown) => {
    throw missing(folder, file, error);
  });
  if (found !== bytes) {
    throw unpublishable(folder, `"${file}" has ${found} bytes, but was written with ${bytes}`);
  }
}
