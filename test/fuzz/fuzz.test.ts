/** The short versions of `npm run fuzz`. */
import assert from 'node:assert/strict';
import { Stage } from '../e2e/stage.ts';
import { fuzzContainers } from './container-fuzz.ts';
import { fuzzSettings } from './settings-fuzz.ts';
import { fuzzSplits } from './split-fuzz.ts';
import { fuzzWorkflows } from './workflow-fuzz.ts';

const seed = 20_261_124;

describe('fuzz', function () {
  this.timeout(180_000);

  it('containers: 200 damaged archives are read to an end, the same in any room', async () => {
    const { archives, damaged } = await fuzzContainers({ seed, archives: 200 });
    // neither all whole nor all broken
    assert.ok(damaged > archives / 4 && damaged < archives * 0.95, `${damaged} of ${archives}`);
  });

  it('splits: 3,000 streams are cut into the same parts, whatever the chunks', () => {
    assert.ok(fuzzSplits({ seed, streams: 3_000 }).parts > 10_000);
  });

  it('settings: 2,000 rounds of anything are taken, or refused with one typed error', () => {
    const { rounds, taken } = fuzzSettings({ seed, rounds: 2_000 });
    assert.ok(taken > rounds / 10 && taken < rounds * 2.9, `${taken} of ${rounds * 3}`);
  });

  it('workflows: any JSON as input, signal, update or query ends, and fails no workflow task', async () => {
    const stage = await Stage.open();
    try {
      const { inputs, completed } = await fuzzWorkflows(stage, { seed, inputs: 24 });
      assert.ok(completed < inputs, `${completed} of ${inputs}`);
    } finally {
      await stage.end();
    }
  });
});
