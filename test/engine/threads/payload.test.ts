import assert from 'node:assert/strict';
import { zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import type { ArchiveKind, Column } from '../../../src/core/columns.ts';
import type { OutputFormat } from '../../../src/contract/job.ts';
import { PayloadRow } from '../../../src/engine/threads/payload-reader.ts';
import { SpillEncoder, type SpillBlock } from '../../../src/engine/threads/spill-encoder.ts';
import { parentClass, payloadColumns } from '../../../src/engine/threads/spill-layout.ts';
import type { Value } from '../output/part-file.ts';

interface Spilled {
  readonly link: string;
  readonly kept: boolean;
  readonly values: readonly Value[];
}

/** One stripe's blocks: plain payloads and their rows by bucket, in their order. */
function spill(
  rows: readonly Spilled[],
  options: { readonly kind: ArchiveKind; readonly format: OutputFormat; readonly keepRaw: boolean },
  buckets: number,
): readonly { readonly bucket: number; readonly rows: number; readonly payload: Buffer }[] {
  const encoder = new SpillEncoder(payloadColumns(options.kind, options), buckets);
  for (const { link, kept, values } of rows) {
    const source = Buffer.from(link);
    const span = { source, start: 0, end: source.length };
    encoder.beginRow({ kept, createdMs: 0 }, span, span);
    encoder.parent(parentClass.none, source, 0, 0);
    for (const [index, column] of encoder.columns.entries()) {
      const value = values[index] ?? null;
      if (value === null) column.appendNull();
      else if (typeof value === 'string') column.appendString(value);
      else if (typeof value === 'boolean') column.appendBoolean(value);
      else column.appendNumber(value);
    }
    encoder.endRow();
  }
  const { bytes, meta, rows: count } = encoder.finish();
  assert.equal(count, rows.length);
  let at = 0;
  return (meta as readonly SpillBlock[]).map((block) => {
    at += block.keysBytes;
    const payload = zstdDecompressSync(bytes.subarray(at, at + block.payloadBytes));
    at += block.payloadBytes;
    assert.equal(payload.length, block.plainPayloadBytes);
    return { bucket: block.bucket, rows: block.rows, payload };
  });
}

function valuesAt(row: PayloadRow): readonly Value[] {
  return row.columns.map(({ type }, index) => {
    if (row.isNull[index] === 1) return null;
    if (type === 'string')
      return Buffer.from(row.source.subarray(row.start[index], row.end[index])).toString();
    return type === 'boolean' ? row.number[index] === 1 : (row.number[index] as number);
  });
}

function valueOf({ type }: Column): fc.Arbitrary<Value> {
  const values: Readonly<Record<Column['type'], fc.Arbitrary<Value>>> = {
    string: fc.string({ unit: 'grapheme', maxLength: 300 }),
    boolean: fc.boolean(),
    int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    double: fc.double({ noNaN: true }),
    timestamp: fc.integer({ min: -8.64e15, max: 8.64e15 }),
  };
  return fc.option(values[type]);
}

describe('the payload of spilled rows', () => {
  for (const kind of ['comments', 'submissions'] as const) {
    it(`of ${kind} comes back as it went, in every format`, () => {
      for (const format of ['parquet', 'csv', 'jsonl'] as const) {
        const options = { kind, format, keepRaw: true };
        const columns = payloadColumns(kind, options);
        const values = fc.tuple(...columns.map(valueOf));
        fc.assert(
          fc.property(fc.array(values, { maxLength: 20 }), (rows) => {
            const spilled = rows.map((row) => ({ link: 't3_a', kept: true, values: row }));
            const [block] = spill(spilled, options, 1);
            const reader = new PayloadRow(columns);
            let at = 0;
            for (const row of rows) {
              at = reader.read(block?.payload ?? Buffer.alloc(0), at);
              assert.deepEqual(valuesAt(reader), row);
            }
            assert.equal(at, block?.payload.length ?? 0);
          }),
          { numRuns: 20 },
        );
      }
    });
  }

  it('leaves out the text of an excluded line, and nothing else', () => {
    const options = { kind: 'submissions', format: 'parquet', keepRaw: true } as const;
    const columns = payloadColumns('submissions', options);
    const values = columns.map(({ type, name }): Value => {
      if (type === 'string') return `of ${name}`;
      return type === 'boolean' ? true : 7;
    });
    const [block] = spill([{ link: 't3_a', kept: false, values }], options, 1);
    const reader = new PayloadRow(columns);
    reader.read(block?.payload ?? Buffer.alloc(0), 0);
    const withheld = columns.flatMap(({ name }, index) => (valuesAt(reader)[index] === null ? [name] : []));
    assert.deepEqual(withheld, ['selftext', 'raw']);
  });

  it('stays in the order of lines within its bucket where pending rows go over 8 MiB and blocks end', () => {
    const options = { kind: 'comments', format: 'jsonl', keepRaw: false } as const;
    const line = 'x'.repeat(100_000);
    const rows = Array.from({ length: 400 }, (_, number): Spilled => {
      return { link: `t3_${number % 7}`, kept: true, values: [`${number} ${line}`] };
    });
    const blocks = spill(rows, options, 3);
    assert.ok(blocks.length > 9, `${blocks.length} blocks of about 40 MiB`);
    const reader = new PayloadRow(payloadColumns('comments', options));
    const seen = new Set<number>();
    for (let bucket = 0; bucket < 3; bucket++) {
      const numbers = blocks
        .filter((block) => block.bucket === bucket)
        .flatMap(({ payload, rows: count }) => {
          let at = 0;
          return Array.from({ length: count }, () => {
            at = reader.read(payload, at);
            return Number.parseInt(String(valuesAt(reader)[0]), 10);
          });
        });
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
      for (const number of numbers) seen.add(number);
    }
    assert.equal(seen.size, rows.length);
  });

  it('is refused where it ends too early', () => {
    const options = { kind: 'comments', format: 'jsonl', keepRaw: false } as const;
    const [block] = spill([{ link: 't3_a', kept: true, values: ['a line'] }], options, 1);
    assert.ok(block !== undefined);
    const reader = new PayloadRow(payloadColumns('comments', options));
    for (let bytes = 0; bytes < block.payload.length; bytes++)
      assert.throws(() => reader.read(block.payload.subarray(0, bytes), 0), RangeError);
  });
});
