/**
 * The long fuzz: `npm run fuzz -- [--only lines|containers|splits|settings|workflows] [--rounds N] [--seed N]`. A round is
 * about a second of each but the workflows, which begin a server. Prints each seed, so that a finding can be had again.
 */
import { parseArgs } from 'node:util';
import { Stage } from '../e2e/stage.ts';
import { fuzzContainers } from './container-fuzz.ts';
import { fuzzLines } from './line-fuzz.ts';
import { fuzzSettings } from './settings-fuzz.ts';
import { fuzzSplits } from './split-fuzz.ts';
import { fuzzWorkflows } from './workflow-fuzz.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
  },
});

type Fuzz = (seed: number) => unknown;

const fuzzes: Readonly<Record<string, Fuzz>> = {
  lines: (seed) => fuzzLines({ seed, lines: 20_000 }),
  containers: (seed) => fuzzContainers({ seed, archives: 100 }),
  splits: (seed) => fuzzSplits({ seed, streams: 3_000 }),
  settings: (seed) => fuzzSettings({ seed, rounds: 5_000 }),
  workflows: async (seed) => {
    const stage = await Stage.open();
    try {
      return await fuzzWorkflows(stage, { seed, inputs: 200 });
    } finally {
      await stage.end();
    }
  },
};

/** A round in so many is one of workflows, which takes a minute. */
const workflowsEvery = 10;
const totals = new Map<string, Record<string, number>>();
const first = Number(values.seed);
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, fuzz] of Object.entries(fuzzes)) {
    if (values.only !== undefined && values.only !== name) continue;
    if (name === 'workflows' && values.only === undefined && round % workflowsEvery !== 0) continue;
    const seed = first + round;
    try {
      const total = totals.get(name) ?? {};
      for (const [what, count] of Object.entries((await fuzz(seed)) as Record<string, number>))
        total[what] = (total[what] ?? 0) + count;
      totals.set(name, total);
    } catch (error) {
      console.error(`${name}, seed ${seed}, found something:`);
      throw error;
    }
  }
  console.error(`round ${round + 1} of ${values.rounds}, seed ${first + round}: nothing found`);
}
for (const [name, total] of totals) console.log(`${name}: ${JSON.stringify(total)}`);
process.exit(0);
