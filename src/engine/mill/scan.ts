/** The fast path: one pass over a line's bytes that checks all of its JSON and notes where the wanted fields stand. */
import { isUtf8 } from 'node:buffer';
import {
  absent,
  falseValue,
  hexValue,
  nestedValue,
  nullValue,
  numberValue,
  stringValue,
  trueValue,
  type FieldTable,
} from './fields.ts';
import { LineModel } from './line-model.ts';
import { numberAt, skipNumber } from './json-number.ts';

// Classes of bytes inside a string. Every class but `plain` ends the hot loop.
const plain = 0;
const quote = 1;
const backslash = 2;
const control = 3;
const high = 4;
const stringClass = new Uint8Array(256);
stringClass.fill(control, 0, 0x20);
stringClass.fill(high, 0x80);
stringClass[0x22] = quote;
stringClass[0x5c] = backslash;

const isSimpleEscape = new Uint8Array(256);
for (const character of '"\\/bfnrt') isSimpleEscape[character.charCodeAt(0)] = 1;

/** Nesting beyond this goes to the slow path, which has no such bound. */
const depthMax = 64;

const escaped = 1;
const nonAscii = 2;
/** Negative results of the value readers. */
const unsure = -1;

const lineFeed = 0x0a;

/**
 * Scans JSON objects. It answers with the line's end only where the line is certainly a well-formed object and `fields` is
 * certainly what `parseLine` would fill in; in every other case it is unsure, and the caller asks `parseLine`, which decides.
 */
