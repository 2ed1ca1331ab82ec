import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createLiveView } from '../../src/cli/terminal/live-view.ts';
import { Screen } from '../screen.ts';

/** A stream that is the screen of a terminal. */
class ScreenStream extends EventEmitter {
  readonly isTTY = true;
  readonly screen: Screen;
  columns: number;
  rows: number;

  constructor(columns: number, rows = 20) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.screen = new Screen(columns, rows);
  }

  write(text: string): void {
    this.screen.write(text);
  }

  /** First what stands there is wrapped, then the program hears of it. */
  resize(columns: number, rows = this.rows): void {
    this.screen.resize(columns, rows);
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }
}

/** Three lines that fill the width but for one column, like a bar. */
const wide = ({ columns }: { readonly columns: number }): readonly string[] =>
  ['a', 'b', 'c'].map((letter) => letter.repeat(columns - 1));

describe('createLiveView()', () => {
  it('draws over what it drew, line by line, whether there are more or fewer of them', async () => {
    const stream = new ScreenStream(40);
    let lines: readonly string[] = ['one', 'two'];
    const view = createLiveView(stream, () => lines);
    for (const next of [['one', 'two'], ['1'], ['x', 'yy', 'zzz'], ['1', '2', '3']]) {
      lines = next;
      view.refresh();
      assert.deepEqual(await stream.screen.lines(), next);
      assert.equal(stream.screen.cursor.x, 0);
    }
  });

  it('puts talk above itself, several lines and such as wrap', async () => {
    const stream = new ScreenStream(40);
    const view = createLiveView(stream, () => ['A', 'B']);
    view.say('before it was drawn');
    view.refresh();
    view.say(`long ${'x'.repeat(60)}\nsecond`);
    assert.deepEqual(await stream.screen.lines(), [
      'before it was drawn',
      `long ${'x'.repeat(35)}`,
      'x'.repeat(25),
      'second',
      'A',
      'B',
    ]);
  });

  it('leaves nothing behind when the terminal gets narrower or wider, however often', async () => {
    const stream = new ScreenStream(80, 100);
    const view = createLiveView(stream, wide);
    view.say('talk');
    view.refresh();
    for (const columns of [40, 200, 33, 34, 7, 120, 80]) {
      stream.resize(columns);
      const lines = await stream.screen.lines();
      assert.deepEqual(lines.slice(-3), wide({ columns }), `at ${String(columns)} columns`);
      assert.equal(lines.length, 4, `at ${String(columns)} columns`);
    }
  });

  it('counts the columns of wide characters', async () => {
    const stream = new ScreenStream(20);
    const view = createLiveView(stream, ({ columns }) => ['漢'.repeat(Math.floor((columns - 1) / 2)), 'end']);
    view.refresh();
    stream.resize(10);
    assert.deepEqual(await stream.screen.lines(), ['漢'.repeat(4), 'end']);
  });

  it('draws no more lines than the screen has, so that none is out of reach', async () => {
    const stream = new ScreenStream(20, 3);
    const view = createLiveView(stream, () => ['1', '2', '3', '4', '5']);
    view.refresh();
    view.refresh();
    assert.deepEqual(await stream.screen.lines(), ['1', '2']);
  });

  it('begins anew below what somebody else has written', async () => {
    const stream = new ScreenStream(40);
    const view = createLiveView(stream, () => ['A', 'B']);
    view.refresh();
    stream.write('[1]+ Stopped\n');
    view.leave();
    view.refresh();
    assert.deepEqual(await stream.screen.lines(), ['A', 'B', '[1]+ Stopped', 'A', 'B']);
  });

  it('takes itself away once, and then talk is plain lines and a new size is nobody’s concern', async () => {
    const stream = new ScreenStream(40);
    const view = createLiveView(stream, () => ['A', 'B']);
    view.refresh();
    view.end();
    view.end();
    view.refresh();
    view.say('after');
    assert.deepEqual(await stream.screen.lines(), ['after']);
    assert.equal(stream.listenerCount('resize'), 0);
  });
});
