/** Shows progress as it comes: one redrawn line on a terminal, now and then a line elsewhere. */
import type { JobProgress } from '../contract/job.ts';
import type { TextStream } from './context.ts';
import { plainProgressLine, progressLine } from './render/progress-line.ts';

/** A faster redraw than four in a second is flicker, over ssh also traffic. */
const redrawMs = 250;
/** In a log: a line for every 5 s would be a flood on an archive of a day, so after the first minute it is 30 s. */
const plainMs = 5_000;
const plainLaterMs = 30_000;
const plainLaterAfterMs = 60_000;
const plainStepPercent = 10;
/** Where it is not known: some terminals say 0. */
const columnsDefault = 80;
const clearLine = '\r\u001b[2K';

export interface ProgressReporter {
  show(progress: JobProgress): void;
  /** A line of talk that does not tear the progress line. */
  say(text: string): void;
  /** Takes the line away. May be called again. */
  end(): void;
}

/** Nothing, for `--quiet`. */
export const silentReporter: ProgressReporter = {
  show: () => undefined,
  say: () => undefined,
  end: () => undefined,
};

/** A reporter for a stream; `nowMs` is a monotonic or wall clock in ms. */
export function createProgressReporter(stream: TextStream, nowMs: () => number): ProgressReporter {
  const live = stream.isTTY === true;
  const startMs = nowMs();
  let lastMs = -Infinity;
  let lastPercent = -Infinity;
  let lastState: JobProgress['state'] | null = null;
  let drawn = '';

  function due(progress: JobProgress, now: number): boolean {
    if (live) return now - lastMs >= redrawMs;
    const interval = now - startMs < plainLaterAfterMs ? plainMs : plainLaterMs;
    return (
      now - lastMs >= interval ||
      progress.completionPercentage - lastPercent >= plainStepPercent ||
      progress.state !== lastState
    );
  }

  function clear(): void {
    if (drawn !== '') stream.write(clearLine);
  }

  return {
    show(progress) {
      const now = nowMs();
      if (!due(progress, now)) return;
      lastMs = now;
      lastPercent = progress.completionPercentage;
      lastState = progress.state;
      if (!live) {
        stream.write(`${plainProgressLine(progress)}\n`);
        return;
      }
      drawn = progressLine(progress, stream.columns || columnsDefault);
      stream.write(clearLine + drawn);
    },
    say(text) {
      clear();
      stream.write(`${text}\n`);
      if (drawn !== '') stream.write(drawn);
    },
    end() {
      clear();
      drawn = '';
    },
  };
}
