/** `manifest.json`: what a dataset holds and what it was made from. Written last: a folder without one is unfinished. */
import { readFileSync } from 'node:fs';
import type { ArchiveInspection, Hole, JobSettings, PublishInput, ReadSource } from '../../contract/job.ts';
import type { RunRecord } from '../../contract/run.ts';
import type { decisiveSettingKeys, optionalSettingKeys } from '../../contract/output-settings.ts';
import { decisiveSettings } from '../../contract/output-settings.ts';
import type { PartEntry, PartRange } from '../../contract/part.ts';
import { splitFolder, tablesFolder, type SplitKey } from '../../contract/split.ts';
import {
  addThreadCounts,
  makesThreads,
  packedThreadCounts,
  packedValues,
  unpackThreads,
  zeroThreadCounts,
  type ThreadCounts,
  type ThreadsEntry,
} from '../../contract/threads.ts';
import { columnsOf, type Column } from '../../core/columns.ts';
import { ThreadmillError } from '../../core/errors.ts';
import type { Counters } from '../../core/fates.ts';
import { folderExists } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { openStored, readText } from '../storage/stored-file.ts';
import { threadColumns, threadTableColumns } from '../threads/thread-columns.ts';
import { checkManifest } from './manifest-check.ts';
import { manifestBytesMax, manifestName } from './names.ts';

const manifestFormat = 'threadmill-dataset';
const manifestVersion = 1;

/**
 * The settings that decide bytes of the output; with the archive they say how to make the dataset again. `maxRejectRate` decides
 * no byte, but whether there is a dataset at all. Of a large file of names its number and digest are here.
 */
export type OutputSettings = Pick<
  JobSettings,
  (typeof decisiveSettingKeys)[number] | (typeof optionalSettingKeys)[number] | 'maxRejectRate'
>;

/** A file of a dataset as it was written. */
export interface DatasetFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The joined rejects: zstd frames of JSON lines, in the order of the archive. */
export interface RejectsEntry extends DatasetFile {
  readonly lines: number;
}

/** The archive that a dataset was made from. */
export interface ArchiveFacts {
  readonly name: string;
  readonly kind: ArchiveInspection['kind'];
  readonly container: ArchiveInspection['container'];
  readonly fingerprint: string;
  readonly compressedBytes: number;
  /** Decompressed: all that was read, without what lies in holes. */
  readonly bytes: number;
  readonly lines: number;
}

/** What was read, and what became of its lines. */
interface ReadArchive {
  readonly archive: ArchiveFacts;
  readonly counters: Counters;
  readonly holes: readonly Hole[];
  /** Null where no line was rejected: there is no file then. */
  readonly rejects: RejectsEntry | null;
}

/**
 * Everything but `threadmill`, `zstd`, `jobId`, `startedAt`, `createdAt` and `run` is a function of the archives and the
 * settings.
 */
interface AnyManifest extends ReadArchive {
  readonly format: typeof manifestFormat;
  readonly version: typeof manifestVersion;
  readonly settings: OutputSettings;
  /** Of the rows; empty for `jsonl` and `jsonl.zst` where they hold the original lines, and for `conversations`. */
  readonly columns: readonly Column[];
  /** Version of the program that wrote it, and of the zstd in its Node, on which compressed bytes depend. */
  readonly threadmill: string;
  readonly zstd: string;
  readonly jobId: string;
  /**
   * When the job first began, ISO 8601, UTC: a record without a retrieval time whose `created_utc` is over a day later was
   * rejected.
   */
  readonly startedAt: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** How the job went; absent in datasets of earlier versions. */
  readonly run?: RunRecord;
}

/** Rows in the order of their lines: each part is a file. */
export interface FlatManifest extends AnyManifest {
  /** In order; their `rejects` are null, since publication joins the pieces to `rejects`. */
  readonly parts: readonly PartEntry[];
  readonly threads: null;
  readonly split?: undefined;
}

/** Rows arranged in threads. */
export interface ThreadsManifest extends AnyManifest {
  /** The archive as it was read, stretch by stretch, in order; its rows stand in `threads`. */
  readonly parts: readonly PartRange[];
  /** The files, in order. */
  readonly threads: readonly ThreadsEntry[];
  /** Of the thread table; empty where the format has none. */
  readonly threadTableColumns: readonly Column[];
  readonly threadCounts: ThreadCounts;
  /** The submissions archive that heads the threads; null where there is none. */
  readonly joined: JoinedArchive | null;
  readonly split?: undefined;
}

