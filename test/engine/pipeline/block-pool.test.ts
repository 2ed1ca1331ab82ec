import assert from 'node:assert/strict';
import { BlockPool } from '../../../src/engine/pipeline/block-pool.ts';

describe('BlockPool', () => {
  it('lends blocks until its bound is reached, and again as they come back', () => {
    const pool = new BlockPool(100, 250);
    const slots = [pool.take(), pool.take(), pool.take()].map(({ slot }) => slot);
    assert.deepEqual([pool.exhausted, pool.inFlight], [true, 3]);
    pool.give(slots[0] ?? 0);
    assert.deepEqual([pool.exhausted, pool.inFlight], [false, 2]);
  });

  it('uses the memory of blocks that came back again', () => {
    const pool = new BlockPool(100, 1000);
    const first = pool.take();
    pool.give(first.slot);
    const second = pool.take();
    assert.equal(second.memory, first.memory);
    assert.notEqual(pool.take().memory, first.memory, 'never lent twice at once');
  });

  it('lends at least one block, however small the bound is', () => {
    const pool = new BlockPool(100, 1);
    assert.equal(pool.exhausted, false);
    const { slot, bytes } = pool.take();
    assert.deepEqual([bytes.length, pool.exhausted], [100, true]);
    pool.give(slot);
    assert.equal(pool.exhausted, false);
  });

  it('resize() lends blocks of the new size, and takes old ones back without keeping them', () => {
    const pool = new BlockPool(100, 1000);
    const [kept, lent] = [pool.take(), pool.take()];
    pool.give(kept.slot);
    pool.resize(50, 1000);
    pool.give(lent.slot);
    assert.deepEqual([pool.take().bytes.length, pool.take().bytes.length], [50, 50]);
  });

  it('resize() to a smaller bound lends nothing before enough has come back, and forgets the rest', () => {
    const pool = new BlockPool(100, 400);
    const blocks = [pool.take(), pool.take(), pool.take(), pool.take()];
    pool.resize(100, 200);
    for (const [at, exhausted] of [true, true, false].entries()) {
      pool.give(blocks[at]?.slot ?? 0);
      assert.equal(pool.exhausted, exhausted, `${at + 1} came back`);
    }
    const memories = new Set(blocks.map(({ memory }) => memory));
    const again = [pool.take(), pool.take()];
    assert.equal(again.filter(({ memory }) => memories.has(memory)).length, 1);
  });

  it('refuses a block that is not lent: it would be lent twice', () => {
    const pool = new BlockPool(100, 400);
    const { slot } = pool.take();
    pool.give(slot);
    assert.throws(() => {
      pool.give(slot);
    }, /not lent/);
  });
});
