/** What a line is expected to look like: most lines of a dump have the keys of the line before, and half of its values. */
import type { FieldTable } from './fields.ts';

/** A line has at most this many members in the model; the rest is read without it. */
const membersMax = 160;
const textBytes = 16 * 1024;
/** A longer value is no constant, and would only fill the text. */
const constantBytesMax = 40;
/** An expectation that fails looks this far ahead: comments of 2021 to 2023 lack all author keys one time in eight. */
const lookAhead = 24;
/** So many members decide whether the model is any good, and so large a share of them may be missing. */
const judgedMembers = 200;
const missesMax = 0.25;
/** Lines without a model after two in a row that were of no use: until 2018 the order changes from line to line. */
const restLines = 500;
/** A constant that failed so often, and in so large a share of the lines, is none. */
const failuresMin = 8;
const failuresMax = 0.25;

/**
 * A copy of one line's members, `,"key":value` after `,"key":value` (the first with `{`). A run of members whose values
 * are the same on most lines, and the key of any other, is recognised by comparing eight bytes at a time with what was
 * once read and checked: equal bytes mean the same. Eight bytes as a double are never taken for equal when they are not:
 * the text has no control characters, so it can be no zero, and a NaN only fails to match.
 */
export class LineModel {
  /** Slot of the member that `matchKey` has found, or -1. */
  slot = -1;
  /** The line is being learnt: `learn` wants its members. */
  learning = true;
  private readonly fields: FieldTable;
  private readonly text = new Uint8Array(textBytes);
  private readonly textView = new DataView(this.text.buffer);
  private count = 0;
  /** By member: where it begins in the text, where its key's colon and its value end. */
  private readonly starts = new Int32Array(membersMax + 1);
  private readonly keyEnds = new Int32Array(membersMax + 1);
  private readonly ends = new Int32Array(membersMax + 1);
  private readonly slots = new Int16Array(membersMax + 1);
  /** Type of the value as in the field table. */
  private readonly types = new Uint8Array(membersMax + 1);
  private readonly constant = new Uint8Array(membersMax + 1);
  /** First member behind the run of constants that a member is in; itself where it is none. */
  private readonly runEnds = new Int32Array(membersMax + 1);
  private readonly failures = new Int32Array(membersMax + 1);
  private at = 0;
  private lines = 0;
  /** Members looked for, and not found, since the model was judged. */
  private seen = 0;
  private missed = 0;
  /** The model before this one was of no use either. */
  private doubted = false;
  /** Lines until the next one is learnt. */
  private resting = 0;

  constructor(fields: FieldTable) {
    this.fields = fields;
  }

  /** A new line begins; the last one has ended well or badly. */
  start(): void {
    this.at = 0;
    this.lines++;
    if (this.resting > 0) {
      this.resting--;
      this.learning = this.resting === 0;
      return;
    }
    if (this.learning && this.count > 0) {
      this.learning = false;
      this.seen = this.missed = 0;
      this.findRuns();
    }
    if (this.seen >= judgedMembers) this.judge();
  }

  /**
   * Takes the members at `at` whose keys and values are the expected constants; sets the wanted ones' types.
   * @returns their bytes; 0: none
   */
  takeRun(view: DataView, at: number, end: number): number {
    const first = this.at;
    if (this.constant[first] === 0) return 0;
    const { ends, textView } = this;
    const from = this.starts[first] as number;
    let behind = this.runEnds[first] as number;
    let bytes = (ends[behind - 1] as number) - from;
    const last = bytes - 8;
    if (last < 0 || at + bytes > end) return 0;
    let same = 0;
    while (same < last && view.getFloat64(at + same, true) === textView.getFloat64(from + same, true))
      same += 8;
    if (same < last || view.getFloat64(at + last, true) !== textView.getFloat64(from + last, true)) {
      // the members that lie whole before the first difference
      behind = first;
      while ((ends[behind] as number) - from <= same) behind++;
      if (behind === first) return 0;
      bytes = (ends[behind - 1] as number) - from;
    }
    const { slots, types } = this;
    const { type } = this.fields;
    for (let member = first; member < behind; member++) {
      const slot = slots[member] as number;
      if (slot >= 0) type[slot] = types[member] as number;
    }
    this.seen += behind - first;
    this.at = behind;
    return bytes;
  }

