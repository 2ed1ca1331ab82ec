import assert from 'node:assert/strict';
import { Turns } from '../../src/activities/turns.ts';

const never = new AbortController().signal;

/** Whether a promise has resolved by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  await new Promise(setImmediate);
  return (await Promise.race([promise.catch(() => null), Promise.resolve(pending)])) !== pending;
}

describe('Turns', () => {
  it('gives one at a time its turn, in the order of asking', async () => {
    const turns = new Turns();
    const [first, second, third] = [1, 2, 3].map(() => turns.take('job', never));
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    const endFirst = await first;
    assert.equal(await settled(second), false);
    endFirst();
    const endSecond = await second;
    assert.equal(await settled(third), false);
    endSecond();
    (await third)();
    (await turns.take('job', never))();
  });

  it('lets other keys go on', async () => {
    const turns = new Turns();
    await turns.take('a', never);
    (await turns.take('b', never))();
  });

  it('rejects with the reason where one gives up, and the next waits for those ahead all the same', async () => {
    const turns = new Turns();
    const end = await turns.take('job', never);
    const stop = new AbortController();
    const impatient = turns.take('job', stop.signal);
    const patient = turns.take('job', never);
    stop.abort(new Error('enough'));
    await assert.rejects(impatient, /enough/);
    assert.equal(await settled(patient), false);
    end();
    (await patient)();
    await assert.rejects(turns.take('job', stop.signal), /enough/);
    (await turns.take('job', never))();
  });
});
