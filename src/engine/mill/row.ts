/** From a line's fields to one value in every column. */
import type { Column } from '../../core/columns.ts';
import { assertNever } from '../../core/errors.ts';
import type { ColumnBuffer } from '../output/column-buffer.ts';
import { ExtraFields } from './extra-fields.ts';
import { falseValue, numberValue, stringValue, trueValue, type FieldTable } from './fields.ts';
import { retrievedSeconds, secondsOf } from './verdict.ts';

type Append = (fields: FieldTable, source: Uint8Array, start: number, end: number) => void;

const int32Min = -(2 ** 31);
const int32Max = 2 ** 31 - 1;

/**
 * One appender a column: each takes the line's fields, and its own bytes for the `raw` column. A value that is absent,
 * null or of a type that can't be read becomes null.
 */
export function rowAppenders(fields: FieldTable, buffers: readonly ColumnBuffer[]): readonly Append[] {
  return buffers.map((buffer) => appenderOf(buffer.column, fields, buffer));
}

function appenderOf(column: Column, fields: FieldTable, buffer: ColumnBuffer): Append {
  if (column.name === 'extra') {
    const extra = new ExtraFields(fields.kind);
    return (_fields, source, start, end) => {
      const text = extra.of(source, start, end);
      buffer.appendUtf8(...validUtf8(text, 0, text.length));
    };
  }
  if (column.name === 'raw')
    return (_fields, source, start, end) => {
      buffer.appendUtf8(...validUtf8(source, start, end));
    };
  if (column.name === 'retrieved_utc') {
    const first = fields.slot('retrieved_on');
    const second = fields.slot('retrieved_utc');
    return (table) => {
      appendSeconds(buffer, retrievedSeconds(table, first, second));
    };
  }
  const slot = fields.slot(column.sources[0] as string);
  if (column.name === 'edited')
    return (table) => {
      appendEdited(buffer, table, slot);
    };
  if (column.name === 'edited_utc')
    return (table) => {
      appendEditedUtc(buffer, table, slot);
    };
  if (column.name === 'parent_id')
    return (table) => {
      appendParentId(buffer, table, slot);
    };
  switch (column.type) {
    case 'string':
      return (table) => {
        appendString(buffer, table, slot);
      };
    case 'int32':
      return (table) => {
        appendInt32(buffer, table, slot);
      };
    case 'double':
      return (table) => {
        const value = table.type[slot] === numberValue ? (table.number[slot] as number) : NaN;
        if (Number.isFinite(value)) buffer.appendNumber(value);
        else buffer.appendNull();
      };
    case 'boolean':
      return (table) => {
        const type = table.type[slot];
        if (type === trueValue) buffer.appendBoolean(true);
        else if (type === falseValue) buffer.appendBoolean(false);
        else buffer.appendNull();
      };
    case 'timestamp':
      return (table) => {
        appendSeconds(buffer, secondsOf(table, slot));
      };
    default:
      return assertNever(column.type);
  }
}

function appendString(buffer: ColumnBuffer, fields: FieldTable, slot: number): void {
  if (fields.type[slot] !== stringValue) buffer.appendNull();
  else
    buffer.appendUtf8(
      fields.source[slot] as Uint8Array,
      fields.start[slot] as number,
      fields.end[slot] as number,
    );
}

function appendInt32(buffer: ColumnBuffer, fields: FieldTable, slot: number): void {
  const value = fields.type[slot] === numberValue ? (fields.number[slot] as number) : NaN;
  if (Number.isInteger(value) && value >= int32Min && value <= int32Max) buffer.appendNumber(value);
  else buffer.appendNull();
}

function appendSeconds(buffer: ColumnBuffer, seconds: number): void {
  if (Number.isNaN(seconds)) buffer.appendNull();
  else buffer.appendNumber(seconds * 1000);
}

/** `edited` is false, true, or the time of the edit (an integer, or a float from 2021-02 to 2023-03). */
function appendEdited(buffer: ColumnBuffer, fields: FieldTable, slot: number): void {
  const type = fields.type[slot];
  if (type === trueValue) buffer.appendBoolean(true);
  else if (type === falseValue) buffer.appendBoolean(false);
  else if (type === numberValue) buffer.appendBoolean((fields.number[slot] as number) > 0);
  else buffer.appendNull();
}

function appendEditedUtc(buffer: ColumnBuffer, fields: FieldTable, slot: number): void {
  const seconds = fields.type[slot] === numberValue ? secondsOf(fields, slot) : NaN;
  appendSeconds(buffer, seconds > 0 ? seconds : NaN);
}

/** `parent_id` is a number in some dumps: the comment's id without its prefix, in base 10. */
function appendParentId(buffer: ColumnBuffer, fields: FieldTable, slot: number): void {
  const value = fields.type[slot] === numberValue ? (fields.number[slot] as number) : NaN;
  if (Number.isSafeInteger(value) && value >= 0) {
    const bytes = Buffer.from(`t1_${value.toString(36)}`, 'latin1');
    buffer.appendUtf8(bytes, 0, bytes.length);
  } else {
    appendString(buffer, fields, slot);
  }
}

/** The raw line as valid UTF-8: Parquet and CSV strings must be; `jsonl` keeps the very bytes. */
function validUtf8(source: Uint8Array, start: number, end: number): [Uint8Array, number, number] {
  for (let at = start; at < end; at++) {
    if ((source[at] as number) < 0x80) continue;
    const bytes = Buffer.from(Buffer.from(source.subarray(start, end)).toString('utf8'), 'utf8');
    return [bytes, 0, bytes.length];
  }
  return [source, start, end];
}
