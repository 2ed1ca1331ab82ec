/** The short version of `npm run torture`: one cycle of each kind of blow, always the same ones. */
import assert from 'node:assert/strict';
import { Bench, tasksOf } from './bench.ts';
import { until } from '../e2e/until.ts';
import { processFaults } from './faults-process.ts';

const kinds = [
  'worker SIGKILL at a random moment',
  'worker SIGKILL between rename and heartbeat',
  'worker SIGKILL at publish',
  'worker SIGKILL while shutting down',
  'zombie inside a commit wakes after its successor ended',
];

describe('torture', function () {
  // each wait has its own bound, which says what it waited for; this is for what hangs in spite of them
  this.timeout(900_000);

  it('one blow of each kind loses nothing, doubles nothing and leaves nothing', async () => {
    const faults = processFaults.filter(({ name }) => kinds.includes(name));
    assert.equal(faults.length, kinds.length);
    const bench = new Bench({
      seed: 20_261_124,
      onCycle: ({ task, seconds }) => {
        console.log(`      ${task.fault.name}: ${seconds.toFixed(0)} s`);
      },
    });
    const rows = await bench.torture(tasksOf(faults, 1), { persistence: false, lanes: 2 });
    for (const { fault, outcomes } of rows) {
      assert.deepEqual(
        outcomes.map(({ problems }) => problems),
        [[]],
        fault,
      );
    }
    // the last of them may be on its way out
    await until('every process of the torture to end', () => bench.leftProcesses().length === 0);
  });
});
