/** `manifest.json`: what a dataset holds and what it was made from. Written last: a folder without one is unfinished. */
import { readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ArchiveInspection,
  Hole,
  JobSettings,
  OutputFormat,
  PartEntry,
  PublishInput,
} from '../../contract/job.ts';
import { decisiveSettingKeys } from '../../contract/output-settings.ts';
import { columnsOf, type Column } from '../../core/columns.ts';
import { ThreadmillError } from '../../core/errors.ts';
import type { Counters } from '../../core/fates.ts';
import { checkManifest } from './manifest-check.ts';
import { manifestBytesMax, manifestName } from './names.ts';

export const manifestFormat = 'threadmill-dataset';
export const manifestVersion = 1;
/** The settings that decide bytes of the output; with the archive they say how to make the dataset again. */
const outputSettingKeys = [
  ...decisiveSettingKeys,
  // it decides no byte, but whether there is a dataset at all
  'maxRejectRate',
] as const satisfies readonly (keyof JobSettings)[];

export type OutputSettings = Pick<JobSettings, (typeof outputSettingKeys)[number]>;

/** The joined rejects: zstd frames of JSON lines, in the order of the archive. */
export interface RejectsEntry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly lines: number;
}

/** Everything but `threadmill`, `zstd`, `jobId`, `startedAt` and `createdAt` is a function of the archive and the settings. */
export interface Manifest {
  readonly format: typeof manifestFormat;
  readonly version: typeof manifestVersion;
  readonly archive: {
    readonly name: string;
    readonly kind: ArchiveInspection['kind'];
    readonly container: ArchiveInspection['container'];
    readonly fingerprint: string;
    readonly compressedBytes: number;
    /** Decompressed: all that was read, without what lies in holes. */
    readonly bytes: number;
    readonly lines: number;
  };
  readonly settings: OutputSettings;
  /** Empty for `jsonl` and `jsonl.zst`: their rows are the original lines. */
  readonly columns: readonly Column[];
  readonly counters: Counters;
  readonly holes: readonly Hole[];
  /** In order; their `rejects` are null, since publication joins the pieces to `rejects`. */
  readonly parts: readonly PartEntry[];
  /** Null where no line was rejected: there is no file then. */
  readonly rejects: RejectsEntry | null;
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
}

/** The settings that decide bytes of the output, in a fixed order: equal settings give equal JSON. */
function outputSettingsOf(settings: JobSettings): OutputSettings {
  return Object.fromEntries(
    outputSettingKeys.map((key) => [key, settings[key]]),
  ) as unknown as OutputSettings;
}

/** The manifest of what is being published. Pure but for the program's version. */
export function manifestOf(
  { jobId, inspection, settings, counters, holes, startedMs }: PublishInput,
  parts: readonly PartEntry[],
  rejects: RejectsEntry | null,
  createdAt: string,
): Manifest {
  const { name, kind, container, fingerprint, compressedBytes } = inspection;
  return {
    format: manifestFormat,
    version: manifestVersion,
    archive: {
      name,
      kind,
      container,
      fingerprint,
      compressedBytes,
      bytes: parts.at(-1)?.end ?? 0,
      lines: counters.lines,
    },
    settings: outputSettingsOf(settings),
    columns: hasColumns(settings.format) ? columnsOf(kind, { keepRaw: settings.keepRaw }) : [],
    counters,
    holes,
    parts: parts.map((part) => ({ ...part, rejects: null })),
    rejects,
    threadmill: programVersion(),
    zstd: process.versions['zstd'] ?? 'unknown',
    jobId,
    startedAt: new Date(startedMs).toISOString(),
    createdAt,
  };
}

function hasColumns(format: OutputFormat): boolean {
  return format === 'parquet' || format === 'csv';
}

/** The version in the package's own `package.json`, which stands at the same distance from `src` and `dist`. */
export function programVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The text of `manifest.json`: for people and `diff`, so one line for each part and column. */
export function formatManifest(manifest: Manifest): string {
  const members = Object.entries(manifest).map(([key, value]) => {
    const oneEach =
      (key === 'parts' || key === 'columns' || key === 'holes') && (value as unknown[]).length > 0;
    const text = oneEach
      ? `[\n${(value as unknown[]).map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
      : JSON.stringify(value, null, 2).replaceAll('\n', '\n  ');
    return `  ${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${members.join(',\n')}\n}\n`;
}

/**
 * Reads and validates a dataset's manifest; nothing in it needs to be checked again, but whether the files agree with it.
 *
 * @throws {ThreadmillError} DATASET_INVALID where it is missing (unfinished), unreadable or not as it should be
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await findManifest(folder);
  if (manifest !== null) return manifest;
  const exists = await stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const why = exists
    ? `unfinished: it has no ${manifestName}, which is written last; run the same command again to go on`
    : 'there is no such folder; check the path';
  throw new ThreadmillError('DATASET_INVALID', `Cannot read dataset ${JSON.stringify(folder)}: ${why}`, {
    facts: { path: folder },
  });
}

/** As {@link readManifest}, but null where there is no manifest. */
export async function findManifest(folder: string): Promise<Manifest | null> {
  const path = join(folder, manifestName);
  let text: string;
  try {
    const found = await stat(path);
    // a pipe would make us wait for whoever writes to it
    if (!found.isFile()) throw new TypeError('it is no file');
    const { size } = found;
    if (size > manifestBytesMax) throw new RangeError(`${size} bytes are no manifest`);
    text = await readFile(path, 'utf8');
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

function invalid(path: string, why: string, cause?: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot read manifest ${JSON.stringify(path)}: ${why}; make the dataset anew with --again`,
    { facts: { path }, cause },
  );
}
