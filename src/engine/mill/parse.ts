/** The slow path, and the definition: `JSON.parse` of the line's UTF-8 text, poured into the field table. */
import { falseValue, nestedValue, nullValue, numberValue, trueValue, type FieldTable } from './fields.ts';

export type ParseOutcome = 'object' | 'malformed-json' | 'not-an-object';

/**
 * Reads bytes [start, end) of `source` as JSON text (invalid UTF-8 becomes U+FFFD) and fills `fields`.
 * The last of repeated keys wins, as in `JSON.parse`. Allocates in proportion to the line.
 */
export function parseLine(source: Uint8Array, start: number, end: number, fields: FieldTable): ParseOutcome {
  fields.clear();
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(source.subarray(start, end)).toString('utf8'));
  } catch {
    return 'malformed-json'; // the reject carries the raw bytes: V8's message adds nothing that is stable
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not-an-object';
  const record = value as Readonly<Record<string, unknown>>;
  for (const [slot, name] of fields.names.entries()) {
    if (!Object.hasOwn(record, name)) continue;
    const field = record[name];
    if (typeof field === 'string') fields.setString(slot, field);
    else if (typeof field === 'number') {
      fields.type[slot] = numberValue;
      fields.number[slot] = field;
    } else if (field === true) fields.type[slot] = trueValue;
    else if (field === false) fields.type[slot] = falseValue;
    else if (field === null) fields.type[slot] = nullValue;
    else fields.type[slot] = nestedValue;
  }
  return 'object';
}
