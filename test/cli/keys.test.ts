import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { listenForKeys } from '../../src/cli/terminal/keys.ts';
import { createSteering, nextBatchSize } from '../../src/cli/steering.ts';
import { progress } from './world.ts';

function keyScene(isTTY = true) {
  const calls: string[] = [];
  const pressed: string[] = [];
  const raised: string[] = [];
  const continued = new EventEmitter();
  let ours = true;
  const stream = Object.assign(new EventEmitter(), {
    isTTY,
    setRawMode: (raw: boolean) => calls.push(raw ? 'raw' : 'cooked'),
    setEncoding: () => undefined,
    resume: () => calls.push('resume'),
    pause: () => calls.push('pause'),
  });
  const keys = listenForKeys(
    stream,
    {
      raise: (signal) => raised.push(signal),
      onContinue: (listener) => continued.on('continue', listener),
      offContinue: (listener) => continued.off('continue', listener),
    },
    (key) => pressed.push(key),
    () => ours,
  );
  const own = (is: boolean) => (ours = is);
  return { calls, pressed, raised, continued, stream, keys, own };
}

describe('listenForKeys()', () => {
  it('gives each key, also of several that come at once, and none of an arrow', () => {
    const { stream, pressed } = keyScene();
    stream.emit('data', 'p');
    stream.emit('data', '++');
    stream.emit('data', '\u001b[A');
    assert.deepEqual(pressed, ['p', '+', '+']);
  });

  it('lets Ctrl-C, Ctrl-\\ and Ctrl-Z do what they always do', () => {
    const { stream, pressed, raised, calls, continued } = keyScene();
    stream.emit('data', '\u0003');
    stream.emit('data', '\u001c');
    stream.emit('data', '\u001a');
    assert.deepEqual(raised, ['SIGINT', 'SIGQUIT', 'SIGTSTP']);
    assert.deepEqual(pressed, []);
    assert.deepEqual(calls, ['raw', 'resume', 'pause', 'cooked'], 'stopped with the terminal as it was');
    continued.emit('continue');
    assert.deepEqual(calls.slice(4), ['raw', 'resume']);
  });

  it('leaves a terminal alone that is none, or is not ours: also after a stop, in the background', () => {
    assert.deepEqual(keyScene(false).calls, []);
    const { stream, own, continued, calls } = keyScene();
    stream.emit('data', '\u001a');
    own(false);
    continued.emit('continue');
    assert.deepEqual(calls, ['raw', 'resume', 'pause', 'cooked']);
  });

  it('gives the terminal back once', () => {
    const { keys, calls, stream, continued } = keyScene();
    keys.end();
    keys.end();
    continued.emit('continue');
    assert.deepEqual(calls, ['raw', 'resume', 'pause', 'cooked']);
    assert.equal(stream.listenerCount('data'), 0);
  });
});

describe('createSteering()', () => {
  function scene(setBatchSize: (jobId: string, lines: number) => Promise<number>) {
    const said: string[] = [];
    const notes: string[] = [];
    const asked: string[] = [];
    const steering = createSteering({
      threadmill: {
        setBatchSize,
        pauseJob: (id) => Promise.resolve(void asked.push(`pause ${id}`)),
        unpauseJob: (id) => Promise.resolve(void asked.push(`resume ${id}`)),
      },
      say: (text) => said.push(text),
      note: (text) => notes.push(text),
    });
    return { steering, said, notes, asked };
  }
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('p pauses what runs and lets go on what is paused; nothing before a job is seen', async () => {
    const { steering, asked } = scene(() => Promise.resolve(0));
    assert.equal(steering.press('p'), false);
    steering.seen(progress);
    steering.press('p');
    await settled();
    steering.seen({ ...progress, state: 'paused' });
    steering.press('p');
    await settled();
    assert.deepEqual(asked, ['pause job-1', 'resume job-1']);
    assert.equal(steering.press('x'), false);
  });

  it('+ and - step through sizes; of several presses while one is under way the last size is asked for', async () => {
    const first = Promise.withResolvers<number>();
    const asked: number[] = [];
    const { steering, said, notes } = scene((_, lines) => {
      asked.push(lines);
      return asked.length === 1 ? first.promise : Promise.resolve(lines);
    });
    steering.seen(progress);
    for (const key of ['+', '+', '=']) steering.press(key);
    assert.equal(notes.at(-1), 'batch size 1,500 …');
    first.resolve(1500);
    await settled();
    await settled();
    assert.deepEqual(asked, [1500, 2000]);
    assert.deepEqual(said, ['Batch size 1,500 from here', 'Batch size 2,000 from here']);
    assert.equal(notes.at(-1), '');
    steering.press('-');
    await settled();
    assert.equal(asked.at(-1), 700);
  });

  it('says why a command did not take effect, and takes the next one', async () => {
    const { steering, said } = scene(() => Promise.reject(new Error('maxBatchSize is 1000')));
    steering.seen(progress);
    steering.press('+');
    await settled();
    steering.press('+');
    await settled();
    assert.deepEqual(said, ['maxBatchSize is 1000', 'maxBatchSize is 1000']);
  });

  it('nextBatchSize() stands still at the ends', () => {
    assert.deepEqual(
      [nextBatchSize(3054, 1), nextBatchSize(3054, -1), nextBatchSize(100, -1), nextBatchSize(50_000, 1)],
      [4000, 3000, 100, 50_000],
    );
  });
});
