import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  adaptedBatchSize,
  clampBatchSize,
  memoryHoldShare,
  memoryWarningShare,
  type BatchSituation,
} from '../../src/core/batch-size.ts';

const calm: BatchSituation = {
  batchSize: 1000,
  minBatchSize: 100,
  ceiling: 5000,
  memoryShare: 0.1,
  batchMs: 10,
};
const adapted = (change: Partial<BatchSituation>): number => adaptedBatchSize({ ...calm, ...change });

describe('adaptedBatchSize()', () => {
  it('grows by a quarter where there is room, up to the ceiling', () => {
    assert.deepEqual(
      [adapted({}), adapted({ batchSize: 4900 }), adapted({ ceiling: 1100 })],
      [1250, 5000, 1100],
    );
  });

  it('halves from the warning on, and is as small as may be from the hold on', () => {
    const shares = [0.79, memoryWarningShare, 0.94, memoryHoldShare, 2];
    assert.deepEqual(
      shares.map((memoryShare) => adapted({ memoryShare })),
      [1000, 500, 500, 100, 100],
    );
    assert.equal(adapted({ memoryShare: 0.9, batchSize: 150 }), 100);
  });

  it('stays between the room to grow and the warning, so that it does not swing', () => {
    for (const memoryShare of [0.6, 0.7, 0.79]) assert.equal(adapted({ memoryShare }), 1000);
  });

  it('halves where a batch takes over a second, and grows only where it takes under a quarter', () => {
    assert.deepEqual(
      [249, 250, 1000, 1001].map((batchMs) => adapted({ batchMs })),
      [1250, 1000, 1000, 500],
    );
  });

  it('comes down to a ceiling that was set below it', () => {
    assert.equal(adapted({ memoryShare: 0.7, ceiling: 300 }), 300);
  });

  it('never leaves the bounds, and is a whole number', () => {
    const situation = fc.record({
      batchSize: fc.integer({ min: 100, max: 5000 }),
      minBatchSize: fc.constant(100),
      ceiling: fc.integer({ min: 100, max: 5000 }),
      memoryShare: fc.double({ min: 0, max: 3, noNaN: true }),
      batchMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    });
    fc.assert(
      fc.property(situation, (each) => {
        const next = adaptedBatchSize(each);
        const top = Math.max(each.ceiling, Math.floor(each.batchSize / 2));
        assert.ok(Number.isInteger(next) && next >= 100 && next <= top, String(next));
      }),
    );
  });
});

describe('clampBatchSize()', () => {
  it('gives the nearest size inside the bounds', () => {
    const bounds = { minBatchSize: 100, maxBatchSize: 5000 };
    assert.deepEqual(
      [1, 100, 777, 5000, 9999].map((lines) => clampBatchSize(lines, bounds)),
      [100, 100, 777, 5000, 5000],
    );
  });
});
