/** The keys of all rows of a bucket: what threads are arranged from. */
import type { ArchiveKind } from '../../core/columns.ts';
import { ByteIndex } from './byte-index.ts';
import { keptFlag, parentClass } from './spill-layout.ts';

const initialRows = 1024;

/** How a row names its parent, beside the numbers of comments from 0 on. */
export const parentIs = {
  /** The submission, or what there is of it. */
  thread: -1,
  /** Named nowhere. */
  none: -2,
  /** This and below: something else, whose text is number `otherParent - parent` of `others`. */
  other: -3,
} as const;

/**
 * Rows in the order of their lines. A comment is known by its number in `comments`, which the rows of one id share, and
 * which one that is only named as a parent has too. Memory: some 60 bytes a row and its id.
 */
export class KeyTable {
  rows = 0;
  /** The threads' `link_id`s. */
  readonly links = new ByteIndex();
  /** Ids without prefix, each in the group of its thread's number. */
  readonly comments = new ByteIndex();
  /** Parents that are named in no known way. */
  readonly others = new ByteIndex();
  /** By row: the comment's number, or -1 for a submission. */
  comment = new Int32Array(initialRows);
  /** By row: number of its thread. */
  thread = new Int32Array(initialRows);
  /** By row: the comment's number of its parent, or one of `parentIs`. */
  parent = new Int32Array(initialRows);
  /** By row: milliseconds since 1970. */
  created = new Float64Array(initialRows);
  /** By row: 1 for a kept line. */
  kept = new Uint8Array(initialRows);
  /** By row. */
  payloadBytes = new Uint32Array(initialRows);

  /** Adds the rows of a block's keys. @throws RangeError where they are no such thing. */
  add(keys: Uint8Array, rows: number, kind: ArchiveKind): void {
    const cursor = new KeyCursor(keys);
    for (let row = 0; row < rows; row++) this.addRow(cursor, kind);
    if (cursor.at !== keys.length) throw new RangeError(`${keys.length - cursor.at} bytes are left over`);
  }

  /** Empties it for another bucket, and keeps its memory. */
  clear(): void {
    this.rows = 0;
    this.links.clear();
    this.comments.clear();
    this.others.clear();
  }

  private addRow(cursor: KeyCursor, kind: ArchiveKind): void {
    const { bytes } = cursor;
    if (this.rows === this.comment.length) this.grow();
    const row = this.rows++;
    this.kept[row] = cursor.byte() & keptFlag;
    let length = cursor.varint();
    const thread = this.links.intern(0, bytes, cursor.at, cursor.skip(length));
    this.thread[row] = thread;
    length = cursor.varint();
    const idStart = cursor.at;
    const idEnd = cursor.skip(length);
    this.comment[row] = kind === 'submissions' ? -1 : this.comments.intern(thread, bytes, idStart, idEnd);
    this.created[row] = cursor.double();
    this.parent[row] = this.parentOf(cursor, thread);
    this.payloadBytes[row] = cursor.varint();
  }

  private parentOf(cursor: KeyCursor, thread: number): number {
    const kind = cursor.byte();
    if (kind === parentClass.thread) return parentIs.thread;
    if (kind === parentClass.none) return parentIs.none;
    const length = cursor.varint();
    const start = cursor.at;
    const end = cursor.skip(length);
    return kind === parentClass.comment
      ? this.comments.intern(thread, cursor.bytes, start, end)
      : parentIs.other - this.others.intern(0, cursor.bytes, start, end);
  }

  private grow(): void {
    const capacity = this.comment.length * 2;
    this.comment = grown(this.comment, new Int32Array(capacity));
    this.thread = grown(this.thread, new Int32Array(capacity));
    this.parent = grown(this.parent, new Int32Array(capacity));
    this.created = grown(this.created, new Float64Array(capacity));
    this.kept = grown(this.kept, new Uint8Array(capacity));
    this.payloadBytes = grown(this.payloadBytes, new Uint32Array(capacity));
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Reads what the spill encoder wrote; a read past the end throws. */
class KeyCursor {
  at = 0;
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.view.getUint8(this.at++);
  }

  double(): number {
    const value = this.view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  /** Goes over so many bytes; gives where it is then. */
  skip(bytes: number): number {
    this.at += bytes;
    if (this.at > this.bytes.length) throw new RangeError(`${bytes} bytes go over the end`);
    return this.at;
  }
}
