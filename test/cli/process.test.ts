import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { nodeProblem } from '../../src/cli/node-version.ts';
import { listenForInterrupts } from '../../src/cli/process-io.ts';

describe('nodeProblem()', () => {
  for (const version of ['22.15.0', '22.22.1', '23.8.0', '24.0.0', '30.1.2']) {
    it(`has nothing against ${version}`, () => {
      assert.equal(nodeProblem(version), null);
    });
  }
  for (const version of ['18.20.8', '20.20.2', '22.14.0', '23.7.0']) {
    it(`names ${version} and what is needed`, () => {
      const problem = nodeProblem(version);
      assert.ok(problem?.includes(version) && problem.includes('22.15'));
    });
  }
});

describe('listenForInterrupts()', () => {
  function scene() {
    const source = new EventEmitter();
    const clock = { ms: 0 };
    let ends = 0;
    const interrupts = listenForInterrupts(source, { nowMs: () => clock.ms, end: () => ends++ });
    return { source, clock, interrupts, ends: () => ends };
  }

  for (const signal of ['SIGINT', 'SIGTERM']) {
    it(`aborts at the first ${signal} and ends at the second`, () => {
      const { source, clock, interrupts, ends } = scene();
      source.emit(signal);
      assert.equal(interrupts.signal.aborted, true);
      clock.ms = 1000;
      assert.equal(ends(), 0);
      source.emit('SIGINT');
      assert.equal(ends(), 1);
    });
  }

  it('takes the second signal that npm sends for one Ctrl-C as the same press', () => {
    const { source, clock, ends } = scene();
    source.emit('SIGINT');
    clock.ms = 5;
    source.emit('SIGINT');
    assert.equal(ends(), 0);
    clock.ms = 400;
    source.emit('SIGINT');
    assert.equal(ends(), 1);
  });

  it('leaves nothing behind', () => {
    const { source, interrupts } = scene();
    interrupts.dispose();
    assert.deepEqual(source.eventNames(), []);
  });
});
