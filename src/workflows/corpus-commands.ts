/** Queries, signals and updates of a corpus. */
import {
  ApplicationFailure,
  defineQuery,
  defineSignal,
  defineUpdate,
  log,
  setHandler,
} from '@temporalio/workflow';
import { concurrencyMax, corpusCommandNames, type CorpusProgress } from '../contract/corpus.ts';
import { commandNames, queryNames, type JobSettings } from '../contract/job.ts';
import { commandProblem } from '../settings/job-settings.ts';

/** What a person may ask of a corpus. */
export interface CorpusChange {
  /** Lines. */
  readonly batchSize?: number;
  /** MB. */
  readonly maxMemoryUsage?: number;
  readonly paused?: boolean;
  readonly concurrency?: number;
}

/** The corpus as its commands see it. */
export interface CommandedCorpus {
  change(change: CorpusChange): void;
  progress(): CorpusProgress;
  settings(): JobSettings | null;
  /** False once nothing is left to be paused. */
  canPause(): boolean;
}

const tooLate = 'Too late to pause: the last archives are through';

function concurrencyProblem(value: unknown): string | null {
  const number = Number(value);
  return Number.isInteger(number) && number >= 1 && number <= concurrencyMax
    ? null
    : `The concurrency of a corpus is a whole number from 1 to ${concurrencyMax}, and not ${String(value)}`;
}

/** Registers all handlers. Call it last: buffered signals and updates run inside `setHandler`. */
export function registerCorpusCommands(corpus: CommandedCorpus): void {
  setHandler(defineQuery<CorpusProgress>(queryNames.progress), () => corpus.progress());
  setHandler(defineQuery<JobSettings | null>(queryNames.config), () => corpus.settings());

  const numbers = [
    [commandNames.setBatchSize, (lines: number) => ({ batchSize: lines }), problemOf('baseBatchSize')],
    [commandNames.setMaxMemory, (mb: number) => ({ maxMemoryUsage: mb }), problemOf('maxMemoryUsage')],
    [corpusCommandNames.setConcurrency, (count: number) => ({ concurrency: count }), concurrencyProblem],
  ] as const;
  for (const [name, changeTo, problem] of numbers) {
    const apply = (value: unknown): number => {
      corpus.change(changeTo(Number(value)));
      return Number(value);
    };
    setHandler(defineUpdate<number, [number]>(name), apply, {
      validator: (value) => {
        const why = problem(value);
        if (why !== null) throw ApplicationFailure.nonRetryable(why, 'SETTINGS_INVALID');
      },
    });
    // a signal has nobody to answer to: a bad one is told in the log and changes nothing
    setHandler(defineSignal<[number]>(name), (value) => {
      const why = problem(value);
      if (why === null) apply(value);
      else log.warn(`Signal ignored: ${why}`);
    });
  }
  for (const [name, paused] of [
    [commandNames.pause, true],
    [commandNames.resume, false],
  ] as const) {
    const apply = (): boolean => {
      corpus.change({ paused });
      return paused;
    };
    const late = (): boolean => paused && !corpus.canPause();
    setHandler(defineUpdate<boolean>(name), apply, {
      validator: () => {
        if (late()) throw ApplicationFailure.nonRetryable(tooLate, 'USAGE');
      },
    });
    setHandler(defineSignal(name), () => {
      if (late()) log.warn(`Signal ignored: ${tooLate}`);
      else apply();
    });
  }
}

function problemOf(setting: 'baseBatchSize' | 'maxMemoryUsage'): (value: unknown) => string | null {
  return (value) => commandProblem(setting, value);
}
