// What a line is expected to look like: most lines of a dump have the keys of the line before, and half of its values.
//
// A copy of one line's members, `,"key":value` after `,"key":value` (the first with `{`). A run of members whose values
// are the same on most lines, and the key of any other, is recognised by comparing sixteen bytes at a time with what was
// once read and checked: equal bytes mean the same.
import { absent, typeAt, types } from './fields';

/** A line has at most this many members in the model; the rest is read without it. */
const membersMax: i32 = 160;
const textBytes: i32 = 16 * 1024;
/** A longer value is no constant, and would only fill the text. */
const constantBytesMax: i32 = 40;
/** An expectation that fails looks this far ahead: comments of 2021 to 2023 lack all author keys one time in eight. */
const lookAhead: i32 = 24;
/** So many members decide whether the model is any good, and so large a share of them may be missing: a quarter. */
const judgedMembers: i32 = 200;
/** Lines without a model after two in a row that were of no use: until 2018 the order changes from line to line. */
const restLines: i32 = 500;
/** A constant that failed so often, and in a quarter of the lines, is none. */
const failuresMin: i32 = 8;

// sixteen more: a comparison reads whole words
const text: usize = memory.data(16 * 1024 + 16, 16);

/** A member of the model. */
@unmanaged
class Member {
  /** Where it begins in the text, and where its key's colon and its value end. */
  start: i32;
  keyEnd: i32;
  end: i32;
  slot: i32;
  failures: i32;
  /** First member behind the run of constants that it is in; itself where it is none. */
  runEnd: i32;
  /** Of the value, as in the field table. */
  type: u8;
  constant: bool;
}
const memberBytes: usize = 28;
const members: usize = memory.data(161 * 28, 4);

function member(index: i32): Member {
  return changetype<Member>(members + <usize>index * memberBytes);
}

/** Slot of the member that `matchKey` has found, or -1. */
export let foundSlot: i32 = -1;
/** The line is being learnt: `learn` wants its members. */
export let learning: bool = true;
let count: i32 = 0;
let current: i32 = 0;
let lines: i32 = 0;
/** Members looked for, and not found, since the model was judged. */
let seen: i32 = 0;
let missed: i32 = 0;
/** The model before this one was of no use either. */
let doubted: bool = false;
/** Lines until the next one is learnt. */
let resting: i32 = 0;

/** As if no line had come yet. */
export function forgetModel(): void {
  learning = true;
  doubted = false;
  count = current = lines = seen = missed = resting = 0;
  memory.fill(members, 0, 161 * 28);
}

/** A new line begins; the last one has ended well or badly. */
export function startLine(): void {
  current = 0;
  lines++;
  if (resting > 0) {
    resting--;
    learning = resting == 0;
    return;
  }
  if (learning && count > 0) {
    learning = false;
    seen = missed = 0;
    findRuns();
  }
  if (seen >= judgedMembers) judge();
}

/** How many of `bytes` bytes at two places are the same, from their beginning. Reads up to fifteen beyond. */
function sameBytes(a: usize, b: usize, bytes: i32): i32 {
  let done: i32 = 0;
  for (; done < bytes; done += 16) {
    const differ = v128.bitmask<i8>(v128.ne<i8>(v128.load(a + done), v128.load(b + done)));
    if (differ != 0) return min(bytes, done + ctz(differ));
  }
  return bytes;
}

/** Takes the members at `at` whose keys and values are the expected constants; sets the wanted ones' types. Gives their bytes; 0: none. */
export function takeRun(at: usize): i32 {
  const first = current;
  const head = member(first);
  if (!head.constant) return 0;
  const from = head.start;
  let behind = head.runEnd;
  let bytes = member(behind - 1).end - from;
  const same = sameBytes(at, text + from, bytes);
  if (same < bytes) {
    // the members that lie whole before the first difference
    behind = first;
    while (member(behind).end - from <= same) behind++;
    if (behind == first) return 0;
    bytes = member(behind - 1).end - from;
  }
  for (let index = first; index < behind; index++) {
    const taken = member(index);
    if (taken.slot >= 0) store<u8>(types + taken.slot, taken.type);
  }
  seen += behind - first;
  current = behind;
  return bytes;
}

/** Whether an expected key stands at `at`, with its delimiter and colon; sets `foundSlot`. Gives its bytes; 0: none. */
export function matchKey(at: usize): i32 {
  seen++;
  const last = min(current + lookAhead, count);
  for (let index = current; index < last; index++) {
    const expected = member(index);
    const bytes = expected.keyEnd - expected.start;
    if (sameBytes(at, text + expected.start, bytes) != bytes) continue;
    if (expected.constant) failed(expected);
    current = index + 1;
    foundSlot = expected.slot;
    return bytes;
  }
  missed++;
  return 0;
}

/** Adds a member of the line that is being learnt; its key has no escapes and its colon no space before it. */
export function learn(start: usize, keyEnd: usize, valueEnd: usize, slot: i32): void {
  const constant = <i32>(valueEnd - keyEnd) <= constantBytesMax && isFixed(keyEnd, valueEnd, slot);
  const end = constant ? valueEnd : keyEnd;
  const from = count == 0 ? 0 : member(count - 1).end;
  const bytes = <i32>(end - start);
  if (count == membersMax || from + bytes > textBytes) return;
  memory.copy(text + from, start, bytes);
  const added = member(count);
  added.start = from;
  added.keyEnd = from + <i32>(keyEnd - start);
  added.end = from + bytes;
  added.slot = slot;
  added.type = slot < 0 ? absent : typeAt(slot);
  added.constant = constant;
  added.failures = 0;
  count++;
  current = count;
}

/** A member that should have had its constant value has another. */
function failed(expected: Member): void {
  const failures = ++expected.failures;
  if (failures < failuresMin || failures * 4 < lines) return;
  expected.constant = false;
  findRuns();
}

function findRuns(): void {
  member(count).constant = false;
  for (let index = count - 1; index >= 0; index--) {
    const next = member(index + 1);
    member(index).runEnd = !member(index).constant ? index : next.constant ? next.runEnd : index + 1;
  }
}

function judge(): void {
  const useless = missed * 4 > seen;
  seen = missed = 0;
  if (!useless) {
    doubted = false;
    return;
  }
  count = lines = 0;
  // all: the members that are learnt now stand before the old ones, whose text they overwrite
  for (let index = 0; index <= membersMax; index++) member(index).constant = false;
  if (doubted) resting = restLines;
  else learning = true;
  doubted = true;
}

/**
 * Whether a value may be a constant: null, true, false, an empty object or array, or a plain string of a field that nobody
 * wants. Not a number: nothing at its end says that it ends there.
 */
function isFixed(start: usize, end: usize, slot: i32): bool {
  const first = load<u8>(start);
  if (first == 0x22) return slot < 0;
  if (first == 0x7b || first == 0x5b) return end - start == 2;
  return first == 0x6e || first == 0x74 || first == 0x66;
}
