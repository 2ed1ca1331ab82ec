/** A dataset's manifest against its files. */
import { isDeepStrictEqual } from 'node:util';
import type { PartEntry } from '../../contract/part.ts';
import {
  threadCountNames,
  zeroThreadCounts,
  type ThreadCounts,
  type ThreadsEntry,
} from '../../contract/threads.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { totalOf } from '../../core/fates.ts';
import { DamagedFileError, readLines } from '../archive/read-lines.ts';
import { namesIn } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { readDigest } from './file-bytes.ts';
import {
  archivesOf,
  filesOf,
  readManifest,
  type DatasetFile,
  type Manifest,
  type RejectsEntry,
  type SplitManifest,
  type ThreadsManifest,
} from './manifest.ts';
import { filesOfValue } from './value-list.ts';
import { ownValues, strangeValues, valueNaming, valuesIn } from './value-files.ts';
import { roleOf, type DatasetFileRole } from './names.ts';
import { readFooterKey, type FooterKey } from './parquet-key.ts';
import { partProblems } from './part-checks.ts';
import { threadProblems } from './thread-checks.ts';

/** More say nothing more, and a folder of 6,000 lost parts has no place on a screen. */
const problemsMax = 100;

/** What verification found. The figures are those of the manifest. */
export interface DatasetVerification {
  readonly ok: boolean;
  /** One sentence each. */
  readonly problems: readonly string[];
  /** Stretches that the input was read in, of all archives; of flat output each is a file. */
  readonly parts: number;
  /** null: flat parts. */
  readonly threads: ThreadCounts | null;
  /** Absent: the dataset is not split. */
  readonly values?: number;
  readonly rows: number;
  readonly lines: number;
  /** Of all files of the dataset but its manifest. */
  readonly bytes: number;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** Called after each file. */
  readonly onProgress?: (file: string) => void;
}

/**
 * Verifies a dataset: ranges without gap or overlap, counters that add up per part and in all, rows that add up to the kept
 * lines, every file with its size and SHA-256, what Parquet files say of themselves, the number of rejects, and no file that
 * is a stranger. One pass over all files, two over the rejects; a few MiB in memory.
 *
 * @throws {ThreadmillError} DATASET_INVALID where there is no manifest (unfinished) or it is none
 */
export async function verifyDataset(
  folder: string,
  options: VerifyOptions = {},
): Promise<DatasetVerification> {
  const manifest = await readManifest(folder);
  const archives = archivesOf(manifest);
  const problems = archives.flatMap((archive) => [
    ...partProblems(archive.parts, archive.counters),
    ...archiveProblems(archive),
  ]);
  const found = await rowFilesProblems(folder, manifest, options);
  problems.push(...found.problems);
  for (const archive of archives) problems.push(...(await rejectsProblems(folder, archive, options)));
  problems.push(...(await strangerProblems(folder, manifest)));
  const shown = problems.slice(0, problemsMax);
  if (problems.length > problemsMax) shown.push(`and ${problems.length - problemsMax} more`);
  const threads = 'threadCounts' in manifest ? manifest.threadCounts : null;
  return {
    ok: problems.length === 0,
    problems: shown,
    parts: archives.reduce((sum, { parts }) => sum + parts.length, 0),
    threads,
    ...(manifest.split === undefined ? {} : { values: manifest.split.values }),
    rows: threads?.rows ?? manifest.counters.kept,
    lines: archives.reduce((sum, { archive }) => sum + archive.lines, 0),
    bytes: filesOf(manifest).reduce((sum, { bytes }) => sum + bytes, found.valueBytes),
  };
}

/** `valueBytes`: of the files of values, which the manifest does not list. */
interface RowFiles {
  readonly problems: readonly string[];
  readonly valueBytes: number;
}

async function rowFilesProblems(
  folder: string,
  manifest: Manifest,
  options: VerifyOptions,
): Promise<RowFiles> {
  if (manifest.split !== undefined) return valueFilesProblems(folder, manifest, options);
  const problems =
    manifest.threads === null
      ? await partFilesProblems(folder, manifest, options)
      : await threadFilesProblems(folder, manifest, options);
  return { problems, valueBytes: 0 };
}

