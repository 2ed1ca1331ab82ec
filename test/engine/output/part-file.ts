/** Test helper: rows in, a whole part file out. */
import type { Column } from '../../../src/core/columns.ts';
import type { PartFraming, StripeEncoder } from '../../../src/engine/output/format.ts';

export type Value = string | number | boolean | null;
export type Row = readonly Value[];

export function testColumn(name: string, type: Column['type'], required = false): Column {
  return { name, type, sources: [name], required };
}

/** Every type, and the two kinds of repetition of each that may be required. */
export const allTypes: readonly Column[] = [
  testColumn('id', 'string', true),
  testColumn('at', 'timestamp', true),
  testColumn('text', 'string'),
  testColumn('count', 'int32'),
  testColumn('ratio', 'double'),
  testColumn('flag', 'boolean'),
  testColumn('seen', 'timestamp'),
];

export function appendRow(encoder: StripeEncoder, row: Row): void {
  encoder.columns?.forEach((buffer, index) => {
    const value = row[index];
    if (value === null || value === undefined) buffer.appendNull();
    else if (typeof value === 'number') buffer.appendNumber(value);
    else if (typeof value === 'boolean') buffer.appendBoolean(value);
    else {
      // an offset, as in a block of lines
      const bytes = Buffer.from(`"${value}"`);
      buffer.appendUtf8(bytes, 1, bytes.length - 1);
    }
  });
  encoder.endRow();
}

/** One stripe for each inner list. `meta` passes through JSON, as on its way between threads and activities. */
export function partFile(
  encoder: StripeEncoder,
  framing: PartFraming,
  stripes: readonly (readonly Row[])[],
  keyValues: Readonly<Record<string, string>> = {},
): Buffer {
  const parts: Uint8Array[] = [framing.header()];
  let offset = framing.header().length;
  const places = stripes.map((rows) => {
    for (const row of rows) appendRow(encoder, row);
    const { bytes, rows: count, meta } = encoder.finish();
    const place = {
      offset,
      bytes: bytes.length,
      stripe: { rows: count, meta: JSON.parse(JSON.stringify(meta)) as unknown },
    };
    parts.push(bytes);
    offset += bytes.length;
    return place;
  });
  parts.push(framing.footer(places, keyValues));
  return Buffer.concat(parts);
}
