import assert from 'node:assert/strict';
import { ProcessMemory } from '../../../src/engine/resources/process-memory.ts';

const MB = 1_000_000;

describe('ProcessMemory', () => {
  it('takes the windows of all jobs and the idle worker off what is resident', () => {
    const memory = new ProcessMemory(100 * MB);
    memory.add({ windowBytesInUse: 50 * MB });
    memory.add({ windowBytesInUse: 30 * MB });
    assert.equal(memory.beyondWindows(400 * MB), 320 * MB);
    assert.equal(memory.jobBytes(400 * MB), 110 * MB, 'the rest is shared evenly');
  });

  it('learns what the idle worker is as long as it has no job', () => {
    const memory = new ProcessMemory(100 * MB);
    memory.idle(180 * MB);
    memory.add({ windowBytesInUse: 0 });
    memory.idle(300 * MB);
    assert.equal(memory.jobBytes(400 * MB), 220 * MB);
  });

  it('reads a window as it is filled at the moment', () => {
    const memory = new ProcessMemory(0);
    const user = { windowBytesInUse: 10 };
    memory.add(user);
    assert.equal(memory.beyondWindows(100), 90);
    user.windowBytesInUse = 40;
    assert.equal(memory.beyondWindows(100), 60);
  });

  it('gives a job that remains all of it', () => {
    const memory = new ProcessMemory(0);
    const [one, other] = [{ windowBytesInUse: 0 }, { windowBytesInUse: 20 }];
    memory.add(one);
    memory.add(other);
    memory.remove(other);
    assert.equal(memory.jobBytes(100), 100);
    memory.remove(one);
    assert.equal(memory.jobBytes(100), 100, 'nobody to share with');
  });

  it('is never less than nothing: a window counts before its pages are touched', () => {
    const memory = new ProcessMemory(100);
    memory.add({ windowBytesInUse: 500 });
    assert.deepEqual([memory.beyondWindows(400), memory.jobBytes(50)], [0, 0]);
  });
});
