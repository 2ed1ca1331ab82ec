/** The column `extra`: the members of a line that no column reads, each with its own text, as one JSON object. */
import { fieldsWithColumn, type ArchiveKind } from '../../core/columns.ts';
import { ByteSink } from '../output/byte-sink.ts';

const quote = 0x22;
const backslash = 0x5c;

interface Member {
  keyStart: number;
  keyEnd: number;
  valueStart: number;
  valueEnd: number;
}

/**
 * Writes objects of what is left over. Numbers and escapes stay as the line has them; of a repeated key the last value counts,
 * at the place of the first, as in `JSON.parse`. Memory: the text of one line.
 */
export class ExtraFields {
  private readonly known: ReadonlySet<string>;
  private readonly text = new ByteSink();
  private members: Member[] = [];
  private readonly byKey = new Map<string, Member>();
  private source: Buffer = Buffer.alloc(0);
  private at = 0;

  constructor(kind: ArchiveKind) {
    this.known = fieldsWithColumn(kind);
  }

  /** The object for the line in bytes [start, end), which is a well-formed JSON object; valid until the next call. */
  of(source: Uint8Array, start: number, end: number): Uint8Array {
    this.source = Buffer.from(source.buffer, source.byteOffset, source.length);
    this.at = start;
    this.members = [];
    this.byKey.clear();
    this.readMembers(end);
    const { text } = this;
    text.clear();
    text.pushByte(0x7b);
    for (const [index, { keyStart, keyEnd, valueStart, valueEnd }] of this.members.entries()) {
      if (index > 0) text.pushByte(0x2c);
      this.push(keyStart, keyEnd);
      text.pushByte(0x3a);
      this.push(valueStart, valueEnd);
    }
    text.pushByte(0x7d);
    return text.content();
  }

  private push(start: number, end: number): void {
    this.text.ensure(end - start);
    this.text.push(this.source, start, end);
  }

  private readMembers(end: number): void {
    const { source } = this;
    this.at = this.behindSpace(this.at) + 1; // {
    for (;;) {
      this.at = this.behindSpace(this.at);
      if (this.at >= end || source[this.at] === 0x7d) return;
      const keyStart = this.at;
      this.skipString();
      const keyEnd = this.at;
      this.at = this.behindSpace(this.behindSpace(this.at) + 1); // :
      const valueStart = this.at;
      this.skipValue();
      this.add(keyStart, keyEnd, valueStart, this.at);
      this.at = this.behindSpace(this.at);
      if (source[this.at] === 0x2c) this.at++;
    }
  }

  private add(keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    const { source } = this;
    const plain = source.toString('latin1', keyStart + 1, keyEnd - 1);
    const key = plain.includes('\\')
      ? (JSON.parse(source.toString('utf8', keyStart, keyEnd)) as string)
      : plain;
    if (this.known.has(key)) return;
    // beyond ASCII two spellings of one key are told apart only as text
    const name = key === plain && isAscii(key) ? key : nameOf(source, keyStart, keyEnd);
    const before = this.byKey.get(name);
    if (before !== undefined) {
      before.valueStart = valueStart;
      before.valueEnd = valueEnd;
      return;
    }
    const member = { keyStart, keyEnd, valueStart, valueEnd };
    this.byKey.set(name, member);
    this.members.push(member);
  }

  /** `at` stands on a value's first byte. */
  private skipValue(): void {
    const { source } = this;
    const first = source[this.at] as number;
    if (first === quote) this.skipString();
    else if (first === 0x7b || first === 0x5b) this.skipNested();
    else while (!endsScalar(source[this.at])) this.at++;
  }

  private skipNested(): void {
    const { source } = this;
    let depth = 0;
    do {
      const byte = source[this.at] as number;
      if (byte === quote) {
        this.skipString();
        continue;
      }
      if (byte === 0x7b || byte === 0x5b) depth++;
      else if (byte === 0x7d || byte === 0x5d) depth--;
      this.at++;
    } while (depth > 0);
  }

  private skipString(): void {
    const { source } = this;
    let at = this.at + 1;
    while (source[at] !== quote) at += source[at] === backslash ? 2 : 1;
    this.at = at + 1;
  }

  private behindSpace(at: number): number {
    const { source } = this;
    while (source[at] === 0x20 || source[at] === 0x09 || source[at] === 0x0d) at++;
    return at;
  }
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function nameOf(source: Buffer, start: number, end: number): string {
  return JSON.parse(source.toString('utf8', start, end)) as string;
}

/** A comma, a brace, white space, or the line's end behind a number or a word. */
function endsScalar(byte: number | undefined): boolean {
  return byte === 0x2c || byte === 0x7d || byte === undefined || byte <= 0x20;
}
