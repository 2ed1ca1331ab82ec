/** The ledger: a line for each archive of a corpus, in pieces while it runs, one file in the end. */
import type { CorpusError, ListedArchive } from '../../contract/corpus.ts';
import { addCounters, zeroCounters, type Counters } from '../../core/fates.ts';
import { AtomicFile, outputError, type FileDigest } from '../output/atomic-file.ts';
import { archivesOf, filesOf, type Manifest } from '../dataset/manifest.ts';
import { namesIn, removeFile } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { openStored, readText } from '../storage/stored-file.ts';
import { isPiece, pieceName } from './names.ts';

/** What became of an archive. */
export interface LedgerEntry {
  /** Of the dataset. */
  readonly name: string;
  /** Absolute, as it was then. */
  readonly archive: string;
  readonly submissions?: string;
  readonly state: 'done' | 'failed';
  /** Null where it failed. */
  readonly jobId: string | null;
  readonly fingerprint: string | null;
  /** Compressed. */
  readonly bytes: number;
  readonly counters: Counters;
  /** Files of the dataset beside its manifest, and their bytes. */
  readonly files: number;
  readonly outBytes: number;
  /** Null where it is done. */
  readonly error: CorpusError | null;
}

/** An entry with the archive's place in the list. */
export type IndexedEntry = readonly [index: number, entry: LedgerEntry];

function headOf({
  name,
  archive,
  submissions,
}: ListedArchive): Pick<LedgerEntry, 'name' | 'archive' | 'submissions'> {
  return { name, archive, ...(submissions === undefined ? {} : { submissions }) };
}

/** The entry of an archive whose dataset has this manifest. */
export function doneEntry(listed: ListedArchive, manifest: Manifest): LedgerEntry {
  const archives = archivesOf(manifest);
  const files = filesOf(manifest);
  return {
    ...headOf(listed),
    state: 'done',
    jobId: manifest.jobId,
    fingerprint: manifest.archive.fingerprint,
    bytes: archives.reduce((sum, { archive }) => sum + archive.compressedBytes, 0),
    counters: archives.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters),
    files: files.length,
    outBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    error: null,
  };
}

/** The entry of an archive that has no dataset. */
export function failedEntry(listed: ListedArchive, error: CorpusError): LedgerEntry {
  const nothing = { jobId: null, fingerprint: null, counters: zeroCounters, files: 0, outBytes: 0 };
  return { ...headOf(listed), state: 'failed', ...nothing, bytes: listed.bytes, error };
}

/** Writes what became of archives from `from` on, over what another attempt may have written. */
export async function writePiece(
  folder: string,
  from: number,
  entries: readonly IndexedEntry[],
): Promise<void> {
  await writeLines(placeIn(folder, pieceName(from)), entries);
}

/** Writes a file of JSON lines, whole or not at all. @throws {ThreadmillError} OUTPUT_DENIED, DISK_FULL */
export async function writeLines(file: string, values: readonly unknown[]): Promise<FileDigest> {
  const out = await AtomicFile.create(file);
  try {
    for (let at = 0; at < values.length; at += 1_000) {
      const lines = values.slice(at, at + 1_000).map((value) => `${JSON.stringify(value)}\n`);
      await out.write(Buffer.from(lines.join('')));
    }
    return await out.commit();
  } catch (error) {
    await out.abort();
    throw error;
  }
}

/** All of a file. @throws what `node:fs` throws, or a ThreadmillError of the store */
export async function textOf(place: string): Promise<string> {
  const file = await openStored(place, { regular: true });
  try {
    return await readText(file);
  } finally {
    await file.close();
  }
}

/** The JSON lines of a file. */
export async function readJsonLines<T>(file: string): Promise<readonly T[]> {
  const text = await textOf(file);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/**
 * What the pieces say, by index. Of two that speak of one archive, since an attempt that was given up woke and wrote what it
 * had, a dataset counts more than a failure. All of them in memory: some 600 bytes for each archive.
 */
export async function readPieces(folder: string): Promise<ReadonlyMap<number, LedgerEntry>> {
  const entries = new Map<number, LedgerEntry>();
  for (const name of await piecesIn(folder)) {
    for (const [index, entry] of await readJsonLines<IndexedEntry>(placeIn(folder, name))) {
      if (entries.get(index)?.state !== 'done') entries.set(index, entry);
    }
  }
  return entries;
}

async function piecesIn(folder: string): Promise<readonly string[]> {
  const names = await namesIn(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw outputError(folder, error);
  });
  return names.filter(isPiece).sort();
}

/** Removes all pieces: another run of the corpus lists its archives anew. */
export async function removePieces(folder: string): Promise<void> {
  for (const name of await piecesIn(folder)) {
    const file = placeIn(folder, name);
    await removeFile(file).catch((error: unknown) => {
      throw outputError(file, error);
    });
  }
}
