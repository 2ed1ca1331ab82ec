/** The first decompressed bytes of an archive, and what they say about its lines. */
import type { ArchiveKind } from '../../core/columns.ts';
import type { Damage } from './archive-reader.ts';
import { openReader, type TextReader } from './open-reader.ts';
import type { Container } from './container.ts';

/** Enough for a mean over thousands of lines; the ratio of its compressed to its decompressed size is within 3 %. */
const beginningBytes = 4 * 1024 * 1024;
/** How far behind damage another frame is looked for: a look must not read hundreds of gigabytes. */
const searchBytesMax = 64 * 1024 * 1024;
/** Kept: who looks at thousands of archives would make gigabytes of garbage, for which nobody's heap looks full. */
let buffer: Buffer | null = null;
/** Lines that vote on the kind. */
const votesMax = 100;
const lineFeed = 0x0a;

export interface Beginning {
  readonly bytes: Buffer;
  /** Compressed bytes that they came from. */
  readonly compressedBytes: number;
  /** True where this is the whole archive. */
  readonly whole: boolean;
  readonly damage: Damage | null;
  /** Largest window that a frame of it has declared, bytes. */
  readonly windowBytes: number;
}

/**
 * Decompresses the first 4 MiB, or what there is before damage; with `salvage` it goes over damage to a frame that begins
 * within 64 MiB. The bytes are valid until the next call on this thread. Memory: 5 MiB and a decoder whose window is filled no further than that.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE; damage is a value
 */
export function readBeginning(path: string, container: Container, salvage = false): Beginning {
  buffer ??= Buffer.allocUnsafeSlow(beginningBytes);
  const reader = openReader(path, container, {
    salvage,
    searchBytesMax,
    contentBytesMax: 2 * beginningBytes,
  });
  try {
    const bytes = reader.read(buffer);
    const { compressedOffset } = reader;
    // one more byte tells whether that was all
    const whole = bytes < beginningBytes || reader.read(Buffer.alloc(1)) === 0;
    return {
      bytes: buffer.subarray(0, bytes),
      compressedBytes: compressedOffset,
      whole: whole && reader.damage === null && reader.holes.length === 0,
      damage: bytes < beginningBytes ? (reader.damage ?? damageOf(reader)) : null,
      windowBytes: reader.windowBytes,
    };
  } finally {
    reader.close();
  }
}

/** With salvage damage is a hole; an archive of nothing else has to tell why. */
function damageOf({ holes }: TextReader): Damage | null {
  const [first] = holes;
  if (first === undefined) return null;
  return { kind: first.kind, compressed: first.compressedFrom, message: first.message };
}

export interface LineSample {
  /** Null where no line tells. */
  readonly kind: ArchiveKind | null;
  /** Lines that begin here and end here (or at the archive's end). */
  readonly lines: number;
  /** Their bytes with line feeds. */
  readonly lineBytes: number;
  readonly blank: number;
  /** Looked-at lines that are JSON objects, of whatever sort. */
  readonly objects: number;
  /** The first line with something in it, without its line end: for messages. */
  readonly firstLine: Buffer;
}

/** Counts the lines of a beginning and lets the first hundred usable ones vote on the kind. */
export function sampleLines({ bytes, whole }: Beginning): LineSample {
  let kind: ArchiveKind | null = null;
  let lines = 0;
  let blank = 0;
  let objects = 0;
  let comments = 0;
  let submissions = 0;
  let firstLine: Buffer | null = null;
  const start = bytes.subarray(0, 3).equals(byteOrderMark) ? 3 : 0;
  let at = start;
  while (at < bytes.length) {
    const found = bytes.indexOf(lineFeed, at);
    if (found < 0 && !whole) break;
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(at, end);
    at = found < 0 ? end : end + 1;
    lines++;
    if (isBlank(line)) {
      blank++;
      continue;
    }
    firstLine ??= line;
    if (comments + submissions >= votesMax) continue;
    const record = objectOf(line);
    if (record === null) continue;
    objects++;
    const vote = kindOf(record);
    if (vote === 'comments') comments++;
    else if (vote === 'submissions') submissions++;
  }
  if (comments !== submissions) kind = comments > submissions ? 'comments' : 'submissions';
  return {
    kind,
    lines,
    lineBytes: at - start,
    blank,
    objects,
    firstLine: firstLine ?? bytes.subarray(start),
  };
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || (byte >= 0x0b && byte <= 0x0d));
}

function objectOf(line: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Readonly<Record<string, unknown>>)
      : null;
  } catch {
    return null; // a bad line has no vote; what becomes of it is decided when it is processed
  }
}

/** Every comment hangs on a link and has a body; only a submission has a title. */
function kindOf(record: Readonly<Record<string, unknown>>): ArchiveKind | null {
  if ('body' in record && ('link_id' in record || 'parent_id' in record)) return 'comments';
  if ('title' in record) return 'submissions';
  return 'parent_id' in record || 'link_id' in record ? 'comments' : null;
}
