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
 * the scanner's memory, or `scratch` after the slow path. Strings are valid UTF-8 by the time they are read.
 */
export class FieldTable {
  readonly kind: ArchiveKind;
  readonly names: readonly string[];
  type: Uint8Array;
  start: Int32Array;
  end: Int32Array;
  number: Float64Array;
  readonly source: Uint8Array[];
  private scratch = new Uint8Array(64 * 1024);
  /** Where the scanner's strings are; `foreign`: those of the last line need not be there. */
  private memory: Uint8Array = this.scratch;
  private foreign = false;
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

  /** Has a scanner fill these columns of the table, with strings in its `memory`. */
  live(memory: Uint8Array, columns: Pick<FieldTable, 'type' | 'start' | 'end' | 'number'>): void {
    this.memory = memory;
    this.type = columns.type;
    this.start = columns.start;
    this.end = columns.end;
    this.number = columns.number;
    this.foreign = true;
  }

  /** The scanner has filled the table. */
  allInMemory(): void {
    if (!this.foreign) return;
    this.source.fill(this.memory);
    this.foreign = false;
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
    this.foreign = true;
    this.source[slot] = target;
    this.start[slot] = from;
    this.end[slot] = from + written;
    this.scratchUsed = from + written;
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

  private reserve(bytes: number): Uint8Array {
    if (this.scratchUsed + bytes > this.scratch.length) {
      // Slots that point into the old scratch keep it alive; they need no copy.
      this.scratch = new Uint8Array(Math.max(this.scratch.length * 2, bytes * 2));
      this.scratchUsed = 0;
    }
    return this.scratch;
  }
}
