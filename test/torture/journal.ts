/** Cycles of several runs in one file, a line of JSON each: a run of all of them takes half an hour. */
import { appendFileSync, readFileSync } from 'node:fs';
import type { Row } from './bench.ts';
import type { Outcome } from './cycle.ts';
import type { Fault } from './faults-process.ts';

export interface Entry {
  readonly seed: number;
  readonly fault: string;
  readonly cycle: number;
  /** Of the machine, over 1, 5 and 15 minutes. */
  readonly load: string;
  readonly outcome: Outcome;
}

export function addToJournal(file: string, entry: Entry): void {
  appendFileSync(file, `${JSON.stringify(entry)}\n`);
}

/** Rows of the table, in the order of the faults; what was done twice counts twice. */
export function rowsOf(file: string, faults: readonly Fault[]): readonly Row[] {
  const entries = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Entry);
  return faults.map(({ name, missing }) => ({
    fault: name,
    outcomes: entries.filter(({ fault }) => fault === name).map(({ outcome }) => outcome),
    missing: missing?.() ?? null,
  }));
}
