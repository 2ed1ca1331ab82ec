import assert from 'node:assert/strict';
import { createDrawnReporter, createPlainReporter } from '../../src/cli/progress-reporter.ts';
import { unicodeGlyphs } from '../../src/cli/render/panel.ts';
import { painter } from '../../src/cli/render/paint.ts';
import { Screen } from '../screen.ts';
import { progress } from './world.ts';

function scene() {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY: true, columns: 80, rows: 24, write: (text: string) => written.push(text) };
  return { written, clock, stream };
}

describe('createDrawnReporter()', () => {
  const options = { paint: painter(false), glyphs: unicodeGlyphs, keys: 'q detach' };

  it('redraws at most four times a second, but a change of state at once', () => {
    const { written, clock, stream } = scene();
    const reporter = createDrawnReporter(stream, () => clock.ms, options);
    for (; clock.ms < 1000; clock.ms += 50) reporter.show(progress);
    assert.equal(written.length, 4);
    reporter.show({ ...progress, state: 'paused' });
    reporter.show({ ...progress, state: 'running' });
    assert.equal(written.length, 6);
  });

  it('shows the keys under the job, and before them what is under way', async () => {
    const { stream } = scene();
    const screen = new Screen(80, 24);
    const write = (text: string) => {
      screen.write(text);
    };
    const reporter = createDrawnReporter({ ...stream, write }, () => 0, options);
    reporter.show(progress);
    assert.equal((await screen.lines()).at(-1), 'q detach');
    reporter.note('pausing …');
    assert.equal((await screen.lines()).at(-1), 'pausing …   q detach');
    reporter.note('');
    reporter.say('hello');
    const lines = await screen.lines();
    assert.deepEqual([lines[0], lines[1], lines.at(-1)], ['hello', 'RC.zst', 'q detach']);
    reporter.end();
    assert.deepEqual(await screen.lines(), ['hello']);
  });
});

describe('createPlainReporter()', () => {
  it('elsewhere writes whole lines: the first, each ten percent, each change of state, and now and then', () => {
    const { written, clock, stream } = scene();
    const reporter = createPlainReporter(stream, () => clock.ms);
    const at = (ms: number, completionPercentage: number, state = progress.state) => {
      clock.ms = ms;
      const before = written.length;
      reporter.show({ ...progress, completionPercentage, state });
      return written.length - before;
    };
    assert.equal(at(0, 0), 1);
    assert.equal(at(100, 1), 0);
    assert.equal(at(200, 10), 1);
    assert.equal(at(300, 10.5, 'paused'), 1);
    assert.equal(at(5_299, 10.6, 'paused'), 0);
    assert.equal(at(5_300, 10.7, 'paused'), 1);
    assert.equal(at(70_000, 11, 'paused'), 1);
    assert.equal(at(99_999, 12, 'paused'), 0);
    assert.equal(at(100_000, 13, 'paused'), 1);
    assert.ok(written.every((text) => text.endsWith('\n') && !text.includes('\u001b')));
  });

  it('gives no rates where nothing is read', () => {
    for (const [state, line] of [
      ['inspecting', '0.0 %  inspecting the archive  0 lines  0 parts\n'],
      ['done', '100.0 %  done  12 lines  1 part\n'],
    ] as const) {
      const { written, stream } = scene();
      const reporter = createPlainReporter(stream, () => 0);
      const done = state === 'done';
      reporter.show({
        ...progress,
        state,
        completionPercentage: done ? 100 : 0,
        processedLines: done ? 12 : 0,
        parts: done ? 1 : 0,
      });
      assert.deepEqual(written, [line]);
    }
  });
});
