/** Queries, signals and updates of a job. */
import {
  ApplicationFailure,
  defineQuery,
  defineSignal,
  defineUpdate,
  log,
  setHandler,
} from '@temporalio/workflow';
import {
  commandNames,
  queryNames,
  type JobProgress,
  type JobSettings,
  type JobState,
  type RejectExample,
  type ResourceStats,
} from '../contract/job.ts';
import type { JobChange } from '../contract/job-state.ts';
import { clampBatchSize } from '../core/batch-size.ts';
import { commandProblem, type CommandSetting } from '../settings/job-settings.ts';

/** The job as its commands see it. */
export interface Commanded {
  state(): JobState | null;
  /** Takes effect inside the running segment. */
  change(change: JobChange): void;
  progress(): JobProgress;
  stats(): ResourceStats | null;
  /** False once the dataset is being published: half a publication helps nobody. */
  canPause(): boolean;
}

const tooLate = 'Too late to pause: the dataset is being published, which takes moments';

function validate(setting: CommandSetting, value: unknown): void {
  const problem = commandProblem(setting, value);
  if (problem !== null) throw ApplicationFailure.nonRetryable(problem, 'SETTINGS_INVALID');
}

/** Registers all handlers. Call it last: buffered signals and updates run inside `setHandler`. */
export function registerCommands(job: Commanded): void {
  // What comes by wire is checked, and may be a number or its text.
  const setBatchSize = (lines: unknown): number => {
    const state = job.state();
    const batchSize = state === null ? Number(lines) : clampBatchSize(Number(lines), state.settings);
    job.change({ batchSize });
    return batchSize;
  };
  const setMaxMemory = (mb: unknown): number => {
    job.change({ maxMemoryUsage: Number(mb) });
    return Number(mb);
  };
  const setPaused = (paused: boolean) => (): boolean => {
    job.change({ paused });
    return paused;
  };
  const pause = setPaused(true);
  const resume = setPaused(false);
  // A signal has nobody to answer to: a bad one is told in the log and changes nothing.
  const signalled = (setting: CommandSetting, apply: (value: unknown) => void) => (value: unknown) => {
    const problem = commandProblem(setting, value);
    if (problem === null) apply(value);
    else log.warn(`Signal ignored: ${problem}`);
  };
  const updates = commandNames;

  setHandler(defineQuery<JobProgress>(queryNames.progress), () => job.progress());
  setHandler(defineQuery<ResourceStats | null>(queryNames.stats), () => job.stats());
  setHandler(defineQuery<JobSettings | null>(queryNames.config), () => {
    const state = job.state();
    return state === null ? null : { ...state.settings, baseBatchSize: state.batchSize };
  });
  setHandler(
    defineQuery<readonly RejectExample[]>(queryNames.rejects),
    () => job.state()?.rejectExamples ?? [],
  );

  setHandler(defineUpdate<number, [number]>(updates.setBatchSize), setBatchSize, {
    validator: (lines) => {
      validate('baseBatchSize', lines);
    },
  });
  setHandler(defineUpdate<number, [number]>(updates.setMaxMemory), setMaxMemory, {
    validator: (mb) => {
      validate('maxMemoryUsage', mb);
    },
  });
  setHandler(defineUpdate<boolean>(updates.pause), pause, {
    validator: () => {
      if (!job.canPause()) throw ApplicationFailure.nonRetryable(tooLate, 'USAGE');
    },
  });
  setHandler(defineUpdate<boolean>(updates.resume), resume);

  setHandler(defineSignal<[number]>(commandNames.setBatchSize), signalled('baseBatchSize', setBatchSize));
  setHandler(defineSignal<[number]>(commandNames.setMaxMemory), signalled('maxMemoryUsage', setMaxMemory));
  setHandler(defineSignal(commandNames.pause), () => {
    if (job.canPause()) pause();
    else log.warn(`Signal ignored: ${tooLate}`);
  });
  setHandler(defineSignal(commandNames.resume), () => void resume());
}
