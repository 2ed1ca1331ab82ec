import assert from 'node:assert/strict';
import { Handoff } from '../../../src/engine/pipeline/handoff.ts';

/** Whether a promise has settled once everything that can happen by itself has. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const note = (): void => {
    done = true;
  };
  promise.then(note, note);
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe('Handoff', () => {
  it('gives what was put in order, whoever comes first', async () => {
    const handoff = new Handoff<number>();
    await handoff.put(1);
    await handoff.put(2);
    assert.deepEqual([await handoff.take(), await handoff.take()], [1, 2]);
    const waiting = handoff.take();
    assert.equal(await settled(waiting), false);
    await handoff.put(3);
    assert.equal(await waiting, 3);
  });

  it('makes the producer wait where it is full, until one is taken', async () => {
    const handoff = new Handoff<number>(1);
    await handoff.put(1);
    const second = handoff.put(2);
    assert.equal(await settled(second), false);
    assert.equal(await handoff.take(), 1);
    assert.equal(await settled(second), true);
    assert.equal(await handoff.take(), 2);
  });

  it('with no room at all hands over from one to the other', async () => {
    const handoff = new Handoff<number>(0);
    const put = handoff.put(1);
    assert.equal(await settled(put), false);
    assert.equal(await handoff.take(), 1);
    await put;
  });

  it('fail() rejects the one who waits and all who come, before what still waits', async () => {
    const handoff = new Handoff<number>();
    const waiting = handoff.take();
    handoff.fail(new Error('first'));
    handoff.fail(new Error('second'));
    await assert.rejects(waiting, /first/);
    await assert.rejects(handoff.take(), /first/);
    const full = new Handoff<number>();
    await full.put(1);
    full.fail(new Error('over'));
    await assert.rejects(full.take(), /over/);
  });

  it('fail() lets a waiting producer go, and drops what it brings', async () => {
    const handoff = new Handoff<number>(0);
    const put = handoff.put(1);
    handoff.fail(new Error('over'));
    await put;
    await handoff.put(2);
    await assert.rejects(handoff.take(), /over/);
  });

  it('refuses a second consumer: it would take what the first one waits for', () => {
    const handoff = new Handoff<number>();
    void handoff.take();
    assert.throws(() => void handoff.take(), /one consumer/);
  });
});