/** A file for each value: which ones stand in a list of their own, since they may be many thousands. */
export interface SplitManifest extends AnyManifest {
  /** The archive as it was read, as of threads. */
  readonly parts: readonly PartRange[];
  readonly threads: null;
  readonly split: SplitFacts;
  readonly threadTableColumns: readonly Column[];
  /** Null where rows stand in the order of the archive. */
  readonly threadCounts: ThreadCounts | null;
  readonly joined: JoinedArchive | null;
}

export interface SplitFacts {
  readonly by: SplitKey;
  /** Folder of the files with rows; `tables`: of those of the thread table, null where there are none. */
  readonly folder: string;
  readonly tables: string | null;
  readonly values: number;
  readonly rows: number;
  /** One JSON line a value: see `ValueEntry`. */
  readonly list: DatasetFile;
}

/** As `archive` and what belongs to it, of the submissions. */
export interface JoinedArchive extends ReadArchive {
  readonly parts: readonly PartRange[];
}

export type Manifest = FlatManifest | ThreadsManifest | SplitManifest;

/** The settings that decide bytes of the output, in a fixed order: equal settings give equal JSON. */
function outputSettingsOf(settings: JobSettings): OutputSettings {
  return {
    ...Object.fromEntries(decisiveSettings(settings)),
    maxRejectRate: settings.maxRejectRate,
  } as unknown as OutputSettings;
}

/** An archive's parts and joined rejects, as they are published. */
export interface PublishedSource {
  readonly parts: readonly PartEntry[];
  readonly rejects: RejectsEntry | null;
}

/** The manifest of what is being published; `joined`: null as in the input. Pure but for the program's version. */
export function manifestOf(
  input: PublishInput,
  own: PublishedSource,
  joined: PublishedSource | null,
  { createdAt, list = null }: { readonly createdAt: string; readonly list?: DatasetFile | null },
): Manifest {
  const { jobId, settings, buckets, startedMs, run } = input;
  const head = { format: manifestFormat, version: manifestVersion } as const;
  const tail = {
    threadmill: programVersion(),
    zstd: process.versions['zstd'] ?? 'unknown',
    jobId,
    startedAt: new Date(startedMs).toISOString(),
    createdAt,
    ...(run === undefined ? {} : { run }),
  };
  const { archive, counters, holes, rejects } = readArchive(input, own);
  const about = {
    archive,
    settings: outputSettingsOf(settings),
    columns: columnsFor(input),
    counters,
    holes,
  };
  if (buckets === 0) {
    const parts = own.parts.map((part) => ({ ...part, rejects: null }));
    return { ...head, ...about, parts, threads: null, rejects, ...tail };
  }
  const theirs =
    input.joined === null || joined === null
      ? null
      : { ...readArchive(input.joined, joined), parts: joined.parts.map(rangeOf) };
  const tables = settings.format === 'conversations' ? [] : threadTableColumns();
  const counts = input.threads.map(packedThreadCounts).reduce(addThreadCounts, zeroThreadCounts);
  if (settings.splitBy !== undefined) {
    if (list === null) throw new TypeError('A split dataset has a list of its values');
    const arranged = makesThreads(settings, input.inspection.kind);
    return {
      ...head,
      ...about,
      parts: own.parts.map(rangeOf),
      rejects,
      joined: theirs,
      threadTableColumns: arranged ? tables : [],
      threadCounts: arranged ? counts : null,
      threads: null,
      split: {
        by: settings.splitBy,
        folder: splitFolder(settings.splitBy),
        tables: arranged && tables.length > 0 ? tablesFolder : null,
        values: input.threads.reduce((sum, entry) => sum + packedValues(entry), 0),
        rows: counts.rows,
        list,
      },
      ...tail,
    };
  }
  const threads = [...input.threads]
    .sort(([a], [b]) => a - b)
    .map((entry) => unpackThreads(entry, settings.format));
  return {
    ...head,
    ...about,
    parts: own.parts.map(rangeOf),
    rejects,
    joined: theirs,
    threadTableColumns: tables,
    threadCounts: counts,
    threads,
    ...tail,
  };
}

function readArchive(
  { inspection, counters, holes }: ReadSource,
  { parts, rejects }: PublishedSource,
): ReadArchive {
  const { name, kind, container, fingerprint, compressedBytes } = inspection;
  const bytes = parts.at(-1)?.end ?? 0;
  return {
    archive: { name, kind, container, fingerprint, compressedBytes, bytes, lines: counters.lines },
    counters,
    holes,
    rejects,
  };
}

