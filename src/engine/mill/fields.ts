/** The wanted top-level fields of one line, as spans into its bytes: what the scanner and `JSON.parse` both fill. */
import type { ArchiveKind } from '../../core/columns.ts';

export const absent = 0;
export const stringValue = 1;
export const numberValue = 2;
export const trueValue = 3;
export const falseValue = 4;
export const nullValue = 5;
/** An object or an array: of no use to any column. */
export const nestedValue = 6;

const commonNames = [
  'id',
  'created_utc',
  'subreddit',
  'subreddit_id',
  'author',
  'author_fullname',
  'score',
  'gilded',
  'edited',
  'distinguished',
  'stickied',
  'author_flair_text',
  'permalink',
  'retrieved_on',
  'retrieved_utc',
  'removed_by_category',
] as const;
const commentNames = ['link_id', 'parent_id', 'body', 'controversiality', 'is_submitter'] as const;
const submissionNames = [
  'title',
  'selftext',
  'url',
  'domain',
  'is_self',
  'num_comments',
  'upvote_ratio',
  'over_18',
  'spoiler',
  'locked',
  'link_flair_text',
  'crosspost_parent',
] as const;

/** What the rules look at, for formats that keep lines as they are: fewer fields are less work. */
const ruleNames: Readonly<Record<ArchiveKind, readonly string[]>> = {
  comments: ['id', 'link_id', 'body'],
  submissions: ['id', 'title', 'selftext'],
};
const commonRuleNames = [
  'created_utc',
  'retrieved_on',
  'retrieved_utc',
  'author',
  'score',
  'removed_by_category',
];

/** What a table is for: the rules alone, the place in the thread too, or the columns as well. */
export type FieldUse = 'rules' | 'tree' | 'columns';

function fieldNames(kind: ArchiveKind, use: FieldUse): readonly string[] {
  if (use === 'rules') return [...ruleNames[kind], ...commonRuleNames];
  if (use === 'tree') return [...ruleNames[kind], ...commonRuleNames, 'parent_id'];
  return kind === 'comments' ? [...commonNames, ...commentNames] : [...commonNames, ...submissionNames];
}

const encoder = new TextEncoder();

/**
 * A reusable table of one line's wanted fields, one slot a name. String slots name bytes [start, end) of `source[slot]`:
 * the line itself, or `scratch` where an escape had to be decoded. Strings are valid UTF-8 by the time they are read.
 */
export class FieldTable {
  readonly kind: ArchiveKind;
  readonly names: readonly string[];
  readonly type: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly number: Float64Array;
  readonly source: Uint8Array[];
  private scratch = new Uint8Array(64 * 1024);
  private scratchView = new DataView(this.scratch.buffer);
  /** The last source that was unescaped: many lines come from one block. */
  private viewed: Uint8Array = this.scratch;
  private view: DataView = this.scratchView;
  private scratchUsed = 0;

  /** `more`: names that are wanted besides those of the use. */
  constructor(kind: ArchiveKind, use: FieldUse = 'columns', more: readonly string[] = []) {
    this.kind = kind;
    this.names = [...new Set([...fieldNames(kind, use), ...more])];
    const count = this.names.length;
    this.type = new Uint8Array(count);
    this.start = new Int32Array(count);
    this.end = new Int32Array(count);
    this.number = new Float64Array(count);
    this.source = new Array<Uint8Array>(count).fill(this.scratch);
  }

  /** Forgets the last line. */
  clear(): void {
    this.type.fill(absent);
    this.scratchUsed = 0;
  }

  /** The slot of a name that the kind wants. @throws RangeError for another name: our bug. */
  slot(name: string): number {
    const slot = this.names.indexOf(name);
    if (slot < 0) throw new RangeError(`No slot for field ${JSON.stringify(name)}`);
    return slot;
  }

  setString(slot: number, value: string): void {
    const bytesMax = value.length * 3;
    const target = this.reserve(bytesMax);
    const from = this.scratchUsed;
    const { written } = encoder.encodeInto(value, target.subarray(from, from + bytesMax));
    this.type[slot] = stringValue;
    this.source[slot] = target;
    this.start[slot] = from;
    this.end[slot] = from + written;
    this.scratchUsed = from + written;
  }

