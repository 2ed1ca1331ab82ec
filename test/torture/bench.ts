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
  /** Lanes with two workers each on one server; the faults of the server have one of their own, after the others. */
  readonly lanes: number;
  readonly onCycle: (text: string) => void;
}

/** One line of the table. */
export interface Row {
  readonly fault: string;
  readonly outcomes: readonly Outcome[];
  /** Why it was not done. */
  readonly missing: string | null;
}

interface Task {
  readonly fault: Fault;
  readonly cycle: number;
}

const nothingKnown: Omit<Outcome, 'problems'> = {
  resumeMs: null,
  underWay: 0,
  lostLines: 0,
  doubledLines: 0,
  leftOver: 0,
  redoneBytes: 0,
  sealed: null,
};

/** The same seed, fault and cycle: the same moments by lot. */
function seedOf({ fault, cycle }: Task, seed: number): number {
  let hash = seed;
  for (const character of `${fault.name} ${cycle}`)
    hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return hash;
}

export class Bench {
  private readonly options: BenchOptions;
  private readonly run = `torture-${process.pid}-${Date.now()}`;
  private readonly outcomes = new Map<Fault, Outcome[]>();

  constructor(options: BenchOptions) {
    this.options = options;
  }

  /** All cycles of the faults; `cycles`: of each, where it is not its own number. */
  async torture(
    faults: readonly Fault[],
    {
      persistence,
      lanes,
      cycles,
    }: { readonly persistence: boolean; readonly lanes: number; readonly cycles: number | null },
  ): Promise<readonly Row[]> {
    const able = faults.filter((fault) => (fault.missing?.() ?? null) === null);
    const most = Math.max(0, ...able.map((fault) => cycles ?? fault.cycles));
    // in turn, so that a run that is ended early has seen all of them
    const tasks = Array.from({ length: most }, (_, cycle) =>
      able.filter((fault) => cycle < (cycles ?? fault.cycles)).map((fault) => ({ fault, cycle })),
    ).flat();
    process.env[runVariable] = this.run;
    const stage = await Stage.open({ persistence });
    const opened: Lane[] = [];
    try {
      for (let at = 0; at < lanes; at++) opened.push(await Lane.open(stage, `torture-${at}`, this.run));
      await Promise.all(opened.map((lane) => this.work(lane, tasks)));
    } finally {
      for (const lane of opened) await lane.end();
      await stage.end();
    }
    return faults.map((fault) => ({
      fault: fault.name,
      outcomes: this.outcomes.get(fault) ?? [],
      missing: fault.missing?.() ?? null,
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
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      const verdict = outcome.problems.length === 0 ? 'ok' : `WRONG: ${outcome.problems.join('; ')}`;
      this.options.onCycle(`${task.fault.name} #${task.cycle}  ${seconds} s  ${verdict}`);
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