function rangeOf({ index, start, end, firstLine, counters }: PartRange): PartRange {
  return { index, start, end, firstLine, counters };
}

/** The archives of a dataset: the one that it is named after, and the one that is joined to it. */
export function archivesOf(
  manifest: Manifest,
): readonly (ReadArchive & { readonly parts: readonly PartRange[] })[] {
  const joined = 'joined' in manifest ? manifest.joined : null;
  return joined === null ? [manifest] : [manifest, joined];
}

/** Everything that a dataset's files must be: name, size and digest of each but the manifest itself, and those of values. */
export function filesOf(manifest: Manifest): readonly DatasetFile[] {
  const rejects = archivesOf(manifest).flatMap((archive) => archive.rejects ?? []);
  return [...rowFilesOf(manifest), ...rejects].map(({ file, bytes, sha256 }) => ({ file, bytes, sha256 }));
}

function rowFilesOf(manifest: Manifest): readonly DatasetFile[] {
  if (manifest.split !== undefined) return [manifest.split.list];
  return manifest.threads === null
    ? manifest.parts
    : manifest.threads.flatMap((entry) => (entry.table === null ? [entry] : [entry, entry.table]));
}

function columnsFor({ inspection, settings, joined }: PublishInput): readonly Column[] {
  if (!hasColumns(settings)) return [];
  return !makesThreads(settings, inspection.kind)
    ? columnsOf(inspection.kind, settings)
    : threadColumns({ ...settings, joined: joined !== null });
}

function hasColumns({ format, columns }: JobSettings): boolean {
  return format === 'parquet' || format === 'csv' || (columns !== undefined && format !== 'conversations');
}

/** The version in the package's own `package.json`, which stands at the same distance from `src` and `dist`. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Their values are lists of like things: one line for each, for people and `diff`. */
const listKeys: ReadonlySet<string> = new Set(['parts', 'columns', 'holes', 'threads', 'threadTableColumns']);

/** The text of `manifest.json`: for people and `diff`, so one line for each part, file and column. */
export function formatManifest(manifest: Manifest): string {
  return `${membersText(manifest, '')}\n`;
}

function membersText(value: object, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(value).map(([key, member]: [string, unknown]) => {
    const text =
      listKeys.has(key) && Array.isArray(member) && member.length > 0
        ? `[\n${member.map((item) => `${inner}  ${JSON.stringify(item)}`).join(',\n')}\n${inner}]`
        : key === 'run'
          ? JSON.stringify(member) // hundreds of figures that nobody reads one by one
          : key === 'joined' && typeof member === 'object' && member !== null
            ? membersText(member, inner)
            : JSON.stringify(member, null, 2).replaceAll('\n', `\n${inner}`);
    return `${inner}${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${members.join(',\n')}\n${indent}}`;
}

/**
 * Reads and validates a dataset's manifest; nothing in it needs to be checked again, but whether the files agree with it.
 *
 * @throws {ThreadmillError} DATASET_INVALID where it is missing (unfinished), unreadable or not as it should be
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await findManifest(folder);
  if (manifest !== null) return manifest;
  const why = (await folderExists(folder))
    ? `unfinished: it has no ${manifestName}, which is written last; run the same command again to go on`
    : 'there is no such folder; check the path';
  throw new ThreadmillError('DATASET_INVALID', `Cannot read dataset ${JSON.stringify(folder)}: ${why}`, {
    facts: { path: folder },
  });
}

/** As {@link readManifest}, but null where there is no manifest. */
export async function findManifest(folder: string): Promise<Manifest | null> {
  const path = placeIn(folder, manifestName);
  let text: string;
  try {
    text = await manifestText(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw invalid(path, message, cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, (cause as SyntaxError).message, cause);
  }
  const problem = checkManifest(value);
  if (problem !== null) throw invalid(path, problem);
  return value as Manifest;
}

async function manifestText(path: string): Promise<string> {
  const file = await openStored(path, { regular: true });
  try {
    if (file.bytes > manifestBytesMax) throw new RangeError(`${file.bytes} bytes are no manifest`);
    return await readText(file);
  } finally {
    await file.close();
  }
}

function invalid(path: string, why: string, cause?: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot read manifest ${JSON.stringify(path)}: ${why}; make the dataset anew with --again`,
    { facts: { path }, cause },
  );
}
