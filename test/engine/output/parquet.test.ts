import assert from 'node:assert/strict';
import { parquetMetadata } from 'hyparquet';
import fc from 'fast-check';
import { columnsOf } from '../../../src/core/columns.ts';
import type { Column } from '../../../src/core/columns.ts';
import {
  parquetEncoder,
  parquetEncoderOf,
  parquetFraming,
  parquetFramingOf,
} from '../../../src/engine/output/parquet/format.ts';
import { allTypes, appendRow, partFile, testColumn } from './part-file.ts';
import type { Row, Value } from './part-file.ts';
import { readHyparquet, readers } from './readers.ts';

function parquet(columns: readonly Column[], stripes: readonly (readonly Row[])[], keyValues = {}): Buffer {
  return partFile(parquetEncoderOf(columns), parquetFramingOf(columns), stripes, keyValues);
}

function metadataOf(file: Buffer) {
  return parquetMetadata(new Uint8Array(file).buffer);
}

/** Rows of `allTypes`, by number. */
function typicalRow(n: number): Row {
  return [
    `id${n}`,
    1_134_365_188_000 + n * 1000,
    n % 3 === 0 ? null : `text ${n % 7}`,
    n % 5 === 0 ? null : n % 11,
    n % 4 === 0 ? null : (n % 10) / 10,
    n % 6 === 0 ? null : n % 2 === 0,
    n % 2 === 0 ? null : n * 17,
  ];
}

const typical = Array.from({ length: 3000 }, (_, n) => typicalRow(n));
const nullRow: Row = ['x', 0, null, null, null, null, null];
const oneColumn = [testColumn('value', 'string')];
const long = 'é🙂'.repeat(170_000);
const extremes: readonly Row[] = [
  ['', -1, '', -2_147_483_648, -1.5, true, -62_135_596_800_000],
  ['ż🙂\u0000', 0, ' ', 2_147_483_647, 5e-324, false, 253_402_300_799_999],
  ['a', 1, '"', -1, 1.7976931348623157e308, true, -1],
  ['b', -(2 ** 50), '\n', 0, 0, false, 2 ** 50],
  ['c', 1_134_365_188_123, 'null', 1, 0.1, null, null],
];

interface RoundTrip {
  readonly columns: readonly Column[];
  readonly stripes: readonly (readonly Row[])[];
}

const cases: Record<string, RoundTrip> = {
  'typical rows': { columns: allTypes, stripes: [typical] },
  'several row groups': {
    columns: allTypes,
    stripes: [typical.slice(0, 1), typical.slice(1, 900), typical.slice(900)],
  },
  'a stripe without rows between others': {
    columns: allTypes,
    stripes: [typical.slice(0, 5), [], typical.slice(5, 9)],
  },
  'no rows': { columns: allTypes, stripes: [] },
  extremes: { columns: allTypes, stripes: [extremes] },
  'columns of nulls only': {
    columns: allTypes,
    stripes: [Array.from({ length: 1000 }, () => nullRow), [nullRow]],
  },
  'long strings': { columns: oneColumn, stripes: [[[long], [null], [''], [long], ['end']]] },
  'plain strings over pages': {
    columns: [testColumn('id', 'string', true), ...oneColumn],
    stripes: [
      Array.from({ length: 9000 }, (_, n) => [
        `${n} ${'y'.repeat(300)}`,
        n % 9 === 0 ? null : `${'z'.repeat(200)} ${n}`,
      ]),
    ],
  },
  'strings in order over pages, some of them null, empty or one another’s beginning': {
    columns: [testColumn('id', 'string', true), ...oneColumn],
    stripes: [
      Array.from({ length: 90_000 }, (_, n) => {
        const text = `ż${String(n).padStart(6, '0')}${['', 'é', '🙂'][n % 3] ?? ''}`;
        return [(36 ** 5 + n * 7).toString(36), n % 10 === 0 ? null : n < 5 ? '' : text];
      }),
      [['a', 'b']],
    ],
  },
  'a dictionary that overflows in its second page': {
    columns: oneColumn,
    stripes: [Array.from({ length: 15_000 }, (_, n) => [`${n < 6000 ? n % 10 : n} ${'y'.repeat(250)}`])],
  },
  'more rows than a page takes': {
    columns: [
      testColumn('count', 'int32'),
      testColumn('flag', 'boolean', true),
      testColumn('value', 'string'),
    ],
    stripes: [
      Array.from({ length: 140_000 }, (_, n) => [
        (n * 31_337) | 0,
        n % 3 === 0,
        n % 1000 < 990 ? null : `v${n % 17}`,
      ]),
    ],
  },
};
const fullRow: Row = ['x', 0, 'text', 1, 0.5, true, 1000];
for (const position of [0, 1, 7, 8, 9, 31, 32, 33, 63, 64]) {
  const rows = Array.from({ length: 65 }, (_, n) => (n === position ? nullRow : fullRow));
  cases[`one row of nulls at ${position} of 65`] = { columns: allTypes, stripes: [rows] };
}

