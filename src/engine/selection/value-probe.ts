/** One column's value of the row at hand, as every format would write it. */
import type { Column } from '../../core/columns.ts';
import { rowAppenders } from '../mill/row.ts';
import type { FieldTable } from '../mill/fields.ts';
import type { ColumnBuffer } from '../output/column-buffer.ts';

const nothing = new Uint8Array(0);

/** Takes one value and keeps it: what the rows' own appenders give, so that a selection sees the very columns. */
class LastValue implements ColumnBuffer {
  readonly column: Column;
  readonly rows = 0;
  isNull = true;
  /** Of a boolean 0 or 1. */
  number = 0;
  source: Uint8Array = nothing;
  start = 0;
  end = 0;

  constructor(column: Column) {
    this.column = column;
  }

  appendNull(): void {
    this.isNull = true;
  }

  appendUtf8(source: Uint8Array, start: number, end: number): void {
    this.isNull = false;
    this.source = source;
    this.start = start;
    this.end = end;
  }

  appendString(value: string): void {
    const bytes = Buffer.from(value.toWellFormed(), 'utf8');
    this.appendUtf8(bytes, 0, bytes.length);
  }

  appendNumber(value: number): void {
    this.isNull = false;
    this.number = value;
  }

  appendBoolean(value: boolean): void {
    this.appendNumber(value ? 1 : 0);
  }
}

/** Reads the column of the row in `fields`; the value is the reader's own, until it reads again. */
export type ValueReader = (fields: FieldTable) => Readonly<LastValue>;

/** A reader of one column, which has to have sources. */
export function valueReader(column: Column, fields: FieldTable): ValueReader {
  const last = new LastValue(column);
  const [append] = rowAppenders(fields, [last]);
  if (append === undefined) throw new TypeError(`No appender for column ${column.name}`);
  return (table) => {
    append(table, nothing, 0, 0);
    return last;
  };
}