  /**
   * Decodes the JSON escapes of a string slot into scratch. The escapes are well-formed: the scanner has checked. A lone
   * surrogate becomes U+FFFD.
   */
  unescape(slot: number): void {
    const source = this.source[slot] as Uint8Array;
    const end = this.end[slot] as number;
    let from = this.start[slot] as number;
    const target = this.reserve(end - from);
    const begin = this.scratchUsed;
    let to = begin;
    const sourceView = this.viewOf(source);
    const { scratchView } = this;
    while (from < end) {
      // Four bytes at a time up to a word with a backslash. Both stay inside: the escaped text is no longer than its source.
      for (const lastWord = end - 4; from <= lastWord; from += 4, to += 4) {
        const word = sourceView.getInt32(from, true);
        const backslashes = word ^ 0x5c5c5c5c;
        if (((backslashes - 0x01010101) & ~backslashes & 0x80808080) !== 0) break;
        scratchView.setInt32(to, word, true);
      }
      if (from === end) break;
      const byte = source[from] as number;
      if (byte !== 0x5c) {
        target[to++] = byte;
        from++;
        continue;
      }
      const escape = source[from + 1] as number;
      if (escape !== 0x75) {
        target[to++] = simpleEscapes[escape] as number;
        from += 2;
        continue;
      }
      let code = hex4(source, from + 2);
      from += 6;
      if (code >= 0xd800 && code <= 0xdfff) {
        let low = -1;
        if (code < 0xdc00 && from + 6 <= end && source[from] === 0x5c && source[from + 1] === 0x75) {
          low = hex4(source, from + 2);
        }
        if (low >= 0xdc00 && low <= 0xdfff) {
          code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
          from += 6;
        } else {
          code = 0xfffd;
        }
      }
      to = putUtf8(target, to, code);
    }
    this.source[slot] = target;
    this.start[slot] = begin;
    this.end[slot] = to;
    this.scratchUsed = to;
  }

  /** True where the slot is a string of exactly these ASCII bytes. */
  equals(slot: number, ascii: Uint8Array): boolean {
    if (this.type[slot] !== stringValue) return false;
    const start = this.start[slot] as number;
    if ((this.end[slot] as number) - start !== ascii.length) return false;
    const source = this.source[slot] as Uint8Array;
    for (let i = 0; i < ascii.length; i++) if (source[start + i] !== ascii[i]) return false;
    return true;
  }

  private viewOf(source: Uint8Array): DataView {
    if (source !== this.viewed) {
      this.viewed = source;
      this.view = new DataView(source.buffer, source.byteOffset, source.length);
    }
    return this.view;
  }

  private reserve(bytes: number): Uint8Array {
    if (this.scratchUsed + bytes > this.scratch.length) {
      // Slots that point into the old scratch keep it alive; they need no copy.
      this.scratch = new Uint8Array(Math.max(this.scratch.length * 2, bytes * 2));
      this.scratchView = new DataView(this.scratch.buffer);
      this.scratchUsed = 0;
    }
    return this.scratch;
  }
}

const simpleEscapes = new Uint8Array(128);
for (const [from, to] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  simpleEscapes[(from as string).charCodeAt(0)] = (to as string).charCodeAt(0);
}

/** Nibble values of hexadecimal digits; 255 elsewhere. */
export const hexValue = new Uint8Array(256).fill(255);
for (let i = 0; i < 10; i++) hexValue[0x30 + i] = i;
for (let i = 0; i < 6; i++) hexValue[0x41 + i] = hexValue[0x61 + i] = 10 + i;

function hex4(source: Uint8Array, at: number): number {
  return (
    ((hexValue[source[at] as number] as number) << 12) |
    ((hexValue[source[at + 1] as number] as number) << 8) |
    ((hexValue[source[at + 2] as number] as number) << 4) |
    (hexValue[source[at + 3] as number] as number)
  );
}

function putUtf8(target: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    target[at++] = code;
  } else if (code < 0x800) {
    target[at++] = 0xc0 | (code >> 6);
    target[at++] = 0x80 | (code & 63);
  } else if (code < 0x10000) {
    target[at++] = 0xe0 | (code >> 12);
    target[at++] = 0x80 | ((code >> 6) & 63);
    target[at++] = 0x80 | (code & 63);
  } else {
    target[at++] = 0xf0 | (code >> 18);
    target[at++] = 0x80 | ((code >> 12) & 63);
    target[at++] = 0x80 | ((code >> 6) & 63);
    target[at++] = 0x80 | (code & 63);
  }
  return at;
}
