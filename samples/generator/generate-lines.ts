import { createCommentSource } from './comment-records.ts';
import { byteOrderMark, cutOffLast, dirtKinds, longLine, type DirtKind } from './dirt.ts';
import type { LineRecord, RecordSource } from './line-record.ts';
import { monthsOfEra, type Kind } from './months.ts';
import { createSubmissionSource } from './submission-records.ts';
import { createTally, type Expected } from './tally.ts';

/** What an archive holds. The same options give the same bytes. */
export interface ContentOptions {
  readonly kind: Kind;
  /** A year of `eras`, a month like `2023-01`, or a range of months like `2013-01..2023-12` that share the bytes. */
  readonly era: string;
  /** Decompressed size to reach, in bytes; passed by less than one line. */
  readonly bytes: number;
  /** A whole number, 0 or more. */
  readonly seed: number;
  /** All records stand in this subreddit; many where absent. */
  readonly subreddit?: string;
  /** Puts in every sort of dirt at counts that are known. */
  readonly dirty?: boolean;
  /** Lines between two pieces of dirt, 300 where absent: about 0.28 % of the lines are then rejected. */
  readonly dirtyEvery?: number;
}

const chunkBytes = 1 << 20;
const pendingBytes = 1 << 14;

/**
 * The archive's lines, each with its newline (several lines for some dirt); returns what a correct reader must find.
 * Memory is bounded by the pools, some 30 MB.
 * @throws RangeError for an era, size or seed that can't be.
 */
export function* generateLines(options: ContentOptions): Generator<Uint8Array, Expected> {
  const lines = generateByteStrings(options);
  for (;;) {
    const { value, done } = lines.next();
    if (done === true) return value;
    yield Buffer.from(value, 'latin1');
  }
}

/**
 * The archive's bytes in fresh chunks of about 1 MiB that end with whole lines; returns what a correct reader must find.
 * @throws RangeError as {@link generateLines}.
 */
export function* generateChunks(options: ContentOptions): Generator<Uint8Array, Expected> {
  const lines = generateByteStrings(options);
  let chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let used = 0;
  let pending = '';
  for (;;) {
    const { value, done } = lines.next();
    if (done !== true) {
      pending += value;
      // Joined lines are written together: a write costs as much as making a short line.
      if (pending.length < pendingBytes) continue;
    }
    if (used + pending.length > chunk.length) {
      if (used > 0) yield chunk.subarray(0, used);
      chunk = Buffer.allocUnsafeSlow(Math.max(chunkBytes, pending.length));
      used = 0;
    }
    used += chunk.write(pending, used, 'latin1');
    pending = '';
    if (done === true) {
      if (used > 0) yield chunk.subarray(0, used);
      return value;
    }
  }
}

function* generateByteStrings(options: ContentOptions): Generator<string, Expected> {
  const months = monthsOfEra(options.era);
  checkWhole('bytes', options.bytes, 1);
  checkWhole('seed', options.seed, 0);
  const dirtyEvery = options.dirtyEvery ?? 300;
  checkWhole('dirtyEvery', dirtyEvery, 1);
  const source = createSource(options);
  const tally = createTally();
  const monthBytes = options.bytes / months.length;
  let bytes = 0;
  let dirtAt = options.dirty === true ? 0 : Infinity;
  let dirtNumber = 0;

  function soil(dirt: DirtKind, base: LineRecord, next: LineRecord): string {
    const made = dirt.make(base, next, options.kind);
    for (const fate of made.fates) tally.addFate(fate, base);
    tally.addDirt(dirt.name);
    bytes += made.bytes.length;
    return made.bytes;
  }
  for (const [number, month] of months.entries()) {
    source.enter(month);
    const start = number * monthBytes;
    const end = number === months.length - 1 ? options.bytes : start + monthBytes;
    while (bytes < end) {
      const progress = (bytes - start) / monthBytes;
      const record = source.next(progress);
      if (tally.lines >= dirtAt && record.fate === 'kept') {
        // a mark behind the start is no mark: it would make the line malformed
        if (dirtNumber === 0 && tally.lines > 0) dirtNumber++;
        const dirt = dirtOf(dirtNumber++);
        dirtAt += dirtyEvery;
        // The second object on a line must stand in no other: it is used up here.
        yield soil(dirt, record, dirt.name === 'two-objects' ? source.next(progress) : record);
        continue;
      }
      tally.add(record);
      bytes += record.line.length + 1;
      yield record.line + '\n';
    }
  }
  if (options.dirty === true) {
    const last = source.next(1);
    yield soil(cutOffLast, last, last);
  }
  return tally.result(bytes);
}

/** First the mark at the start, then a piece of each sort in turn, with the long line after the first round. */
function dirtOf(number: number): DirtKind {
  if (number === 0) return byteOrderMark;
  if (number === dirtKinds.length + 1) return longLine;
  return dirtKinds[(number - (number > dirtKinds.length ? 2 : 1)) % dirtKinds.length]!; // never empty
}

function createSource({ kind, seed, subreddit }: ContentOptions): RecordSource {
  switch (kind) {
    case 'comments':
      return createCommentSource(seed, subreddit);
    case 'submissions':
      return createSubmissionSource(seed, subreddit);
  }
}

function checkWhole(name: string, value: number, min: number): void {
  if (!Number.isSafeInteger(value) || value < min) {
    throw new RangeError(
      `Cannot generate an archive: ${name} is ${value}, but must be a whole number of ${min} or more.`,
    );
  }
}