export class LineScanner {
  private readonly fields: FieldTable;
  /** Slot + 1 of the wanted name whose hash is the index; further names of one hash follow in `chain`. */
  private readonly buckets = new Uint8Array(256);
  private readonly chain: Uint8Array;
  private readonly keys: readonly Uint8Array[];
  private readonly nesting = new Uint8Array(depthMax);
  private readonly model: LineModel;
  /** Flags of the string that `string` read last. */
  private flags = 0;
  private readonly stringFlags: Uint8Array;
  /** Slots whose strings have flags, in the order in which they came; one may come twice. */
  private flagged: number[] = [];
  private source: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.source.buffer);

  constructor(fields: FieldTable) {
    this.fields = fields;
    this.model = new LineModel(fields);
    this.keys = fields.names.map((name) => Buffer.from(name, 'latin1'));
    this.chain = new Uint8Array(this.keys.length);
    this.stringFlags = new Uint8Array(this.keys.length);
    for (const [slot, key] of this.keys.entries()) {
      const hash = hashOf(key, 0, key.length);
      this.chain[slot] = this.buckets[hash] as number;
      this.buckets[hash] = slot + 1;
    }
  }

  /**
   * Scans the line that starts at `start`. Somewhere at or behind its end `source` must have a line feed: it stops every
   * loop.
   * @returns the position of the line feed that ends the line, or -1: unsure
   */
  scan(source: Uint8Array, start: number): number {
    const { fields, stringFlags, model } = this;
    if (source !== this.source) {
      this.source = source;
      this.view = new DataView(source.buffer, source.byteOffset, source.length);
    }
    const { view } = this;
    const bytes = source.length;
    fields.clear();
    this.flagged.length = 0;
    model.start();
    let at = skipSpace(source, start);
    if (source[at] !== 0x7b) return unsure;
    for (;;) {
      // `at` stands on the delimiter before a member
      const run = model.takeRun(view, at, bytes);
      if (run > 0) {
        at += run;
        let next = source[at] as number;
        if (next <= 0x20) {
          at = skipSpace(source, at);
          next = source[at] as number;
        }
        if (next === 0x2c) continue;
        if (next !== 0x7d) return unsure;
        return this.endOfObject(source, at + 1);
      }
      const delimiter = at;
      let slot;
      let learnable = false;
      const keyBytes = model.matchKey(view, at, bytes);
      if (keyBytes > 0) {
        slot = model.slot;
        at += keyBytes;
      } else {
        at = skipSpace(source, at + 1);
        if (source[at] !== 0x22) {
          const empty = source[at] === 0x7d && source[delimiter] === 0x7b;
          return empty ? this.lineEnd(source, at + 1) : unsure;
        }
        const keyStart = at + 1;
        at = this.string(source, keyStart);
        if (at < 0 || (this.flags & escaped) !== 0) return unsure;
        slot = this.find(source, keyStart, at - 1);
        const keyEnd = at;
        at = skipSpace(source, at);
        if (source[at] !== 0x3a) return unsure;
        at++;
        learnable = model.learning && keyStart === delimiter + 2 && at === keyEnd + 1;
      }
      const valueAt = at;
      let first = source[at] as number;
      if (first <= 0x20) {
        at = skipSpace(source, at);
        first = source[at] as number;
      }
      const valueStart = at;
      if (first === 0x22) {
        at = this.string(source, at + 1);
        if (at < 0) return unsure;
        if (slot >= 0) {
          fields.type[slot] = stringValue;
          fields.source[slot] = source;
          fields.start[slot] = valueStart + 1;
          fields.end[slot] = at - 1;
          stringFlags[slot] = this.flags;
          if (this.flags !== 0) this.flagged.push(slot);
        }
      } else if (first === 0x6e) {
        if (!isNull(source, at)) return unsure;
        at += 4;
        if (slot >= 0) fields.type[slot] = nullValue;
      } else if (first === 0x66) {
        if (!isFalse(source, at)) return unsure;
        at += 5;
        if (slot >= 0) fields.type[slot] = falseValue;
      } else if (first === 0x74) {
        if (!isTrue(source, at)) return unsure;
        at += 4;
        if (slot >= 0) fields.type[slot] = trueValue;
      } else if (first === 0x7b || first === 0x5b) {
        // '{' + 2 is '}', '[' + 2 is ']'
        at = source[at + 1] === first + 2 ? at + 2 : this.nested(source, at);
        if (at < 0) return unsure;
        if (slot >= 0) fields.type[slot] = nestedValue;
      } else {
        at = skipNumber(source, at);
        if (at < 0) return unsure;
        if (slot >= 0) {
          fields.type[slot] = numberValue;
          fields.number[slot] = numberAt(source, valueStart, at);
        }
      }
      if (learnable) {
        model.learn(source, delimiter, valueAt, at, slot, slot < 0 ? absent : (fields.type[slot] as number));
      }
      let next = source[at] as number;
      if (next <= 0x20) {
        at = skipSpace(source, at);
        next = source[at] as number;
      }
      if (next === 0x2c) continue;
      if (next !== 0x7d) return unsure;
      return this.endOfObject(source, at + 1);
    }
  }

  /** `at` is behind the closing brace. */
  private endOfObject(source: Uint8Array, at: number): number {
    const end = this.lineEnd(source, at);
    return end >= 0 && this.finishStrings() ? end : unsure;
  }

  /** Nothing but white space may stand between an object and its line feed. */
  private lineEnd(source: Uint8Array, at: number): number {
    if (source[at] === lineFeed) return at;
    at = skipSpace(source, at);
    return source[at] === lineFeed ? at : unsure;
  }

  /** Decodes escapes of the wanted strings; false where their bytes are not UTF-8, which only the slow path replaces. */
  private finishStrings(): boolean {
    const { fields, stringFlags, flagged } = this;
    for (const slot of flagged) {
      const flags = stringFlags[slot] as number;
      // done already, or a later value of the same key took its place
      if (flags === 0 || fields.type[slot] !== stringValue) continue;
      stringFlags[slot] = 0;
      if ((flags & nonAscii) !== 0) {
        const bytes = (fields.source[slot] as Uint8Array).subarray(fields.start[slot], fields.end[slot]);
        if (!isUtf8(bytes)) return false;
      }
      if ((flags & escaped) !== 0) fields.unescape(slot);
    }
    return true;
  }

  private find(source: Uint8Array, start: number, end: number): number {
    let entry = this.buckets[hashOf(source, start, end)] as number;
    while (entry !== absent) {
      const slot = entry - 1;
      const key = this.keys[slot] as Uint8Array;
      if (key.length === end - start) {
        let i = 0;
        while (i < key.length && key[i] === source[start + i]) i++;
        if (i === key.length) return slot;
      }
      entry = this.chain[slot] as number;
    }
    return -1;
  }

  /** `at` is behind the opening quote; gives the position behind the closing one, or `unsure`. Sets `flags`. */
  private string(source: Uint8Array, at: number): number {
    const { view } = this;
    const lastWord = source.length - 4;
    let flags = 0;
    for (;;) {
      // Four bytes at a time as long as none of them is special (a borrow can only make one look so).
      while (at <= lastWord) {
        const word = view.getInt32(at, true);
        const quotes = word ^ 0x22222222;
        const backslashes = word ^ 0x5c5c5c5c;
        const special = (word - 0x20202020) | (quotes - 0x01010101) | (backslashes - 0x01010101) | word;
        const marks = special & 0x80808080;
        if (marks !== 0) {
          // the lowest mark is a true one
          at += (31 - Math.clz32(marks & -marks)) >> 3;
          break;
        }
        at += 4;
      }
      let byteClass = stringClass[source[at] as number] as number;
      while (byteClass === plain) byteClass = stringClass[source[++at] as number] as number;
      if (byteClass === quote) {
        this.flags = flags;
        return at + 1;
      }
      if (byteClass === high) {
        flags |= nonAscii;
        do at++;
        while (stringClass[source[at] as number] === high);
      } else if (byteClass === backslash) {
        flags |= escaped;
        const escape = source[at + 1] as number;
        if (isSimpleEscape[escape] === 1) at += 2;
        else if (escape === 0x75 && isHex4(source, at + 2)) at += 6;
        else return unsure;
      } else {
        return unsure;
      }
    }
  }

  /** Skips an object or array at `at`, checking it; gives the position behind it, or `unsure`. */
  private nested(source: Uint8Array, at: number): number {
    const { nesting } = this;
    let depth = 0;
    for (;;) {
      // here `at` stands on the first byte of a value
      const first = source[at] as number;
      if (first === 0x7b || first === 0x5b) {
        if (depth === depthMax) return unsure;
        nesting[depth++] = first;
        at = skipSpace(source, at + 1);
        if (source[at] === first + 2) {
          at++; // an empty object or array: '{' + 2 is '}', '[' + 2 is ']'
          depth--;
        } else {
          if (first === 0x7b) at = this.key(source, at);
          if (at < 0) return unsure;
          continue;
        }
      } else {
        at = this.scalar(source, at, first);
        if (at < 0) return unsure;
      }
      // behind a value: close what ends here, then go to the next value
      for (;;) {
        if (depth === 0) return at;
        at = skipSpace(source, at);
        const open = nesting[depth - 1] as number;
        const next = source[at] as number;
        if (next === 0x2c) {
          at = skipSpace(source, at + 1);
          if (open === 0x7b) at = this.key(source, at);
          if (at < 0) return unsure;
          break;
        }
        if (next !== open + 2) return unsure;
        at++;
        depth--;
      }
    }
  }

  private key(source: Uint8Array, at: number): number {
    if (source[at] !== 0x22) return unsure;
    at = this.string(source, at + 1);
    if (at < 0) return unsure;
    at = skipSpace(source, at);
    return source[at] === 0x3a ? skipSpace(source, at + 1) : unsure;
  }

  private scalar(source: Uint8Array, at: number, first: number): number {
    if (first === 0x22) return this.string(source, at + 1);
    if (first === 0x6e) return isNull(source, at) ? at + 4 : unsure;
    if (first === 0x74) return isTrue(source, at) ? at + 4 : unsure;
    if (first === 0x66) return isFalse(source, at) ? at + 5 : unsure;
    return skipNumber(source, at);
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  return ((end - start) * 37 + (bytes[start] as number) * 11 + (bytes[end - 1] as number) * 3) & 255;
}

/** JSON's white space but the line feed, which ends a line. */
function skipSpace(source: Uint8Array, at: number): number {
  let byte = source[at] as number;
  while (byte === 0x20 || byte === 0x09 || byte === 0x0d) byte = source[++at] as number;
  return at;
}

function isNull(source: Uint8Array, at: number): boolean {
  return source[at + 1] === 0x75 && source[at + 2] === 0x6c && source[at + 3] === 0x6c;
}
function isTrue(source: Uint8Array, at: number): boolean {
  return source[at + 1] === 0x72 && source[at + 2] === 0x75 && source[at + 3] === 0x65;
}
function isFalse(source: Uint8Array, at: number): boolean {
  return (
    source[at + 1] === 0x61 && source[at + 2] === 0x6c && source[at + 3] === 0x73 && source[at + 4] === 0x65
  );
}
function isHex4(source: Uint8Array, at: number): boolean {
  // 255 marks what is no digit: its high bits survive the OR
  const digits =
    (hexValue[source[at] as number] as number) |
    (hexValue[source[at + 1] as number] as number) |
    (hexValue[source[at + 2] as number] as number) |
    (hexValue[source[at + 3] as number] as number);
  return digits < 16;
}
