import assert from 'node:assert/strict';
import { zstdDecompressSync } from 'node:zlib';
import { frameBytesMax } from '../../../src/core/limits.ts';
import { isoTimestamp } from '../../../src/engine/output/iso-timestamp.ts';
import { csvEncoderOf, csvFramingOf } from '../../../src/engine/output/csv.ts';
import { jsonlEncoder, jsonlFraming } from '../../../src/engine/output/jsonl.ts';
import { allTypes, partFile, testColumn } from './part-file.ts';
import type { Row } from './part-file.ts';

function csv(stripes: readonly (readonly Row[])[], columns = allTypes): string {
  return partFile(csvEncoderOf(columns), csvFramingOf(columns), stripes).toString();
}

describe('csv', () => {
  it('quotes by RFC 4180 and tells null from empty', () => {
    const rows: Row[] = [
      ['a', 1_134_365_188_000, 'plain ż🙂', -5, 0.25, true, null],
      ['b', 1_134_365_188_123, 'say "hi", you', null, null, false, -1000],
      ['', 0, '', 0, 1e-7, null, 0],
      ['c\rd', 0, null, 1, 1, null, null],
      ['e\nf', 0, '\u0000\t', 1, 1, null, null],
      ['g', 0, `${'x'.repeat(100)},${'"'.repeat(100)}`, 1, 1, null, null],
    ];
    assert.equal(
      csv([rows.slice(0, 2), [], rows.slice(2)]),
      'id,at,text,count,ratio,flag,seen\n' +
        'a,2005-12-12T05:26:28Z,plain ż🙂,-5,0.25,true,\n' +
        'b,2005-12-12T05:26:28.123Z,"say ""hi"", you",,,false,1969-12-31T23:59:59Z\n' +
        '"",1970-01-01T00:00:00Z,"",0,1e-7,,1970-01-01T00:00:00Z\n' +
        '"c\rd",1970-01-01T00:00:00Z,,1,1,,\n' +
        '"e\nf",1970-01-01T00:00:00Z,\u0000\t,1,1,,\n' +
        `g,1970-01-01T00:00:00Z,"${'x'.repeat(100)},${'""'.repeat(100)}",1,1,,\n`,
    );
  });

  it('gives a part without rows its header', () => {
    assert.equal(csv([], [testColumn('a', 'string'), testColumn('b', 'int32')]), 'a,b\n');
  });

  it('refuses fields out of order, missing fields and null in a required column', () => {
    const encoder = csvEncoderOf(allTypes);
    assert.throws(() => encoder.columns?.[1]?.appendNumber(1), /column 'at': fields must come in the order/);
    assert.throws(() => encoder.columns?.[0]?.appendNull(), /it is required/);
    encoder.columns?.[0]?.appendString('a');
    assert.throws(() => {
      encoder.endRow();
    }, /1 of 7 columns/);
  });

  it('isoTimestamp() agrees with Date over its whole range', () => {
    const times = [0, -1, 1, 951_782_399_999, 951_782_400_000, -62_167_219_200_001, -62_167_219_200_000];
    times.push(253_402_300_799_999, 253_402_300_800_000, 8.64e15, -8.64e15);
    for (let day = -800_000; day < 800_000; day += 997) times.push(day * 86_400_000 + (day % 7) * 3_723_000);
    for (const time of times) {
      assert.equal(isoTimestamp(time), new Date(time).toISOString().replace('.000Z', 'Z'), `${time} ms`);
    }
    assert.equal(isoTimestamp(Number.MAX_SAFE_INTEGER), '+287396-10-12T08:59:00.991Z');
  });
});

/** Content sizes of the frames of a run of zstd frames whose headers declare them. */
function frameSizes(bytes: Uint8Array): number[] {
  const sizes: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    assert.equal(view.getUint32(0, true), 0xfd2fb528);
    const descriptor = view.getUint8(4);
    const single = (descriptor & 32) !== 0;
    const flag = descriptor >>> 6;
    assert.ok(flag > 0 || single, 'the header has no content size');
    let next = 5 + (single ? 0 : 1);
    sizes.push(
      flag === 0
        ? view.getUint8(next)
        : flag === 1
          ? view.getUint16(next, true) + 256
          : view.getUint32(next, true),
    );
    next += [1, 2, 4, 8][flag] ?? 0;
    for (let last = false; !last;) {
      const header = view.getUint16(next, true) | (view.getUint8(next + 2) << 16);
      last = (header & 1) === 1;
      next += 3 + (((header >>> 1) & 3) === 1 ? 1 : header >>> 3);
    }
    at += next;
  }
  return sizes;
}

function lines(format: 'jsonl' | 'jsonl.zst', list: readonly string[]) {
  const encoder = jsonlEncoder({ format });
  for (const line of list) {
    const source = Buffer.from(`#${line}#`);
    encoder.appendLine(source, 1, source.length - 1);
    encoder.endRow();
  }
  return encoder;
}

describe('jsonl', () => {
  it('keeps lines byte for byte, and nothing stands around them', () => {
    const encoder = lines('jsonl', ['{"a":1}', '', 'ż\u0000\r']);
    const { bytes, rows } = encoder.finish();
    assert.equal(Buffer.from(bytes).toString(), '{"a":1}\n\nż\u0000\r\n');
    assert.equal(rows, 3);
    assert.equal(bytes.byteOffset, 0, 'its ArrayBuffer is its own, and may be larger');
    assert.deepEqual(encoder.finish(), { bytes: new Uint8Array(0), rows: 0, meta: null });
    const framing = jsonlFraming({ format: 'jsonl' });
    assert.equal(framing.header().length + framing.footer([], {}).length, 0);
  });
});

describe('jsonl.zst', () => {
  const list = [
    ...Array.from({ length: 900 }, (_, n) => `${n} ${'abc'.repeat(3000)}`),
    'x'.repeat(frameBytesMax - 1),
    'y'.repeat(frameBytesMax + 5),
    'z',
  ];

  it('cuts frames of whole lines at frameBytesMax, with content sizes', () => {
    const { bytes, rows } = lines('jsonl.zst', list).finish();
    assert.equal(rows, list.length);
    assert.equal(zstdDecompressSync(bytes.subarray(0)).length, frameSizes(bytes)[0]);
    const sizes = frameSizes(bytes);
    const text = Buffer.from(list.map((line) => `${line}\n`).join(''));
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      text.length,
    );
    assert.deepEqual(sizes.slice(-3), [frameBytesMax, frameBytesMax + 6, 2]);
    let end = 0;
    for (const size of sizes) {
      end += size;
      assert.equal(text[end - 1], 10);
      assert.ok(size <= frameBytesMax || size === frameBytesMax + 6);
    }
  });

  it('writes the same bytes again, and nothing for no lines', () => {
    const encoder = lines('jsonl.zst', list);
    const first = encoder.finish();
    assert.equal(encoder.finish().bytes.length, 0);
    assert.deepEqual(lines('jsonl.zst', list).finish(), first);
  });
});
