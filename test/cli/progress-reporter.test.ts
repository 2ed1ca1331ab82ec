import assert from 'node:assert/strict';
import { createProgressReporter } from '../../src/cli/progress-reporter.ts';
import { progress } from './world.ts';

function scene(isTTY: boolean, columns = 200) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, clock, reporter: createProgressReporter(stream, () => clock.ms) };
}

describe('createProgressReporter()', () => {
  it('on a terminal redraws one line at most four times a second', () => {
    const { written, clock, reporter } = scene(true);
    for (; clock.ms < 1000; clock.ms += 50) reporter.show(progress);
    assert.equal(written.length, 4);
    assert.ok(written.every((text) => text.startsWith('\r\u001b[2K') && !text.includes('\n')));
  });

  it('on a terminal puts talk above the line and keeps the line', () => {
    const { written, reporter } = scene(true);
    reporter.show(progress);
    const drawn = written[0]?.replace('\r\u001b[2K', '');
    written.length = 0;
    reporter.say('hello');
    assert.deepEqual(written, ['\r\u001b[2K', 'hello\n', drawn]);
  });

  it('takes the line away once, whoever ends it', () => {
    const { written, reporter } = scene(true);
    reporter.show(progress);
    reporter.end();
    reporter.end();
    assert.deepEqual(written.slice(1), ['\r\u001b[2K']);
  });

  it('never fills the last column of a terminal: that would wrap', () => {
    for (let columns = 1; columns < 120; columns++) {
      const { written, reporter } = scene(true, columns);
      reporter.show(progress);
      assert.ok((written[0] ?? '').replace('\r\u001b[2K', '').length <= Math.max(1, columns - 1));
    }
  });

  it('elsewhere writes whole lines: the first, each ten percent, each change of state, and now and then', () => {
    const { written, clock, reporter } = scene(false);
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
      const { written, reporter } = scene(false);
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