describe('parquet', function () {
  this.timeout(120_000);

  for (const [name, { columns, stripes }] of Object.entries(cases)) {
    it(`gives back ${name}`, async () => {
      const file = parquet(columns, stripes);
      const expected = stripes.flat();
      for (const [reader, read] of readers) {
        // DuckDB's timestamps are microseconds in 64 bits; all here fit
        const rows = await read(file, columns);
        assert.equal(rows.length, expected.length, reader);
        rows.forEach((row, n) => {
          assert.deepEqual(row, expected[n], `${reader}, row ${n}`);
        });
      }
    });
  }

  it('gives back any rows (hyparquet)', async () => {
    const maybe = (value: fc.Arbitrary<Value>) => fc.option(value, { nil: null });
    const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 90 }), fc.constantFrom('', 'a', 'b'));
    const time = fc.oneof(fc.integer({ min: -(2 ** 52), max: 2 ** 52 }), fc.integer({ min: 0, max: 100 }));
    const row = fc.tuple(
      text,
      time,
      maybe(text),
      maybe(fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 }))),
      maybe(fc.double({ noNaN: true })),
      maybe(fc.boolean()),
      maybe(time),
    );
    const stripes = fc.array(fc.array(row, { size: 'large', maxLength: 300 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(stripes, async (list) => {
        assert.deepEqual(await readHyparquet(parquet(allTypes, list), allTypes), list.flat());
      }),
      { numRuns: 150 },
    );
  });

  it('writes the same bytes whatever the encoder did before', () => {
    const encoder = parquetEncoderOf(allTypes);
    const encode = (rows: readonly Row[]) => {
      for (const row of rows) appendRow(encoder, row);
      return encoder.finish();
    };
    const first = encode(typical);
    encode(extremes);
    encode([]);
    const big = Array.from(
      { length: 3000 },
      (_, n) => ['x'.repeat(n), 0, 'y'.repeat(n), n, n, null, null] satisfies Row,
    );
    encode(big);
    assert.deepEqual(encode(typical), first);
    assert.deepEqual(parquet(allTypes, [big, typical]), parquet(allTypes, [big, typical]));
  });

  it('gives stripes whose ArrayBuffer is theirs alone, as a transfer needs, and meta that is JSON', () => {
    const encoder = parquetEncoderOf(allTypes);
    for (const row of typical) appendRow(encoder, row);
    const { bytes, meta } = encoder.finish();
    assert.deepEqual(JSON.parse(JSON.stringify(meta)), meta);
    const before = Buffer.from(bytes);
    for (const row of typical) appendRow(encoder, row);
    const next = encoder.finish();
    assert.notEqual(next.bytes.buffer, bytes.buffer);
    assert.deepEqual(Buffer.from(bytes), before);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    assert.deepEqual(
      Buffer.from(next.bytes),
      before,
      'the same rows make the same bytes, after a transfer too',
    );
  });

  it('declares schema, statistics and key values', () => {
    const metadata = metadataOf(parquet(allTypes, [typical], { 'threadmill.part': '7' }));
    assert.equal(metadata.created_by, 'threadmill version 0.1.0');
    assert.deepEqual(metadata.key_value_metadata, [{ key: 'threadmill.part', value: '7' }]);
    assert.deepEqual(
      metadata.schema
        .slice(1)
        .map(({ name, type, repetition_type, converted_type }) => [
          name,
          type,
          repetition_type,
          converted_type,
        ]),
      [
        ['id', 'BYTE_ARRAY', 'REQUIRED', 'UTF8'],
        ['at', 'INT64', 'REQUIRED', 'TIMESTAMP_MILLIS'],
        ['text', 'BYTE_ARRAY', 'OPTIONAL', 'UTF8'],
        ['count', 'INT32', 'OPTIONAL', undefined],
        ['ratio', 'DOUBLE', 'OPTIONAL', undefined],
        ['flag', 'BOOLEAN', 'OPTIONAL', undefined],
        ['seen', 'INT64', 'OPTIONAL', 'TIMESTAMP_MILLIS'],
      ],
    );
    const chunks = metadata.row_groups[0]?.columns.map((chunk) => chunk.meta_data) ?? [];
    assert.deepEqual(
      chunks.map((chunk) => chunk?.encodings),
      [
        ['PLAIN', 'RLE'],
        ['DELTA_BINARY_PACKED', 'RLE'],
        ['RLE_DICTIONARY', 'PLAIN', 'RLE'],
        ['RLE_DICTIONARY', 'PLAIN', 'RLE'],
        ['RLE_DICTIONARY', 'PLAIN', 'RLE'],
        ['PLAIN', 'RLE'],
        ['DELTA_BINARY_PACKED', 'RLE'],
      ],
    );
    assert.deepEqual(
      chunks.map((chunk) => [
        chunk?.statistics?.min_value,
        chunk?.statistics?.max_value,
        chunk?.statistics?.null_count,
      ]),
      [
        ['id0', 'id999', 0n],
        [new Date(1_134_365_188_000), new Date(1_134_365_188_000 + 2_999_000), 0n],
        ['text 0', 'text 6', 1000n],
        [0, 10, 600n],
        [-0, 0.9, 750n],
        [false, true, 500n],
        [new Date(17), new Date(2999 * 17), 1500n],
      ],
    );
  });

  it('goes over to PLAIN where a dictionary stops paying', () => {
    const { columns = [], stripes = [] } = cases['a dictionary that overflows in its second page'] ?? {};
    const chunk = metadataOf(parquet(columns, stripes)).row_groups[0]?.columns[0]?.meta_data;
    assert.deepEqual(chunk?.encodings, ['RLE_DICTIONARY', 'PLAIN', 'RLE']);
    // ten entries of 257 bytes and indices of 4 bits would take a hundredth of this
    assert.ok(Number(chunk.total_uncompressed_size) > 2_000_000);
  });

  it('writes strings in order as what each adds to the one before it, and others as they are', () => {
    const encodingsOf = (texts: readonly string[]) => {
      const file = parquet([testColumn('value', 'string', true)], [texts.map((text) => [text])]);
      const meta = metadataOf(file).row_groups[0]?.columns[0]?.meta_data;
      return { encodings: meta?.encodings, bytes: Number(meta?.total_uncompressed_size) };
    };
    const ids = Array.from({ length: 3000 }, (_, n) => (36 ** 6 + n * 5).toString(36));
    const inOrder = encodingsOf(ids);
    assert.deepEqual(inOrder.encodings, ['DELTA_BYTE_ARRAY', 'RLE']);
    assert.ok(inOrder.bytes < 3000 * 3, `${inOrder.bytes} bytes of 33,000`);
    const shuffled = encodingsOf(ids.map((_, n) => ids[(n * 7919) % ids.length] ?? ''));
    assert.deepEqual(shuffled.encodings, ['PLAIN', 'RLE']);
    // two that climb, and then one that is too long to have a place in the order
    assert.deepEqual(encodingsOf(['a', 'b', 'x'.repeat(65)]).encodings, ['PLAIN', 'RLE']);
  });

  it('leaves out bounds that it cannot tell exactly', () => {
    const columns = [testColumn('value', 'string'), testColumn('ratio', 'double')];
    const bounds = (rows: readonly Row[]) =>
      metadataOf(parquet(columns, [rows])).row_groups[0]?.columns.map(
        ({ meta_data }) => meta_data?.statistics?.min_value,
      );
    assert.deepEqual(bounds([['a', 1]]), ['a', 1]);
    assert.deepEqual(
      bounds([
        ['a', 1],
        ['x'.repeat(65), Number.NaN],
      ]),
      [undefined, undefined],
    );
    assert.deepEqual(
      bounds([
        ['ż', 1],
        ['z', Infinity],
      ]),
      ['z', undefined],
    );
    assert.deepEqual(bounds([[null, null]]), [undefined, undefined]);
  });

  it('refuses null in a required column and columns of unequal length', () => {
    const encoder = parquetEncoderOf(allTypes);
    assert.throws(() => encoder.columns?.[0]?.appendNull(), /Cannot append null to column 'id'/);
    encoder.columns?.[0]?.appendString('a');
    encoder.endRow();
    assert.throws(() => encoder.finish(), /column 'at' has 0 rows of 1/);
  });

  it('appendString() gives the bytes of appendUtf8(), a lone surrogate as U+FFFD', async () => {
    const encoder = parquetEncoderOf(oneColumn);
    for (const text of ['', 'a', 'ż🙂', '\ud800', long]) {
      encoder.columns?.[0]?.appendString(text);
      encoder.endRow();
    }
    const { bytes, rows, meta } = encoder.finish();
    const framing = parquetFramingOf(oneColumn);
    const footer = framing.footer([{ offset: 4, bytes: bytes.length, stripe: { rows, meta } }], {});
    const file = Buffer.concat([framing.header(), bytes, footer]);
    assert.deepEqual(await readHyparquet(file, oneColumn), [[''], ['a'], ['ż🙂'], ['\ufffd'], [long]]);
  });

  for (const kind of ['comments', 'submissions'] as const) {
    it(`has the columns of ${kind}, with raw last`, () => {
      const options = { format: 'parquet', kind, keepRaw: true } as const;
      const file = partFile(parquetEncoder(options), parquetFraming(options), []);
      const names = metadataOf(file)
        .schema.slice(1)
        .map(({ name }) => name);
      assert.deepEqual(
        names,
        columnsOf(kind, options).map(({ name }) => name),
      );
      assert.equal(names.at(-1), 'raw');
    });
  }
});
