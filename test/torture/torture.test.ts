/** The short version of `npm run torture`: one cycle of each kind of blow, within a minute. */
import assert from 'node:assert/strict';
import { Bench, tasksOf } from './bench.ts';
import { processFaults } from './faults-process.ts';

const kinds = [
  'worker SIGKILL at a random moment',
  'worker SIGKILL between fsync and rename',
  'worker SIGKILL between rename and heartbeat',
  'worker SIGKILL at publish',
  'worker SIGKILL while shutting down',
  'zombie inside a commit wakes after its successor ended',
];

describe('torture', function () {
  this.timeout(180_000);

  it('one blow of each kind loses nothing, doubles nothing and leaves nothing', async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`      seed ${seed}`);
    const faults = processFaults.filter(({ name }) => kinds.includes(name));
    assert.equal(faults.length, kinds.length);
    const bench = new Bench({
      seed,
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
    assert.deepEqual(bench.leftProcesses(), []);
  });
});
