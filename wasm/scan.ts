// The fast path: one pass over a line's bytes that checks all of its JSON and notes where the wanted fields stand.
//
// Built into src/engine/mill/scan-wasm.ts by `npm run wasm`. It answers with the line's end only where the line is certainly
// a well-formed object and the fields are certainly what `parseLine` would fill in; in every other case it is unsure, and
// the caller asks `parseLine`, which decides.
import {
  addKey,
  clearFields,
  ends,
  falseValue,
  find,
  keyBytesMax,
  keys,
  nestedValue,
  nullValue,
  numberValue,
  numbers,
  slotsMax,
  starts,
  stringValue,
  trueValue,
  typeAt,
  types,
} from './fields';
import { foundSlot, forgetModel, learn, learning, matchKey, startLine, takeRun } from './line-model';
import { numberEnd, readNumber, value } from './number';
import { hex4, isUtf8, unescape } from './text';

export { addKey, ends, forgetModel, keyBytesMax, keys, numbers, slotsMax, starts, types };

/** Nesting beyond this goes to the slow path, which has no such bound. */
const depthMax: i32 = 64;
const nesting: usize = memory.data(64);

/** Bytes of input at a time; behind them is what a word may read beyond, and room for their strings without escapes. */
export const inputMax: i32 = 1024 * 1024;
const beyond: usize = 64;
export const input: usize = (__heap_base + 63) & ~63;
const scratch: usize = input + <usize>inputMax + beyond;
/** What the memory must have. */
export const memoryEnd: usize = scratch + <usize>inputMax + beyond;

const escaped: u8 = 1;
const nonAscii: u8 = 2;
const unsure: usize = 0;
const lineFeed: u8 = 0x0a;

/** Flags of the string that `readString` read last. */
let flags: u8 = 0;
const stringFlags: usize = memory.data(64);
/** Slots whose strings have flags, in the order in which they came; one may come again. */
const flagged: usize = memory.data(256);
let flaggedCount: i32 = 0;

/** Scans the line at `start`; gives the position of the line feed that ends it, or 0: unsure. Behind it there is one. */
export function scan(start: usize): usize {
  clearFields();
  flaggedCount = 0;
  startLine();
  let at = skipSpace(start);
  if (load<u8>(at) != 0x7b) return unsure;
  for (;;) {
    // `at` stands on the delimiter before a member
    const run = takeRun(at);
    if (run > 0) {
      at += run;
    } else {
      at = member(at);
      if (at == unsure) return unsure;
      if (ended) return at;
    }
    let next = load<u8>(at);
    if (next <= 0x20) {
      at = skipSpace(at);
      next = load<u8>(at);
    }
    if (next == 0x2c) continue;
    if (next != 0x7d) return unsure;
    at = lineEnd(at + 1);
    return at != unsure && finishStrings() ? at : unsure;
  }
}

/** The line ended in `member`: it was an empty object. */
let ended: bool = false;

/** Reads a member whose delimiter is at `delimiter`; gives the position behind its value. */
function member(delimiter: usize): usize {
  ended = false;
  let at = delimiter;
  let slot: i32;
  let learnable = false;
  const keyBytes = matchKey(at);
  if (keyBytes > 0) {
    slot = foundSlot;
    at += keyBytes;
  } else {
    at = skipSpace(at + 1);
    if (load<u8>(at) != 0x22) {
      if (load<u8>(at) != 0x7d || load<u8>(delimiter) != 0x7b) return unsure;
      ended = true;
      return lineEnd(at + 1);
    }
    const keyStart = at + 1;
    at = readString(keyStart);
    if (at == unsure || (flags & escaped) != 0) return unsure;
    slot = find(keyStart, at - 1);
    const keyEnd = at;
    at = skipSpace(at);
    if (load<u8>(at) != 0x3a) return unsure;
    at++;
    learnable = learning && keyStart == delimiter + 2 && at == keyEnd + 1;
  }
  const valueAt = at;
  let first = load<u8>(at);
  if (first <= 0x20) {
    at = skipSpace(at);
    first = load<u8>(at);
  }
  const valueStart = at;
  let type: u8;
  if (first == 0x22) {
    at = readString(at + 1);
    if (at == unsure) return unsure;
    type = stringValue;
    if (slot >= 0) {
      store<i32>(starts + slot * 4, <i32>valueStart + 1);
      store<i32>(ends + slot * 4, <i32>at - 1);
      store<u8>(stringFlags + slot, flags);
      if (flags != 0) {
        if (flaggedCount == 256) return unsure;
        store<u8>(flagged + flaggedCount++, <u8>slot);
      }
    }
  } else if (first == 0x6e) {
    if (load<u32>(at) != 0x6c6c756e) return unsure; // null
    at += 4;
    type = nullValue;
  } else if (first == 0x66) {
    if (load<u32>(at + 1) != 0x65736c61) return unsure; // alse
    at += 5;
    type = falseValue;
  } else if (first == 0x74) {
    if (load<u32>(at) != 0x65757274) return unsure; // true
    at += 4;
    type = trueValue;
  } else if (first == 0x7b || first == 0x5b) {
    // '{' + 2 is '}', '[' + 2 is ']'
    at = load<u8>(at + 1) == first + 2 ? at + 2 : nested(at);
    if (at == unsure) return unsure;
    type = nestedValue;
  } else {
    if (!readNumber(at, slot >= 0)) return unsure;
    at = numberEnd;
    type = numberValue;
    if (slot >= 0) store<f64>(numbers + slot * 8, value);
  }
  if (slot >= 0) store<u8>(types + slot, type);
  if (learnable) learn(delimiter, valueAt, at, slot);
  return at;
}