async function valueFilesProblems(
  folder: string,
  manifest: SplitManifest,
  options: VerifyOptions,
): Promise<RowFiles> {
  const { split, threadCounts } = manifest;
  const problems = [...(await fileProblems(folder, split.list, options.signal))];
  const kept = archivesOf(manifest).reduce((sum, { counters }) => sum + counters.kept, 0);
  const total = threadCounts ?? { ...zeroThreadCounts, rows: split.rows };
  if (total.rows !== split.rows)
    problems.push(`the threads have ${total.rows} rows, but the values ${split.rows}`);
  if (total.rows !== kept - total.duplicates + total.tombstones)
    problems.push(
      `${kept} kept lines - ${total.duplicates} duplicates + ${total.tombstones} tombstones are not ${total.rows} rows`,
    );
  const found = { values: 0, rows: 0, threads: 0, tombstones: 0 };
  let valueBytes = 0;
  try {
    for (const entry of valuesIn(folder, split.list.file, valueNaming(manifest))) {
      found.values++;
      found.rows += entry.rows;
      found.threads += entry.threads ?? 0;
      found.tombstones += entry.tombstones ?? 0;
      for (const file of filesOfValue(entry)) {
        valueBytes += file.bytes;
        // more are not told, and each may be of thousands
        if (problems.length <= problemsMax)
          problems.push(...(await fileProblems(folder, file, options.signal)));
        options.onProgress?.(file.file);
      }
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    return { problems: [...problems, `"${split.list.file}" ${reasonOf(error)}`], valueBytes };
  }
  const { threads, tombstones } = total;
  const said = { values: split.values, rows: split.rows, threads, tombstones };
  for (const name of ['values', 'rows', 'threads', 'tombstones'] as const)
    if (found[name] !== said[name])
      problems.push(`"${split.list.file}" adds up to ${found[name]} ${name}, the dataset says ${said[name]}`);
  return { problems, valueBytes };
}

type ReadArchive = ReturnType<typeof archivesOf>[number];

function archiveProblems({ archive, counters, parts }: ReadArchive): readonly string[] {
  const problems: string[] = [];
  const end = parts.at(-1)?.end ?? 0;
  if (archive.bytes !== end) {
    problems.push(`the parts end at byte ${end}, but the archive had ${archive.bytes} decompressed bytes`);
  }
  if (archive.lines !== counters.lines) {
    problems.push(`the counters have ${counters.lines} lines, but the archive had ${archive.lines}`);
  }
  return problems;
}

async function partFilesProblems(
  folder: string,
  { parts, settings }: Manifest & { readonly parts: readonly PartEntry[] },
  options: VerifyOptions,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const part of parts) {
    const { index, start, end, firstLine, counters } = part;
    const says = { key: 'threadmill.part', value: { index, start, end, firstLine, counters } } as const;
    problems.push(
      ...(await rowFileProblems(folder, part, settings.format === 'parquet' ? says : null, options)),
    );
    options.onProgress?.(part.file);
  }
  return problems;
}

async function threadFilesProblems(
  folder: string,
  manifest: ThreadsManifest,
  options: VerifyOptions,
): Promise<readonly string[]> {
  const { threads, threadCounts: total, settings } = manifest;
  const kept = archivesOf(manifest).reduce((sum, { counters }) => sum + counters.kept, 0);
  const problems = [...threadProblems(threads, { total, kept, buckets: null })];
  for (const entry of threads) {
    const value = { index: entry.index, ...countsOf(entry), buckets: threads.length };
    const says = settings.format === 'parquet' ? ({ key: 'threadmill.threads', value } as const) : null;
    problems.push(...(await rowFileProblems(folder, entry, says, options)));
    options.onProgress?.(entry.file);
    if (entry.table === null) continue;
    problems.push(...(await fileProblems(folder, entry.table, options.signal)));
    options.onProgress?.(entry.table.file);
  }
  return problems;
}