  /**
   * Whether an expected key stands at `at`, with its delimiter and colon; sets `slot`.
   * @returns its bytes; 0: none
   */
  matchKey(view: DataView, at: number, end: number): number {
    this.seen++;
    const last = Math.min(this.at + lookAhead, this.count);
    for (let member = this.at; member < last; member++) {
      const from = this.starts[member] as number;
      const bytes = (this.keyEnds[member] as number) - from;
      if (at + bytes > end || !this.sameText(view, at, from, bytes)) continue;
      if (this.constant[member] === 1) this.failed(member);
      this.at = member + 1;
      this.slot = this.slots[member] as number;
      return bytes;
    }
    this.missed++;
    return 0;
  }

  /** Adds a member of the line that is being learnt; its key has no escapes and its colon no space before it. */
  learn(
    source: Uint8Array,
    start: number,
    keyEnd: number,
    valueEnd: number,
    slot: number,
    type: number,
  ): void {
    const member = this.count;
    const isConstant = valueEnd - keyEnd <= constantBytesMax && isFixed(source, keyEnd, valueEnd, slot);
    const end = isConstant ? valueEnd : keyEnd;
    const from = member === 0 ? 0 : (this.ends[member - 1] as number);
    if (member === membersMax || from + end - start > textBytes) return;
    this.text.set(source.subarray(start, end), from);
    this.starts[member] = from;
    this.keyEnds[member] = from + keyEnd - start;
    this.ends[member] = from + end - start;
    this.slots[member] = slot;
    this.types[member] = type;
    this.constant[member] = isConstant ? 1 : 0;
    this.failures[member] = 0;
    this.count++;
    this.at = this.count;
  }

  private sameText(view: DataView, at: number, from: number, bytes: number): boolean {
    const { textView } = this;
    if (bytes < 8) {
      // `,"a":` has five
      const last = bytes - 4;
      return (
        last >= 0 &&
        view.getInt32(at, true) === textView.getInt32(from, true) &&
        view.getInt32(at + last, true) === textView.getInt32(from + last, true)
      );
    }
    const last = bytes - 8;
    for (let done = 0; done < last; done += 8) {
      if (view.getFloat64(at + done, true) !== textView.getFloat64(from + done, true)) return false;
    }
    return view.getFloat64(at + last, true) === textView.getFloat64(from + last, true);
  }

  /** A member that should have had its constant value has another. */
  private failed(member: number): void {
    const failures = ++(this.failures[member] as number);
    this.failures[member] = failures;
    if (failures < failuresMin || failures < this.lines * failuresMax) return;
    this.constant[member] = 0;
    this.findRuns();
  }

  private findRuns(): void {
    this.constant[this.count] = 0;
    for (let member = this.count - 1; member >= 0; member--) {
      const next = member + 1;
      this.runEnds[member] =
        this.constant[member] === 0
          ? member
          : this.constant[next] === 1
            ? (this.runEnds[next] as number)
            : next;
    }
  }

  private judge(): void {
    const useless = this.missed > this.seen * missesMax;
    this.seen = this.missed = 0;
    if (!useless) {
      this.doubted = false;
      return;
    }
    this.count = this.lines = 0;
    // all: the members that are learnt now stand before the old ones, whose text they overwrite
    this.constant.fill(0);
    if (this.doubted) this.resting = restLines;
    else this.learning = true;
    this.doubted = true;
  }
}

/**
 * Whether a value may be a constant: null, true, false, an empty object or array, or a plain string of a field that nobody
 * wants. Not a number: nothing at its end says that it ends there.
 */
function isFixed(source: Uint8Array, start: number, end: number, slot: number): boolean {
  const first = source[start] as number;
  const bytes = end - start;
  if (first === 0x22) return slot < 0;
  if (first === 0x7b || first === 0x5b) return bytes === 2;
  return first === 0x6e || first === 0x74 || first === 0x66;
}
