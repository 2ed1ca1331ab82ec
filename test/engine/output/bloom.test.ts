import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetMetadata } from 'hyparquet';
import { readBloomFilter, sbbfContains } from 'hyparquet/src/bloom.js';
import { xxhash64 } from 'hyparquet/src/xxhash.js';
import { parquetEncoderOf, parquetFramingOf } from '../../../src/engine/output/parquet/format.ts';
import { XxHash64 } from '../../../src/engine/output/parquet/xxhash64.ts';
import { partFile, testColumn, type Row } from './part-file.ts';

const columns = [
  testColumn('id', 'string', true),
  testColumn('author', 'string'),
  testColumn('body', 'string', true),
];

function fileOf(stripes: readonly (readonly Row[])[]): Buffer {
  return partFile(parquetEncoderOf(columns), parquetFramingOf(columns), stripes);
}

/** Rows with ids in order, as a dump has them. */
function stripe(number: number, rows = 3000): readonly Row[] {
  return Array.from({ length: rows }, (_, row) => {
    const id = (36_000_000_000 + number * rows + row).toString(36);
    return [id, row % 9 === 0 ? null : `author_${number}_${row % 400}`, `body of ${id}`];
  });
}

/** The filter of each chunk of a column: row group after row group. */
function filtersOf(file: Buffer, column: string): readonly (Uint32Array | null)[] {
  const bytes = new Uint8Array(file);
  return parquetMetadata(bytes.buffer).row_groups.map((group) => {
    const meta = group.columns.find(({ meta_data: found }) => found?.path_in_schema[0] === column)?.meta_data;
    if (meta?.bloom_filter_offset === undefined) return null;
    const start = Number(meta.bloom_filter_offset);
    const view = new DataView(bytes.buffer, start, meta.bloom_filter_length);
    const filter = readBloomFilter({ view, offset: 0 });
    assert.ok(filter, 'the header is one that hyparquet knows');
    return filter.blocks;
  });
}

describe('XxHash64', () => {
  it('hash() is that of an independent implementation, for every length of input', () => {
    const hasher = new XxHash64();
    const check = (bytes: Uint8Array) => {
      hasher.hash(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
      const hash = (BigInt(hasher.high >>> 0) << 32n) | BigInt(hasher.low >>> 0);
      assert.equal(hash, xxhash64(bytes), Buffer.from(bytes).toString('hex'));
    };
    for (let size = 0; size <= 200; size++) {
      check(Uint8Array.from({ length: size }, (_, at) => (at * 151 + size * 7) & 255));
      check(new Uint8Array(size).fill(255));
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), check), { numRuns: 2000 });
  });
});

describe('bloom filters of Parquet', () => {
  it('let every author of a row group pass, and few of another one', () => {
    const stripes = [stripe(0), stripe(1)];
    const filters = filtersOf(fileOf(stripes), 'author');
    assert.equal(filters.length, 2);
    let wrong = 0;
    for (const [group, filter] of filters.entries()) {
      assert.ok(filter);
      for (const [other, rows] of stripes.entries()) {
        for (const author of new Set(rows.map((row) => row[1] as string | null))) {
          if (author === null) continue;
          const passes = sbbfContains(filter, xxhash64(Buffer.from(author)));
          if (group === other) assert.ok(passes, author);
          else if (passes) wrong++;
        }
      }
    }
    assert.ok(wrong < 800 * 0.05, `${wrong} of 800 passed a filter that lacks them`);
  });

  it('hold the values of pages behind a dictionary that was given up', () => {
    const rows = Array.from({ length: 12_000 }, (_, n): Row => {
      const author = `${n < 4000 ? n % 10 : n} ${'y'.repeat(250)}`;
      return [`${(n * 7919) % 12_000}`, author, ''];
    });
    const [filter] = filtersOf(fileOf([rows]), 'author');
    assert.ok(filter);
    for (const row of rows) assert.ok(sbbfContains(filter, xxhash64(Buffer.from(row[1] as string))));
  });

  it('are left out where ids stand in order, whose bounds say as much, and for other columns', () => {
    const inOrder = stripe(0);
    const shuffled = inOrder.map((_, at) => inOrder[(at * 7919) % inOrder.length] ?? []);
    assert.deepEqual(filtersOf(fileOf([inOrder]), 'id'), [null]);
    assert.deepEqual(filtersOf(fileOf([inOrder]), 'body'), [null]);
    const [filter] = filtersOf(fileOf([shuffled]), 'id');
    assert.ok(filter);
    for (const row of shuffled) assert.ok(sbbfContains(filter, xxhash64(Buffer.from(row[0] as string))));
  });

  it('are left out of a chunk without values', () => {
    assert.deepEqual(filtersOf(fileOf([[['a', null, '']]]), 'author'), [null]);
  });

  it('have DuckDB pass over the row groups that lack an author', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'threadmill-bloom-'));
    try {
      const path = join(folder, 'part.parquet');
      writeFileSync(path, fileOf([stripe(0), stripe(1), stripe(2), stripe(3)]));
      const connection = await (await DuckDBInstance.create()).connect();
      const ask = async (sql: string) => (await connection.runAndReadAll(sql)).getRows();
      const probe = await ask(
        `select row_group_id, bloom_filter_excludes from parquet_bloom_probe('${path}', 'author', 'author_2_7') order by 1`,
      );
      assert.deepEqual(
        probe.map(([group, excludes]) => [Number(group), excludes]),
        [0, 1, 2, 3].map((group) => [group, group !== 2]),
      );
      const found = await ask(`select count(*) from '${path}' where author = 'author_2_7'`);
      assert.equal(Number(found[0]?.[0]), stripe(2).filter((row) => row[1] === 'author_2_7').length);
      connection.closeSync();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
