/** Typed columns as JSON lines: one object a row, all columns, nulls as null. */
import type { Column } from '../../core/columns.ts';
import { ByteSink } from './byte-sink.ts';
import type { ColumnBuffer } from './column-buffer.ts';
import type { EncodedStripe, StripeEncoder } from './format.ts';
import { isoTimestamp } from './iso-timestamp.ts';
import { pushAscii, pushJsonString } from './json-text.ts';

class JsonColumn implements ColumnBuffer {
  readonly column: Column;
  rows = 0;
  private readonly line: ByteSink;
  private readonly name: string;

  constructor(column: Column, line: ByteSink, first: boolean) {
    this.column = column;
    this.line = line;
    this.name = `${first ? '{' : ','}${JSON.stringify(column.name)}:`;
  }

  appendNull(): void {
    this.begin();
    pushAscii(this.line, 'null');
  }

  appendUtf8(source: Uint8Array, start: number, end: number): void {
    this.begin();
    pushJsonString(this.line, source, start, end);
  }

  appendString(value: string): void {
    const bytes = Buffer.from(value.toWellFormed(), 'utf8');
    this.appendUtf8(bytes, 0, bytes.length);
  }

  appendNumber(value: number): void {
    this.begin();
    pushAscii(this.line, this.column.type === 'timestamp' ? `"${isoTimestamp(value)}"` : String(value));
  }

  appendBoolean(value: boolean): void {
    this.begin();
    pushAscii(this.line, value ? 'true' : 'false');
  }

  private begin(): void {
    this.rows++;
    pushAscii(this.line, this.name);
  }
}

/** Rows as lines of `lines`, an encoder of whole lines. Memory: a row, and what `lines` takes. */
class JsonColumnsEncoder implements StripeEncoder {
  readonly columns: readonly JsonColumn[];
  private readonly line = new ByteSink();
  private readonly lines: StripeEncoder;

  constructor(columns: readonly Column[], lines: StripeEncoder) {
    this.columns = columns.map((column, index) => new JsonColumn(column, this.line, index === 0));
    this.lines = lines;
  }

  appendLine(): void {
    throw new TypeError('Cannot append a line to JSON columns');
  }

  endRow(): void {
    this.line.pushByte(0x7d); // }
    this.lines.appendLine(this.line.bytes, 0, this.line.length);
    this.line.clear();
  }

  finish(): EncodedStripe {
    this.line.reset();
    return this.lines.finish();
  }
}

/** One JSON object a row, in the order of the columns; timestamps as ISO 8601 text in UTC. */
export function jsonColumnsEncoder(columns: readonly Column[], lines: StripeEncoder): StripeEncoder {
  return new JsonColumnsEncoder(columns, lines);
}
