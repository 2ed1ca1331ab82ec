import assert from 'node:assert/strict';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { jsonColumnsEncoder } from '../../../src/engine/output/json-columns.ts';
import { jsonlEncoder } from '../../../src/engine/output/jsonl.ts';
import { allTypes, appendRow, testColumn, type Row } from './part-file.ts';

const rows: readonly Row[] = [
  ['a', 1_134_365_188_000, 'say "hi"\n', -5, 0.25, true, null],
  ['', 0, '', 0, 1e-7, false, 8.64e15],
  ['\u0000é🙂', -1, null, null, null, null, 1_134_365_188_123],
];
const expected = [
  { id: 'a', at: '2005-12-12T05:26:28Z', text: 'say "hi"\n', count: -5, ratio: 0.25, flag: true, seen: null },
  { id: '', at: '1970-01-01T00:00:00Z', text: '', count: 0, ratio: 1e-7, flag: false, seen: '+275760-09-13T00:00:00Z' },
  { id: '\u0000é🙂', at: '1969-12-31T23:59:59.999Z', text: null, count: null, ratio: null, flag: null, seen: '2005-12-12T05:26:28.123Z' },
]; // prettier-ignore

describe('jsonColumnsEncoder()', () => {
  it('writes an object a row, its members in the order of the columns, nulls as null, times as text', () => {
    const encoder = jsonColumnsEncoder(allTypes, jsonlEncoder({ format: 'jsonl' }));
    for (const row of rows) appendRow(encoder, row);
    const { bytes, rows: count } = encoder.finish();
    assert.equal(count, 3);
    assert.equal(Buffer.from(bytes).toString(), expected.map((row) => `${JSON.stringify(row)}\n`).join(''));
    assert.equal(encoder.finish().bytes.length, 0);
  });

  it('compresses the very lines, and begins anew after each stripe', () => {
    const encoder = jsonColumnsEncoder(allTypes, jsonlEncoder({ format: 'jsonl.zst' }));
    const stripes = rows.map((row) => {
      appendRow(encoder, row);
      return zstdDecompressSync(encoder.finish().bytes);
    });
    const lines = Buffer.concat(stripes).toString();
    assert.deepEqual(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
      expected,
    );
  });

  it('escapes names and values alike', () => {
    const columns = [testColumn('a "name"\n', 'string'), testColumn('other', 'double')];
    const value = fc.tuple(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    );
    fc.assert(
      fc.property(value, ([text, number]) => {
        const encoder = jsonColumnsEncoder(columns, jsonlEncoder({ format: 'jsonl' }));
        appendRow(encoder, [text, number]);
        const line = Buffer.from(encoder.finish().bytes).toString();
        assert.equal(line, `${JSON.stringify({ 'a "name"\n': text, other: number })}\n`);
      }),
    );
  });
});
