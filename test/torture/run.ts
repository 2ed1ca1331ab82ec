/**
 * `npm run torture`: a real server, real workers, real signals. Prints the table; exit code 1 where anything was lost, doubled,
 * left over or otherwise wrong. The flags are below. In slices of a few minutes:
 * `--journal FILE --slice 1/8`, `2/8` … `8/8`, then `--journal FILE --table`.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Bench, tasksOf, type Row, type Task } from './bench.ts';
import { processFaults, type Fault } from './faults-process.ts';
import { serverFaults } from './faults-server.ts';
import { worldFaults } from './faults-world.ts';
import { addToJournal, rowsOf } from './journal.ts';
import { tableOf, wrongCycles } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Faults whose names contain it. */
    only: { type: 'string', default: '' },
    /** Of each fault; default: its own number, over 200 in all. */
    cycles: { type: 'string' },
    /** This cycle alone, from 0: to have again what the same seed found. */
    cycle: { type: 'string' },
    /** `2/8`: the second of eight shares of all. */
    slice: { type: 'string', default: '1/1' },
    lanes: { type: 'string', default: '3' },
    /** Adds every cycle to this file. */
    journal: { type: 'string' },
    /** Prints the table of all that is in the journal, and does nothing else. */
    table: { type: 'boolean', default: false },
  },
});
const { journal, only } = values;
const [seed, lanes] = [Number(values.seed), Number(values.lanes)];
const cycles = values.cycles === undefined ? null : Number(values.cycles);
const [slice = 1, slices = 1] = values.slice.split('/').map(Number);
const every: readonly Fault[] = [...processFaults, ...worldFaults, ...serverFaults];

if (values.table) {
  if (journal === undefined) throw new Error('--table needs a --journal');
  console.log(tableOf(rowsOf(journal, every)));
  process.exit(0);
}

/** The chosen cycles of the faults that this run does. */
function chosen(faults: readonly Fault[]): readonly Task[] {
  const named = faults.filter(({ name }) => name.includes(only));
  if (values.cycle !== undefined) return named.map((fault) => ({ fault, cycle: Number(values.cycle) }));
  const all = tasksOf(named, cycles);
  return all.slice((all.length * (slice - 1)) / slices, (all.length * slice) / slices);
}

const startedMs = performance.now();
const load = (): string => loadavg().map((each) => each.toFixed(1)).join(' '); // prettier-ignore
const loadBefore = load();
console.error(`Seed ${seed}, ${lanes} lanes, load ${loadBefore}`);
const bench = new Bench({
  seed,
  onCycle: ({ task, outcome, seconds }) => {
    const verdict = outcome.problems.length === 0 ? 'ok' : `WRONG: ${outcome.problems.join('; ')}`;
    const resumed = outcome.resumeMs === null ? '' : `, resumed in ${(outcome.resumeMs / 1000).toFixed(1)} s`;
    const at = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(5);
    console.error(
      `${at} s  ${task.fault.name} #${task.cycle}  ${seconds.toFixed(1)} s${resumed}  ${verdict}`,
    );
    if (journal !== undefined)
      addToJournal(journal, { seed, fault: task.fault.name, cycle: task.cycle, load: load(), outcome });
  },
});
const side = chosen([...processFaults, ...worldFaults]);
const alone = chosen(serverFaults);
const rows: readonly Row[] = [
  ...(side.length === 0 ? [] : await bench.torture(side, { persistence: false, lanes })),
  ...(alone.length === 0 ? [] : await bench.torture(alone, { persistence: true, lanes: 1 })),
];
const left = bench.leftProcesses();
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
console.log(
  `${tableOf(rows)}\n\nSeed ${seed}; ${minutes} minutes; load before ${loadBefore}, after ${load()}; ` +
    `processes left: ${left.length === 0 ? 'none' : left.join(', ')}.`,
);
process.exit(wrongCycles(rows) === 0 && left.length === 0 ? 0 : 1);
