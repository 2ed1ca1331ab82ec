import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ByteIndex } from '../../../src/engine/threads/byte-index.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

function intern(index: ByteIndex, group: number, text: Uint8Array): number {
  // at an offset, as in a block
  const source = Buffer.concat([bytesOf('<'), text, bytesOf('>')]);
  return index.intern(group, source, 1, 1 + text.length);
}

const textAt = (index: ByteIndex, entry: number): string =>
  Buffer.from(index.bytes.subarray(index.start(entry), index.end(entry))).toString('latin1');

describe('ByteIndex', () => {
  it('numbers strings by first appearance, each in its group, the empty one too', () => {
    const index = new ByteIndex();
    const given = [
      [0, 'a'],
      [0, ''],
      [1, 'a'],
      [0, 'a'],
      [1, ''],
      [0, 'a\0'],
      [1, 'a'],
    ] as const;
    assert.deepEqual(
      given.map(([group, text]) => intern(index, group, bytesOf(text))),
      [0, 1, 2, 0, 3, 4, 2],
    );
    assert.equal(index.count, 5);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((entry) => [index.group(entry), textAt(index, entry)]),
      [[0, 'a'], [0, ''], [1, 'a'], [1, ''], [0, 'a\0']],
    ); // prettier-ignore
  });

  it('compares entries as bytes, a prefix before what it begins', () => {
    const index = new ByteIndex();
    const texts = ['b', 'a', 'ab', '', 'a\xff', 'a\x00', 'B', '\x7f', '\x80'];
    const entries = texts.map((text) => intern(index, 0, bytesOf(text)));
    for (const a of entries) {
      for (const b of entries) {
        const want = Buffer.compare(bytesOf(texts[a] as string), bytesOf(texts[b] as string));
        assert.equal(Math.sign(index.compare(a, b)), want, `${String(texts[a])} and ${String(texts[b])}`);
      }
    }
  });

  it('agrees with a map over any strings, after it was emptied as well', () => {
    const text = fc.uint8Array({ maxLength: 12, max: 3 });
    const strings = fc.array(fc.tuple(fc.nat(2), text), { maxLength: 3000, size: 'max' });
    const index = new ByteIndex();
    fc.assert(
      fc.property(strings, (given) => {
        index.clear();
        const known = new Map<string, number>();
        for (const [group, bytes] of given) {
          const key = `${group}:${Buffer.from(bytes).toString('hex')}`;
          const want = known.get(key) ?? known.size;
          known.set(key, want);
          assert.equal(intern(index, group, bytes), want);
        }
        assert.equal(index.count, known.size);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps what it holds over its growth to 200,000 ids that differ in one character', () => {
    const index = new ByteIndex();
    const ids = Array.from({ length: 200_000 }, (_, number) => `c${(number + 1_000_000).toString(36)}`);
    for (const [number, id] of ids.entries())
      assert.equal(index.intern(0, bytesOf(id), 0, id.length), number);
    for (const [number, id] of ids.entries())
      assert.equal(index.intern(0, bytesOf(id), 0, id.length), number);
  });
});
