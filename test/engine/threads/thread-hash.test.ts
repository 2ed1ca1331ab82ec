import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bucketOf } from '../../../src/engine/threads/thread-hash.ts';
import { homeOf } from './sql-oracle.ts';

function bucket(link: string, buckets: number): number {
  const bytes = Buffer.from(`"${link}"`, 'utf8');
  return bucketOf(bytes, 1, bytes.length - 1, buckets);
}

describe('bucketOf()', () => {
  it('never moves a thread to another file: its values are format', () => {
    const links = ['', 't3_', 't3_17844', 't3_a', 't3_b', 't3_é', 't3_10g6lx9'];
    assert.deepEqual(
      links.map((link) => [1, 2, 7, 1024, 4_294_967_295].map((buckets) => bucket(link, buckets))),
      [
        [0, 1, 1, 257, 1572119809],
        [0, 0, 3, 230, 2247987430],
        [0, 0, 4, 160, 886551712],
        [0, 1, 6, 963, 2072406979],
        [0, 0, 6, 702, 2559387326],
        [0, 0, 5, 228, 923472100],
        [0, 0, 2, 870, 1303695206],
      ],
    );
  });

  it('agrees with its definition in whole numbers without bound, for any text and number of buckets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 1024 }), (link, buckets) => {
        const text = link.toWellFormed();
        assert.equal(bucket(text, buckets), homeOf(text, buckets));
      }),
    );
  });

  it('spreads neighbouring threads evenly, whatever the number of buckets', () => {
    for (const buckets of [2, 3, 16, 100, 1024]) {
      const threads = buckets * 1000;
      const counts = new Uint32Array(buckets);
      for (let number = 0; number < threads; number++) {
        const at = bucket(`t3_${(1_000_000 + number).toString(36)}`, buckets);
        counts[at] = (counts[at] as number) + 1;
      }
      // six standard deviations of a fair throw
      assert.ok(
        Math.max(...counts) < 1000 + 6 * Math.sqrt(1000),
        `${Math.max(...counts)} in one of ${buckets}`,
      );
      assert.ok(
        Math.min(...counts) > 1000 - 6 * Math.sqrt(1000),
        `${Math.min(...counts)} in one of ${buckets}`,
      );
    }
  });
});
