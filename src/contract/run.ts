/** What is remembered of how a job went: a bounded series of looks at it, and when it was taken up again. Pure. */

/**
 * A look at a running job: seconds since it first began, lines read, lines per second, MB of memory beyond window and idle
 * worker, lines of a batch.
 */
export type RunSample = readonly [
  seconds: number,
  lines: number,
  linesPerSecond: number,
  memoryMb: number,
  batchSize: number,
];

/** How a job went. Changes with every run: no byte of the output depends on it. */
export interface RunRecord {
  /** In order of time. */
  readonly samples: readonly RunSample[];
  /** Seconds since the job first began at which it was taken up again: after a kill, a failure, a long pause. */
  readonly resumptions: readonly number[];
}

/** A job of days is remembered by so many looks: 8 KB. */
export const runSamplesMax = 240;
/** Between two looks at first. */
export const runSampleMs = 1_000;
/** The latest ones of a job that is killed over and over. */
const resumptionsMax = 100;

export const emptyRun: RunRecord = { samples: [], resumptions: [] };

/** Adds what a segment saw. Over the limit every other look is forgotten, until they fit. */
export function extendRun(run: RunRecord, more: RunRecord, samplesMax: number = runSamplesMax): RunRecord {
  return {
    samples: thinned([...run.samples, ...more.samples], samplesMax),
    resumptions: [...run.resumptions, ...more.resumptions].slice(-resumptionsMax),
  };
}

/** Every other sample of a series that is too long, the last one always among them. */
export function thinned(samples: readonly RunSample[], max: number): readonly RunSample[] {
  let left = samples;
  while (left.length > max) {
    const { length } = left;
    left = left.filter((_, at) => (length - 1 - at) % 2 === 0);
  }
  return left;
}
