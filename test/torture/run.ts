/**
 * `npm run torture -- [--seed N] [--cycles N] [--only TEXT] [--lanes N]`: a real server, real workers, real signals. Prints
 * the table; exit code 1 where anything was lost, doubled, left over or otherwise wrong.
 */
import { parseArgs } from 'node:util';
import { Bench } from './bench.ts';
import { processFaults, type Fault } from './faults-process.ts';
import { serverFaults } from './faults-server.ts';
import { worldFaults } from './faults-world.ts';
import { tableOf, wrongCycles } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Of each fault; default: its own number, over 200 in all. */
    cycles: { type: 'string' },
    /** Faults whose names contain it. */
    only: { type: 'string', default: '' },
    lanes: { type: 'string', default: '3' },
  },
});
const seed = Number(values.seed);
const lanes = Number(values.lanes);
const cycles = values.cycles === undefined ? null : Number(values.cycles);
const chosen = (faults: readonly Fault[]): readonly Fault[] =>
  faults.filter(({ name }) => name.includes(values.only));
const startedMs = performance.now();
const onCycle = (text: string): void => {
  console.error(`${((performance.now() - startedMs) / 1000).toFixed(0).padStart(5)} s  ${text}`);
};

console.error(`Seed ${seed}, ${lanes} lanes`);
const bench = new Bench({ seed, lanes, onCycle });
const side = chosen([...processFaults, ...worldFaults]);
const alone = chosen(serverFaults);
const rows = [
  ...(side.length === 0 ? [] : await bench.torture(side, { persistence: false, lanes, cycles })),
  ...(alone.length === 0 ? [] : await bench.torture(alone, { persistence: true, lanes: 1, cycles })),
];
const left = bench.leftProcesses();
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
console.log(
  `${tableOf(rows)}\n\nSeed ${seed}; ${minutes} minutes; processes left: ${left.length === 0 ? 'none' : left.join(', ')}.`,
);
process.exit(wrongCycles(rows) === 0 && left.length === 0 ? 0 : 1);
