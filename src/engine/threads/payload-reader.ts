/** Reads the payload of one row, as spill-encoder.ts wrote it: spans and numbers by column, as the scanner's field table. */
import type { Column, ColumnType } from '../../core/columns.ts';

/** A row's values, by column of the payload. Reused from row to row. */
export class PayloadRow {
  readonly columns: readonly Column[];
  readonly isNull: Uint8Array;
  /** Strings: bytes [start, end) of `source`. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Numbers; booleans as 0 and 1. */
  readonly number: Float64Array;
  source: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.source.buffer);
  private readonly types: readonly ColumnType[];
  private at = 0;

  constructor(columns: readonly Column[]) {
    this.columns = columns;
    this.types = columns.map(({ type }) => type);
    this.isNull = new Uint8Array(columns.length);
    this.start = new Int32Array(columns.length);
    this.end = new Int32Array(columns.length);
    this.number = new Float64Array(columns.length);
  }

  /** Index of a column. @throws RangeError where the payload has none of that name: our bug. */
  index(name: string): number {
    const index = this.columns.findIndex((column) => column.name === name);
    if (index < 0) throw new RangeError(`No column '${name}' in the payload`);
    return index;
  }

  /** Reads the row that stands at `at` of `source`; gives where it ends. @throws RangeError past the end. */
  read(source: Uint8Array, at: number): number {
    if (source !== this.source) {
      this.source = source;
      this.view = new DataView(source.buffer, source.byteOffset, source.byteLength);
    }
    this.at = at;
    for (let column = 0; column < this.types.length; column++) this.readValue(column);
    return this.at;
  }

  private readValue(column: number): void {
    const { view } = this;
    const type = this.types[column] as ColumnType;
    if (type === 'string') {
      const length = this.varint();
      this.isNull[column] = length === 0 ? 1 : 0;
      this.start[column] = this.at;
      this.at += Math.max(0, length - 1);
      this.end[column] = this.at;
      if (this.at > view.byteLength) throw new RangeError('A value goes over the end of its payload');
      return;
    }
    const mark = view.getUint8(this.at++);
    this.isNull[column] = mark === 0 ? 1 : 0;
    if (mark === 0) return;
    if (type === 'boolean') {
      this.number[column] = mark - 1;
    } else if (type === 'int32') {
      this.number[column] = view.getInt32(this.at, true);
      this.at += 4;
    } else {
      this.number[column] = view.getFloat64(this.at, true);
      this.at += 8;
    }
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.view.getUint8(this.at++);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
}
