/** The list of a corpus: what its archives are, largest first, and which of them go together. */
import {
  batchArchivesMax,
  batchBytesMax,
  type CorpusError,
  type ListedArchive,
  type SmallBatch,
} from '../../contract/corpus.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { smallArchiveBytesMax } from '../../core/limits.ts';
import { archiveName, kindOfName } from '../archive/archive-name.ts';
import { archiveError } from '../archive/check-archive.ts';
import { AtomicFile, outputError } from '../output/atomic-file.ts';
import { placeIn } from '../storage/place.ts';
import { openStored } from '../storage/stored-file.ts';
import { listName } from './names.ts';

/** A list that was written: counts, and where its pieces are. */
export interface WrittenList {
  readonly archives: number;
  /** Compressed. */
  readonly bytes: number;
  readonly large: number;
  /** Bytes of the large archives' lines, which come first. */
  readonly largeLength: number;
  readonly batches: readonly SmallBatch[];
}

/** The name that comments and submissions of one thing share: `RC_2019-04` and `RS_2019-04`, `austin_comments`. */
function stemOf(name: string): string {
  return name.replace(/^R[CS][_-]/i, '').replace(/(^|[_-])(comments?|submissions?)$/i, '');
}

interface Sized {
  readonly archive: string;
  readonly bytes: number;
  readonly problem?: CorpusError;
}

async function sized(archive: string): Promise<Sized> {
  try {
    const file = await openStored(archive);
    await file.close();
    return { archive, bytes: file.bytes };
  } catch (error) {
    const { code, message } = archiveError(archive, error);
    return { archive, bytes: 0, problem: { code, message } };
  }
}

/** Submissions by the name that they share with comments. */
function pairsOf(found: readonly Sized[]): ReadonlyMap<string, Sized> {
  const submissions = new Map<string, Sized>();
  const comments = new Set<string>();
  for (const each of found) {
    const name = archiveName(each.archive);
    if (kindOfName(name) === 'comments') comments.add(stemOf(name));
  }
  for (const each of found) {
    const name = archiveName(each.archive);
    const stem = stemOf(name);
    if (kindOfName(name) === 'submissions' && comments.has(stem) && !submissions.has(stem))
      submissions.set(stem, each);
  }
  return submissions;
}

/**
 * The archives, sized by a look at each file: largest first, then by name, so that equal input gives equal lists. With `join`
 * a submissions archive goes with the comments archive of its name. Two that would be one dataset are refused, all but the
 * first; what can't be looked at is in the list with its problem.
 */
export async function listArchives(
  archives: readonly string[],
  { join }: { readonly join: boolean },
): Promise<readonly ListedArchive[]> {
  const found: Sized[] = [];
  for (const archive of archives) found.push(await sized(archive));
  const submissions = join ? pairsOf(found) : new Map<string, Sized>();
  const joined = new Set(submissions.values());
  const taken = new Map<string, string>();
  const listed: Omit<ListedArchive, 'index'>[] = [];
  for (const each of found) {
    if (joined.has(each)) continue;
    const { archive } = each;
    const name = archiveName(archive);
    const kind = kindOfName(name);
    const theirs = kind === 'comments' ? submissions.get(stemOf(name)) : undefined;
    // on some file systems names that differ in case only are one
    const first = taken.get(name.toLowerCase());
    const problem =
      each.problem ?? theirs?.problem ?? (first === undefined ? undefined : sameName(archive, first));
    taken.set(name.toLowerCase(), first ?? archive);
    listed.push({
      archive,
      ...(theirs === undefined ? {} : { submissions: theirs.archive }),
      ...{ name, kind },
      bytes: problem === undefined ? each.bytes + (theirs?.bytes ?? 0) : 0,
      ...(problem === undefined ? {} : { problem }),
    });
  }
  return listed
    .sort(
      (a, b) =>
        b.bytes - a.bytes || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.archive < b.archive ? -1 : 1),
    )
    .map((each, index) => ({ index, ...each }));
}

function sameName(archive: string, first: string): CorpusError {
  return {
    code: 'DATASET_IN_USE',
    message:
      `Cannot process ${JSON.stringify(archive)} beside ${JSON.stringify(first)}: the datasets of both have the same ` +
      'name; rename one, or process it with another --out',
  };
}

/** Whether an archive is a job of its own. */
function isLarge({ bytes }: ListedArchive): boolean {
  return bytes > smallArchiveBytesMax;
}

/** Writes the list to the corpus's folder, whole or not at all. @throws {ThreadmillError} OUTPUT_DENIED, DISK_FULL */
export async function writeList(folder: string, listed: readonly ListedArchive[]): Promise<WrittenList> {
  const file = await AtomicFile.create(placeIn(folder, listName));
  const large = listed.filter(isLarge).length;
  const batches: SmallBatch[] = [];
  let bytes = 0;
  let largeLength = 0;
  try {
    for (let at = 0; at < listed.length;) {
      const offset = file.bytes;
      const until = at < large ? large : batchEnd(listed, at);
      const lines = listed.slice(at, until).map((each) => `${JSON.stringify(each)}\n`);
      await file.write(Buffer.from(lines.join('')));
      const length = file.bytes - offset;
      if (at < large) largeLength = length;
      else batches.push({ from: at, to: until, offset, length });
      at = until;
    }
    for (const each of listed) bytes += each.bytes;
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
  return { archives: listed.length, bytes, large, largeLength, batches };
}

function batchEnd(listed: readonly ListedArchive[], from: number): number {
  let bytes = 0;
  let to = from;
  while (to < listed.length && to - from < batchArchivesMax) {
    bytes += listed[to]?.bytes ?? 0;
    if (to > from && bytes > batchBytesMax) break;
    to++;
  }
  return to;
}

/**
 * Lines of the list that stand in `length` bytes from `offset` on, in order.
 *
 * @throws {ThreadmillError} DATASET_INVALID where the list is gone or another
 */
export async function readList(
  folder: string,
  { offset, length }: Pick<SmallBatch, 'offset' | 'length'>,
): Promise<readonly ListedArchive[]> {
  const file = placeIn(folder, listName);
  try {
    const handle = await openStored(file, { regular: true });
    try {
      const buffer = Buffer.alloc(length);
      const bytesRead = await handle.read(buffer, offset);
      if (bytesRead !== length) throw new RangeError(`it ends at byte ${offset + bytesRead}`);
      return buffer
        .toString('utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as ListedArchive);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== undefined && code !== 'ENOENT') throw outputError(file, error);
    throw new ThreadmillError(
      'DATASET_INVALID',
      `Cannot read the corpus's list ${JSON.stringify(file)}: ${message}; run the same command again`,
      { facts: { path: file }, cause: error },
    );
  }
}
