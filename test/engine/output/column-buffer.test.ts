import assert from 'node:assert/strict';
import fc from 'fast-check';
import { createColumnBuffer, type ColumnValues } from '../../../src/engine/output/column-buffer.ts';
import { testColumn } from './part-file.ts';

/** Characters whose bytes come closest to a NaN: 0x7f, and lead bytes from 0xf0 on before all that may follow them. */
const atoms = ['\u007f', '\u0000', 'a', 'ÿ', '\uffff', '\u{10000}', '\u{7f07f}', '\u{fffff}', '\u{10ffff}'];

function valuesOf(buffer: ColumnValues): readonly Buffer[] {
  const { bytes, length, view } = buffer.strings;
  const values: Buffer[] = [];
  for (let at = 0; at < length; at += 4 + view.getUint32(at, true))
    values.push(Buffer.from(bytes.subarray(at + 4, at + 4 + view.getUint32(at, true))));
  return values;
}

describe('ColumnValues', () => {
  it('appendUtf8() keeps every byte, whatever the length, the place and the characters', () => {
    const text = fc.array(fc.constantFrom(...atoms), { maxLength: 120 }).map((parts) => parts.join(''));
    const property = fc.property(fc.array(text, { maxLength: 20 }), fc.nat(9), (texts, offset) => {
      const buffer = createColumnBuffer(testColumn('value', 'string', true));
      for (const value of texts) {
        const source = Buffer.concat([Buffer.alloc(offset, 0xff), Buffer.from(value), Buffer.alloc(9, 0xff)]);
        const bytes = new Uint8Array(source);
        buffer.appendUtf8(bytes, offset, offset + Buffer.byteLength(value));
      }
      assert.deepEqual(
        valuesOf(buffer),
        texts.map((value) => Buffer.from(value)),
      );
    });
    fc.assert(property, { numRuns: 2000 });
  });

  it('definitionLevels() has a zero for each null and ones elsewhere, page after page', () => {
    const buffer = createColumnBuffer(testColumn('value', 'int32'));
    for (const isNull of [
      (row: number) => row % 3 === 0,
      () => false,
      (row: number) => row === 4999,
      (row: number) => row < 4000,
    ]) {
      for (let row = 0; row < 5000; row++) {
        if (isNull(row)) buffer.appendNull();
        else buffer.appendNumber(row);
      }
      const levels = Array.from(buffer.definitionLevels().subarray(0, buffer.pendingRows));
      assert.deepEqual(
        levels,
        Array.from({ length: 5000 }, (_, row) => (isNull(row) ? 0 : 1)),
      );
      buffer.clear();
    }
    assert.equal(buffer.rows, 20_000);
  });
});
