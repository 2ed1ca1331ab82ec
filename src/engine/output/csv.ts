import { columnsOf } from '../../core/columns.ts';
import type { Column } from '../../core/columns.ts';
import { ByteSink, copyBytes } from './byte-sink.ts';
import type { ColumnBuffer } from './column-buffer.ts';
import type { EncodedStripe, FormatOptions, PartFraming, StripeEncoder } from './format.ts';
import { isoTimestamp } from './iso-timestamp.ts';

const quote = 34;
const comma = 44;
const lineFeed = 10;
const empty = new Uint8Array(0);
const utf8 = new TextEncoder();
const trueText = utf8.encode('true');
const falseText = utf8.encode('false');

/** 1 for the bytes that make a field need quotes (RFC 4180, 2.6): quote, comma, CR, LF. */
const special = new Uint8Array(256);
for (const byte of [quote, comma, 13, lineFeed]) special[byte] = 1;

/** The text of a stripe, shared by its columns, which write fields in the order of the header. */
class CsvText {
  readonly sink = new ByteSink();
  /** Index of the column whose field comes next. */
  next = 0;
}

/** Writes its fields straight into the stripe's text. */
class CsvColumn implements ColumnBuffer {
  readonly column: Column;
  rows = 0;
  private readonly text: CsvText;
  private readonly sink: ByteSink;
  private readonly index: number;

  constructor(column: Column, text: CsvText, index: number) {
    this.column = column;
    this.text = text;
    this.sink = text.sink;
    this.index = index;
  }

  appendNull(): void {
    if (this.column.required)
      throw new TypeError(`Cannot append null to column '${this.column.name}': it is required`);
    this.startField();
  }

  appendUtf8(source: Uint8Array, start: number, end: number): void {
    this.startField();
    const sink = this.sink;
    // every byte doubled, and two quotes
    sink.ensure(2 * (end - start) + 2);
    let plain = end > start;
    for (let at = start; at < end; at++) {
      if (special[source[at] as number] === 1) {
        plain = false;
        break;
      }
    }
    if (plain) {
      copyBytes(sink.bytes, sink.length, source, start, end);
      sink.length += end - start;
    } else {
      sink.length = writeQuoted(sink.bytes, sink.length, source, start, end);
    }
  }

  appendString(value: string): void {
    const bytes = utf8.encode(value);
    this.appendUtf8(bytes, 0, bytes.length);
  }

  appendNumber(value: number): void {
    this.startField();
    this.pushText(this.column.type === 'timestamp' ? isoTimestamp(value) : String(value));
  }

  appendBoolean(value: boolean): void {
    this.startField();
    this.sink.push(value ? trueText : falseText);
  }

  private startField(): void {
    if (this.text.next !== this.index) {
      throw new TypeError(
        `Cannot append to column '${this.column.name}': fields must come in the order of columnsOf()`,
      );
    }
    if (this.index > 0) this.sink.pushByte(comma);
    this.text.next++;
    this.rows++;
  }

  /** ASCII only. */
  private pushText(text: string): void {
    const sink = this.sink;
    sink.ensure(text.length);
    for (let at = 0; at < text.length; at++) sink.bytes[sink.length++] = text.charCodeAt(at);
  }
}

/** Writes the field between quotes, its own quotes doubled; gives the offset after it. */
function writeQuoted(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): number {
  let to = at;
  target[to++] = quote;
  for (let from = start; from < end; from++) {
    const byte = source[from] as number;
    if (byte === quote) target[to++] = quote;
    target[to++] = byte;
  }
  target[to++] = quote;
  return to;
}

class CsvEncoder implements StripeEncoder {
  readonly columns: readonly CsvColumn[];
  private readonly text = new CsvText();
  private rows = 0;

  constructor(columns: readonly Column[]) {
    this.columns = columns.map((column, index) => new CsvColumn(column, this.text, index));
  }

  appendLine(): void {
    throw new TypeError('Cannot append a line to csv: it takes columns');
  }

  endRow(): void {
    if (this.text.next !== this.columns.length) {
      throw new TypeError(
        `Cannot end csv row: ${this.text.next} of ${this.columns.length} columns were appended`,
      );
    }
    this.text.sink.pushByte(lineFeed);
    this.text.next = 0;
    this.rows++;
  }

  finish(): EncodedStripe {
    const stripe = { bytes: this.text.sink.take(), rows: this.rows, meta: null };
    for (const column of this.columns) column.rows = 0;
    this.rows = 0;
    return stripe;
  }
}

/**
 * RFC 4180 with LF line ends: null is an empty field, the empty string `""`, booleans `true` and `false`, timestamps
 * ISO 8601 in UTC. Control characters, NUL among them, stay as they are. Memory: the stripe's text.
 */
export function csvEncoder(options: FormatOptions): StripeEncoder {
  return csvEncoderOf(columnsOf(options.kind, options));
}

/** The same for columns of the caller's choice (threads datasets). */
export function csvEncoderOf(columns: readonly Column[]): StripeEncoder {
  return new CsvEncoder(columns);
}

/** Each part starts with a line of the columns' names, so that it can be read alone. */
export function csvFraming(options: FormatOptions): PartFraming {
  return csvFramingOf(columnsOf(options.kind, options));
}

/** The same for columns of the caller's choice. */
export function csvFramingOf(columns: readonly Column[]): PartFraming {
  return {
    extension: 'csv',
    header: () => utf8.encode(`${columns.map(({ name }) => name).join(',')}\n`),
    footer: () => empty,
  };
}
