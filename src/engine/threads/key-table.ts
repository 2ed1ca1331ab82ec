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
  /** What rows are split by: a missing value is in group 1, the others in 0. Empty where nothing is split. */
  readonly values = new ByteIndex();
  /** The threads' `link_id`s, each in the group of its value's number: in a broken dump a thread may have two, and is two then. */
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
  /** By row: where its payload stands in that of its block, and its length. */
  payloadAt = new Uint32Array(initialRows);
  payloadBytes = new Uint32Array(initialRows);

  /**
   * Adds the rows of a block's keys, of a split those that `choice` takes (null: all); gives how many it added.
   * @throws RangeError where they are no such thing.
   */
  add(keys: Uint8Array, rows: number, { kind, split, choice = null }: KeysOf): number {
    const cursor = new KeyCursor(keys);
    const before = this.rows;
    let payloadAt = 0;
    for (let row = 0; row < rows; row++) {
      const value = split ? cursor.value() : null;
      const takes = choice === null || value === null || choice.takes(keys, value, cursor);
      if (takes) this.addRow(cursor, kind, value);
      const bytes = takes ? (this.payloadBytes[this.rows - 1] as number) : cursor.skipRow();
      if (takes) this.payloadAt[this.rows - 1] = payloadAt;
      payloadAt += bytes;
    }
    if (cursor.at !== keys.length) throw new RangeError(`${keys.length - cursor.at} bytes are left over`);
    return this.rows - before;
  }

  /** Empties it for another bucket, and keeps its memory. */
  clear(): void {
    this.rows = 0;
    this.values.clear();
    this.links.clear();
    this.comments.clear();
    this.others.clear();
  }

  private addRow(cursor: KeyCursor, kind: ArchiveKind, value: ValueAt | null): void {
    const { bytes } = cursor;
    if (this.rows === this.comment.length) this.grow();
    const row = this.rows++;
    this.kept[row] = cursor.byte() & keptFlag;
    let length = cursor.varint();
    const group = value === null ? 0 : this.values.intern(value.missing, bytes, value.start, value.end);
    const thread = this.links.intern(group, bytes, cursor.at, cursor.skip(length));
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
    this.payloadAt = grown(this.payloadAt, new Uint32Array(capacity));
    this.payloadBytes = grown(this.payloadBytes, new Uint32Array(capacity));
  }
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Where a row's value stands in its keys; `missing`: 1 where it has none. Reused from row to row. */
export interface ValueAt {
  readonly missing: 0 | 1;
  readonly start: number;
  readonly end: number;
}

/** Which rows of a split are wanted. */
export interface KeyChoice {
  /** `cursor` stands at what follows the row's value, and is left there. */
  takes(keys: Uint8Array, value: ValueAt, cursor: KeyCursor): boolean;
}

/** What the keys of a block are. */
export interface KeysOf {
  readonly kind: ArchiveKind;
  /** They begin with the value that rows are split by. */
  readonly split: boolean;
  readonly choice?: KeyChoice | null;
}

/** Reads what the spill encoder wrote; a read past the end throws. */
export class KeyCursor {
  at = 0;
  private readonly found: { missing: 0 | 1; start: number; end: number } = { missing: 0, start: 0, end: 0 };
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

  /** The value that a row of a split begins with; valid until the next call. */
  value(): ValueAt {
    const { found } = this;
    const length = this.varint();
    found.missing = length === 0 ? 1 : 0;
    found.start = this.at;
    found.end = this.skip(Math.max(0, length - 1));
    return found;
  }

  /** Goes over a row of a thread, behind its value; gives the length of its payload. */
  skipRow(): number {
    this.byte();
    this.skip(this.varint());
    this.skip(this.varint());
    this.double();
    const kind = this.byte();
    if (kind === parentClass.comment || kind === parentClass.other) this.skip(this.varint());
    return this.varint();
  }

  /** Goes over so many bytes; gives where it is then. */
  skip(bytes: number): number {
    this.at += bytes;
    if (this.at > this.bytes.length) throw new RangeError(`${bytes} bytes go over the end`);
    return this.at;
  }
}