function countsOf(entry: ThreadsEntry): Readonly<Record<string, number>> {
  return Object.fromEntries(threadCountNames.map((name) => [name, entry[name]]));
}

/** A file with rows; `says`: what its footer has to say of it, null where the format has none. */
async function rowFileProblems(
  folder: string,
  file: DatasetFile,
  says: { readonly key: FooterKey; readonly value: object } | null,
  { signal }: VerifyOptions,
): Promise<readonly string[]> {
  const problems = await fileProblems(folder, file, signal);
  if (problems.length > 0 || says === null) return problems;
  const found = await readFooterKey(placeIn(folder, file.file), says.key).catch((error: unknown) =>
    reasonOf(error),
  );
  if (typeof found === 'string') return [`"${file.file}": ${found}`];
  return isDeepStrictEqual(found.value, says.value)
    ? []
    : [`"${file.file}" says of itself ${JSON.stringify(found.value)}, unlike the manifest`];
}

/** Presence, size and SHA-256 of a file. */
async function fileProblems(
  folder: string,
  { file, bytes, sha256 }: DatasetFile,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  let found;
  try {
    found = await readDigest(placeIn(folder, file), { signal });
  } catch (error) {
    signal?.throwIfAborted();
    return [`"${file}" ${reasonOf(error)}`];
  }
  if (found.bytes !== bytes) return [`"${file}" has ${found.bytes} bytes, but was written with ${bytes}`];
  if (found.sha256 === sha256) return [];
  return [`"${file}" has changed: its SHA-256 is ${found.sha256}, not ${sha256}`];
}

async function rejectsProblems(
  folder: string,
  { rejects, counters }: ReadArchive,
  { signal, onProgress }: VerifyOptions,
): Promise<readonly string[]> {
  const rejected = totalOf(counters.rejected);
  if (rejects === null) {
    return rejected === 0 ? [] : [`${rejected} lines were rejected, but the manifest names no rejects`];
  }
  const problems = [...(await fileProblems(folder, rejects, signal))];
  if (rejects.lines !== rejected) {
    problems.push(`"${rejects.file}" is to hold ${rejects.lines} lines, but ${rejected} were rejected`);
  }
  if (problems.length === 0) problems.push(...lineProblems(folder, rejects, signal));
  onProgress?.(rejects.file);
  return problems;
}

function lineProblems(
  folder: string,
  { file, lines }: RejectsEntry,
  signal: AbortSignal | undefined,
): readonly string[] {
  let found = 0;
  try {
    for (const line of readLines(placeIn(folder, file), 'zstd')) {
      signal?.throwIfAborted();
      if (line.length > 0) found++;
    }
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return [error.message];
  }
  return found === lines ? [] : [`"${file}" holds ${found} lines, but the manifest says ${lines}`];
}

/** What readers take, or what fills the disk, where it is not of the dataset. */
const strange: ReadonlySet<DatasetFileRole | null> = new Set<DatasetFileRole>([
  'part',
  'threads',
  'thread-table',
  'spill',
  'piece',
  'values',
  'values-piece',
  'rejects',
]);

/** Readers take every part in the folder, so one that is not of the dataset is a fault of it. */
async function strangerProblems(folder: string, manifest: Manifest): Promise<readonly string[]> {
  const ours = new Set(filesOf(manifest).map(({ file }) => file));
  const names = (await namesIn(folder)).filter((name) => strange.has(roleOf(name)) && !ours.has(name));
  try {
    for await (const name of strangeValues(
      folder,
      ownValues(manifest.split === undefined ? null : manifest),
    )) {
      names.push(name);
      if (names.length > problemsMax) break;
    }
  } catch (error) {
    if (!(error instanceof ThreadmillError)) throw error; // a list that can't be read was told of
  }
  return names.map((name) => `"${name}" stands in the folder, but is not of this dataset`);
}

function reasonOf(error: unknown): string {
  if (error instanceof ThreadmillError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'is missing' : `can't be read: ${code ?? message}`;
}
