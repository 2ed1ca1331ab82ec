/** Runs cycles of faults side by side and in order, each from its own seed, and gathers what became of them. */
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRandom } from '../../samples/generator/random.ts';
import { Stage } from '../e2e/stage.ts';
import type { Outcome } from './cycle.ts';
import type { Fault } from './faults-process.ts';
import { Lane } from './lane.ts';
import { runVariable } from './trap.ts';

export interface BenchOptions {
  readonly seed: number;
  readonly onCycle: (done: DoneCycle) => void;
}

export interface DoneCycle {
  readonly task: Task;
  readonly outcome: Outcome;
  readonly seconds: number;
}

export interface Torture {
  /** The server keeps its state in a file. */
  readonly persistence: boolean;
  /** Lanes with two workers each on one server; the faults of the server have one of their own, after the others. */
  readonly lanes: number;
}

/** One line of the table. */
export interface Row {
  readonly fault: string;
  readonly outcomes: readonly Outcome[];
  /** Why it was not done. */
  readonly missing: string | null;
}

/** A fault's cycle; the same seed, fault and number have the same moments by lot. */
export interface Task {
  readonly fault: Fault;
  readonly cycle: number;
}

const nothingKnown: Omit<Outcome, 'problems'> = {
  resumeMs: null,
  underWay: 0,
  lostLines: 0,
  doubledLines: 0,
  leftOver: 0,
  redoneParts: 0,
  sealed: null,
};

function seedOf({ fault, cycle }: Task, seed: number): number {
  let hash = seed;
  for (const character of `${fault.name} ${cycle}`)
    hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return hash;
}

/** Why a fault can't be had on this machine. */
function missingFor(fault: Fault): string | null {
  return fault.missing?.() ?? null;
}

/** All cycles of the faults in turn, so that a run that is ended early has seen all of them; `cycles`: of each; null: its own number. */
export function tasksOf(faults: readonly Fault[], cycles: number | null): readonly Task[] {
  const most = Math.max(0, ...faults.map((fault) => cycles ?? fault.cycles));
  return Array.from({ length: most }, (_, cycle) =>
    faults.filter((fault) => cycle < (cycles ?? fault.cycles)).map((fault) => ({ fault, cycle })),
  ).flat();
}

export class Bench {
  private readonly options: BenchOptions;
  private readonly run = `torture-${process.pid}-${Date.now()}`;
  private readonly outcomes = new Map<Fault, Outcome[]>();

  constructor(options: BenchOptions) {
    this.options = options;
  }

  /** Does the tasks, side by side in lanes; gives a row for each fault among them. */
  async torture(tasks: readonly Task[], { persistence, lanes }: Torture): Promise<readonly Row[]> {
    const faults = [...new Set(tasks.map(({ fault }) => fault))];
    process.env[runVariable] = this.run;
    const stage = await Stage.open({ persistence });
    const opened: Lane[] = [];
    try {
      for (let at = 0; at < lanes; at++) opened.push(await Lane.open(stage, `torture-${at}`, this.run));
      const todo = tasks.filter(({ fault }) => missingFor(fault) === null);
      await Promise.all(opened.map((lane) => this.work(lane, todo)));
    } finally {
      for (const lane of opened) await lane.end();
      await stage.end();
    }
    return faults.map((fault) => ({
      fault: fault.name,
      outcomes: this.outcomes.get(fault) ?? [],
      missing: missingFor(fault),
    }));
  }

  /** Ids of processes of this run that are still there. */
  leftProcesses(): readonly number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${runVariable}=${this.run}`);
        } catch {
          return false; // it has ended
        }
      })
      .map(Number);
  }

  private async work(lane: Lane, tasks: Task[]): Promise<void> {
    for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) {
      const startedMs = performance.now();
      const outcome = await this.cycle(lane, task);
      const known = this.outcomes.get(task.fault) ?? [];
      known.push(outcome);
      this.outcomes.set(task.fault, known);
      this.options.onCycle({ task, outcome, seconds: (performance.now() - startedMs) / 1000 });
    }
  }

  private async cycle(lane: Lane, task: Task): Promise<Outcome> {
    const random = createRandom(seedOf(task, this.options.seed));
    try {
      const outcome = await task.fault.cycle(lane, random);
      if (outcome.problems.length === 0)
        for (const folder of lane.takeOuts()) rmSync(folder, { recursive: true, force: true });
      return outcome;
    } catch (error) {
      await lane.giveUp();
      return {
        ...nothingKnown,
        problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
      };
    }
  }
}
