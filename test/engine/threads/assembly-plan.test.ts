import assert from 'node:assert/strict';
import fc from 'fast-check';
import { assemblyPlan } from '../../../src/engine/threads/assembly.ts';

const MiB = 1024 * 1024;

describe('assemblyPlan()', () => {
  it('gives one thread and 8 MiB of payload to the smallest limit, and no more than asked for to the largest', () => {
    assert.deepEqual(assemblyPlan(1, 4), { threads: 1, payloadBytesMax: 8 * MiB });
    const { threads, payloadBytesMax } = assemblyPlan(2 ** 40, 4);
    assert.equal(threads, 4);
    assert.ok(payloadBytesMax <= 128 * MiB);
  });

  it('never lets a larger limit do less, and never plans beyond it with more than one thread', () => {
    const limit = fc.integer({ min: 1, max: 4096 });
    fc.assert(
      fc.property(limit, limit, fc.integer({ min: 1, max: 32 }), (a, b, threadsMax) => {
        const [small, large] = [Math.min(a, b) * MiB, Math.max(a, b) * MiB];
        const [less, more] = [assemblyPlan(small, threadsMax), assemblyPlan(large, threadsMax)];
        assert.ok(more.threads >= less.threads && more.threads <= threadsMax);
        if (more.threads > 1) assert.ok(more.threads * more.payloadBytesMax < large);
        if (more.threads === less.threads) assert.ok(more.payloadBytesMax >= less.payloadBytesMax);
      }),
    );
  });
});
