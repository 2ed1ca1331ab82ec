/** What was rejected: line by line, where it stood, why, and its bytes. */
import type { ArchiveKind } from '../../core/columns.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { DamagedFileError, readLines } from '../archive/read-lines.ts';
import { namesIn } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { archivesOf, findManifest, readManifest } from './manifest.ts';
import { pieceOf, roleOf } from './names.ts';

/** One rejected line, as it stands in `rejects.jsonl.zst`. */
export interface RejectedLine {
  /** The archive that it is of, where the dataset is of two; not in the file. */
  readonly archive?: ArchiveKind;
  /** From 1, as people and editors count. */
  readonly line: number;
  /** Decompressed offset of its first byte. */
  readonly offset: number;
  readonly reason: string;
  /** The field that is missing or wrong, where it is about one. */
  readonly field?: string;
  /** Length of the line; `raw` holds less of an over-long one. */
  readonly bytes: number;
  readonly raw?: string;
  /** In place of `raw`, where the line is no UTF-8. */
  readonly rawBase64?: string;
}

/**
 * The rejected lines of a dataset in the archive's order; of an unfinished one those of the parts that are done. Memory:
 * a few MiB and the longest line.
 *
 * @throws {ThreadmillError} DATASET_INVALID where the folder is no dataset, or its rejects are gone or damaged
 */
export async function* readRejects(folder: string): AsyncGenerator<RejectedLine, void> {
  const found = await rejectFiles(folder);
  const joined = found.some(({ kind }) => kind === 'submissions');
  for (const { file, kind } of found) {
    const path = placeIn(folder, file);
    let number = 0;
    try {
      for (const line of readLines(path, 'zstd')) {
        number++;
        yield joined ? { archive: kind, ...recordIn(line) } : recordIn(line);
      }
    } catch (error) {
      if (error instanceof SyntaxError) throw invalid(path, `its line ${number} is no reject of ours`, error);
      if (error instanceof DamagedFileError) throw invalid(path, error.message, error);
      if (error instanceof ThreadmillError && error.code === 'ARCHIVE_MISSING') {
        throw invalid(path, 'it is gone, or was just joined to another: try again', error);
      }
      throw error;
    }
  }
}

function recordIn(line: Buffer): RejectedLine {
  const value = JSON.parse(line.toString('utf8')) as RejectedLine | null;
  if (typeof value?.line !== 'number' || typeof value.reason !== 'string') {
    throw new SyntaxError('not a rejected line');
  }
  return value;
}

interface RejectFile {
  readonly file: string;
  readonly kind: ArchiveKind;
}

/**
 * The joined files of a finished dataset, else the pieces in order: without a manifest a joined file may be an old one. The
 * kind of a flat dataset's archive is of no interest.
 */
async function rejectFiles(folder: string): Promise<readonly RejectFile[]> {
  const manifest = await findManifest(folder);
  if (manifest !== null) {
    return archivesOf(manifest).flatMap(({ rejects }, at) =>
      rejects === null ? [] : [{ file: rejects.file, kind: at === 0 ? 'comments' : 'submissions' }],
    );
  }
  const names = await namesIn(folder).catch(() => [] as readonly string[]); // told apart below
  if (!names.some((name) => roleOf(name) !== null)) await readManifest(folder);
  const pieces = names.flatMap((file) => {
    const piece = pieceOf(file);
    return piece === null ? [] : [{ file, ...piece }];
  });
  return pieces
    .sort((a, b) => (a.stem === b.stem ? a.index - b.index : a.stem === 'part' ? -1 : 1))
    .map(({ file, stem }) => ({ file, kind: stem === 'part' ? 'comments' : 'submissions' }));
}

function invalid(path: string, why: string, cause: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot read rejects ${JSON.stringify(path)}: ${why}; look at the whole with threadmill verify`,
    { facts: { path }, cause },
  );
}
