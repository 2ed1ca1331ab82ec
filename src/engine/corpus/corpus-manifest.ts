/** `corpus.json`: what a folder of datasets holds, written when the last of them stands or has failed. */
import { rmdir } from 'node:fs/promises';
import type { JobSettings } from '../../contract/job.ts';
import { decisiveSettings } from '../../contract/output-settings.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { addCounters, zeroCounters, type Counters } from '../../core/fates.ts';
import { schemeOf } from '../../core/places.ts';
import { AtomicFile, outputError } from '../output/atomic-file.ts';
import { programVersion } from '../dataset/manifest.ts';
import { namesIn, removeFile } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { readJsonLines, readPieces, textOf, writeLines, type LedgerEntry } from './ledger.ts';
import { corpusManifestName, ledgerName } from './names.ts';

const corpusFormat = 'threadmill-corpus';
const corpusVersion = 1;

export interface CorpusManifest {
  readonly format: typeof corpusFormat;
  readonly version: typeof corpusVersion;
  /** Archives with a line in the ledger: of this run, and of earlier ones into the same folder. */
  readonly archives: number;
  readonly done: number;
  readonly failed: number;
  /** Of all that are done. Compressed input; files of the datasets. */
  readonly bytes: number;
  readonly outBytes: number;
  readonly counters: Counters;
  readonly ledger: { readonly file: string; readonly bytes: number; readonly sha256: string };
  /** Those of the last run that decide bytes. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly threadmill: string;
  readonly jobId: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly createdAt: string;
}

export interface PublishCorpusOptions {
  /** Absolute. */
  readonly out: string;
  readonly folder: string;
  readonly jobId: string;
  readonly settings: JobSettings;
  /** So many archives were listed, and each must have its line. */
  readonly archives: number;
  readonly startedMs: number;
}

/**
 * Makes the ledger of the pieces, writes `corpus.json`, and removes the corpus's own folder. Lines of earlier runs whose
 * archives are not of this one stay. A call after a crash at any point completes the work. The lines of all archives are in
 * memory, some 600 bytes each.
 *
 * @throws {ThreadmillError} DATASET_INVALID where an archive has no line; OUTPUT_DENIED, DISK_FULL
 */
export async function publishCorpus(options: PublishCorpusOptions): Promise<CorpusManifest> {
  const { out, folder, jobId } = options;
  const startedAt = new Date(options.startedMs).toISOString();
  const standing = await findCorpusManifest(out);
  const isOurs = standing?.jobId === jobId && standing.startedAt === startedAt;
  const manifest = isOurs ? standing : await write(options, startedAt, standing);
  await removeFolder(folder);
  return manifest;
}

async function removeFolder(folder: string): Promise<void> {
  try {
    for (const name of await namesIn(folder)) await removeFile(placeIn(folder, name));
    if (schemeOf(folder) === 'file') await rmdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw outputError(folder, error);
  }
}

async function write(
  { out, folder, jobId, settings, archives }: PublishCorpusOptions,
  startedAt: string,
  before: CorpusManifest | null,
): Promise<CorpusManifest> {
  const entries = await readPieces(folder);
  if (entries.size !== archives) {
    throw new ThreadmillError(
      'DATASET_INVALID',
      `Cannot publish corpus "${out}": ${entries.size} of its ${archives} archives have a line in "${folder}"; run the ` +
        'same command again',
      { facts: { path: folder, archives, lines: entries.size } },
    );
  }
  const ours = [...entries.values()];
  const lines = [...ours, ...othersOf(before === null ? [] : await readLedger(out), ours)].sort(byName);
  const { bytes, sha256 } = await writeLines(placeIn(out, ledgerName), lines);
  const done = lines.filter(({ state }) => state === 'done');
  const manifest: CorpusManifest = {
    format: corpusFormat,
    version: corpusVersion,
    archives: lines.length,
    done: done.length,
    failed: lines.length - done.length,
    bytes: done.reduce((sum, entry) => sum + entry.bytes, 0),
    outBytes: done.reduce((sum, entry) => sum + entry.outBytes, 0),
    counters: done.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters),
    ledger: { file: ledgerName, bytes, sha256 },
    settings: Object.fromEntries(decisiveSettings(settings)),
    threadmill: programVersion(),
    jobId,
    startedAt,
    createdAt: new Date().toISOString(),
  };
  const file = await AtomicFile.create(placeIn(out, corpusManifestName));
  try {
    await file.write(Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  return manifest;
}

/** Lines of earlier runs into the folder of which this one says nothing. */
function othersOf(earlier: readonly LedgerEntry[], ours: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const archives = new Set(ours.map(({ archive }) => archive));
  const datasets = new Set(ours.filter(({ state }) => state === 'done').map(({ name }) => name));
  return earlier.filter(
    ({ archive, name, state }) => !archives.has(archive) && !(state === 'done' && datasets.has(name)),
  );
}

/** A dataset has one line; archives that were refused for its name have one each. */
function byName(a: LedgerEntry, b: LedgerEntry): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return a.archive < b.archive ? -1 : 1;
}

/** The ledger of a folder. @throws {ThreadmillError} DATASET_INVALID where it can't be read */
export async function readLedger(out: string): Promise<readonly LedgerEntry[]> {
  const file = placeIn(out, ledgerName);
  try {
    return await readJsonLines<LedgerEntry>(file);
  } catch (error) {
    throw invalid(file, error);
  }
}

/** The corpus manifest of a folder; null: there is none. @throws {ThreadmillError} DATASET_INVALID */
export async function findCorpusManifest(out: string): Promise<CorpusManifest | null> {
  const file = placeIn(out, corpusManifestName);
  try {
    const found = JSON.parse(await textOf(file)) as CorpusManifest | null;
    if (found?.format !== corpusFormat)
      throw new TypeError(`its format is not ${JSON.stringify(corpusFormat)}`);
    return found;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw invalid(file, error);
  }
}

function invalid(file: string, cause: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot read ${JSON.stringify(file)}: ${cause instanceof Error ? cause.message : String(cause)}; remove it, and run ` +
      'the same command again: finished datasets are not made anew',
    { facts: { path: file }, cause },
  );
}