/** Nothing but white space may stand between an object and its line feed. */
function lineEnd(at: usize): usize {
  at = skipSpace(at);
  return load<u8>(at) == lineFeed ? at : unsure;
}

/** Decodes escapes of the wanted strings; false where their bytes are not UTF-8, which only the slow path replaces. */
function finishStrings(): bool {
  let to = scratch;
  for (let index = 0; index < flaggedCount; index++) {
    const slot = <i32>load<u8>(flagged + index);
    const its = load<u8>(stringFlags + slot);
    // done already, or a later value of the same key took its place
    if (its == 0 || typeAt(slot) != stringValue) continue;
    store<u8>(stringFlags + slot, 0);
    const start = <usize>load<i32>(starts + slot * 4);
    const end = <usize>load<i32>(ends + slot * 4);
    if ((its & nonAscii) != 0 && !isUtf8(start, end)) return false;
    if ((its & escaped) == 0) continue;
    store<i32>(starts + slot * 4, <i32>to);
    to = unescape(start, end, to);
    store<i32>(ends + slot * 4, <i32>to);
  }
  return true;
}

/** `at` is behind the opening quote; gives the position behind the closing one, or `unsure`. Sets `flags`. */
function readString(at: usize): usize {
  let seen: u8 = 0;
  const quotes = i8x16.splat(0x22);
  const backslashes = i8x16.splat(0x5c);
  const space = i8x16.splat(0x20);
  for (;;) {
    const block = v128.load(at);
    // signed: bytes from 0x80 on are below the space too
    const marks = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(block, quotes), i8x16.eq(block, backslashes)), i8x16.lt_s(block, space)),
    );
    if (marks == 0) {
      at += 16;
      continue;
    }
    at += ctz(marks);
    const byte = load<u8>(at);
    if (byte == 0x22) {
      flags = seen;
      return at + 1;
    }
    if (byte >= 0x80) {
      seen |= nonAscii;
      do at++;
      while (load<u8>(at) >= 0x80);
    } else if (byte == 0x5c) {
      seen |= escaped;
      const escape = load<u8>(at + 1);
      if (isSimpleEscape(escape)) at += 2;
      else if (escape == 0x75 && hex4(at + 2) <= 0xffff) at += 6;
      else return unsure;
    } else return unsure;
  }
  return unsure; // never: the compiler wants it
}

function isSimpleEscape(escape: u8): bool {
  return (
    escape == 0x22 ||
    escape == 0x6e ||
    escape == 0x5c ||
    escape == 0x2f ||
    escape == 0x72 ||
    escape == 0x74 ||
    escape == 0x62 ||
    escape == 0x66
  );
}

/** Skips an object or array at `at`, checking it; gives the position behind it, or `unsure`. */
function nested(at: usize): usize {
  let depth: i32 = 0;
  for (;;) {
    // here `at` stands on the first byte of a value
    const first = load<u8>(at);
    if (first == 0x7b || first == 0x5b) {
      if (depth == depthMax) return unsure;
      store<u8>(nesting + depth++, first);
      at = skipSpace(at + 1);
      if (load<u8>(at) == first + 2) {
        at++; // an empty object or array
        depth--;
      } else {
        if (first == 0x7b) at = key(at);
        if (at == unsure) return unsure;
        continue;
      }
    } else {
      at = scalar(at, first);
      if (at == unsure) return unsure;
    }
    // behind a value: close what ends here, then go to the next value
    for (;;) {
      if (depth == 0) return at;
      at = skipSpace(at);
      const open = load<u8>(nesting + depth - 1);
      const next = load<u8>(at);
      if (next == 0x2c) {
        at = skipSpace(at + 1);
        if (open == 0x7b) at = key(at);
        if (at == unsure) return unsure;
        break;
      }
      if (next != open + 2) return unsure;
      at++;
      depth--;
    }
  }
  return unsure; // never: the compiler wants it
}

function key(at: usize): usize {
  if (load<u8>(at) != 0x22) return unsure;
  at = readString(at + 1);
  if (at == unsure) return unsure;
  at = skipSpace(at);
  return load<u8>(at) == 0x3a ? skipSpace(at + 1) : unsure;
}

function scalar(at: usize, first: u8): usize {
  if (first == 0x22) return readString(at + 1);
  if (first == 0x6e) return load<u32>(at) == 0x6c6c756e ? at + 4 : unsure;
  if (first == 0x74) return load<u32>(at) == 0x65757274 ? at + 4 : unsure;
  if (first == 0x66) return load<u32>(at + 1) == 0x65736c61 ? at + 5 : unsure;
  return readNumber(at, false) ? numberEnd : unsure;
}

/** JSON's white space but the line feed, which ends a line. */
function skipSpace(at: usize): usize {
  let byte = load<u8>(at);
  while (byte == 0x20 || byte == 0x09 || byte == 0x0d) byte = load<u8>(++at);
  return at;
}
