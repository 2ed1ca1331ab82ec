/** Shows progress as it comes: a few redrawn lines on a terminal, now and then a line elsewhere. */
import type { JobProgress } from '../contract/job.ts';
import type { Terminal, TextStream } from './context.ts';
import { jobPanel } from './render/job-panel.ts';
import type { Paint } from './render/paint.ts';
import { fitStart, type Glyphs } from './render/panel.ts';
import { plainProgressLine } from './render/progress-line.ts';
import { createLiveView } from './terminal/live-view.ts';

/** A faster redraw than four in a second is flicker, over ssh also traffic. */
const redrawMs = 250;
/** In a log: a line for every 5 s would be a flood on an archive of a day, so after the first minute it is 30 s. */
const plainMs = 5_000;
const plainLaterMs = 30_000;
const plainLaterAfterMs = 60_000;
const plainStepPercent = 10;

export interface ProgressReporter {
  show(progress: JobProgress): void;
  /** A line of talk that does not tear what is drawn. */
  say(text: string): void;
  /** What is under way, beside the keys; empty: nothing is. */
  note(text: string): void;
  /** Takes away what is drawn. May be called again. */
  end(): void;
}

/** Nothing, for `--quiet`. */
export const silentReporter: ProgressReporter = {
  show: () => undefined,
  say: () => undefined,
  note: () => undefined,
  end: () => undefined,
};

export interface DrawOptions {
  readonly paint: Paint;
  readonly glyphs: Glyphs;
  /** What keys there are, in words; empty: none. */
  readonly keys: string;
  /** Tells when the process goes on after a stop; gives the way to be told no more. */
  readonly onContinue?: Terminal['onContinue'];
}

/** A reporter that draws on a terminal; `nowMs` is a monotonic or wall clock in ms. */
export function createDrawnReporter(
  stream: TextStream,
  nowMs: () => number,
  { paint, glyphs, keys, onContinue }: DrawOptions,
): ProgressReporter {
  let last: JobProgress | null = null;
  let lastMs = -Infinity;
  let lastState: JobProgress['state'] | null = null;
  let note = '';
  const view = createLiveView(stream, ({ columns }) => {
    if (last === null) return [];
    const foot = [note, keys].filter((text) => text !== '').join('   ');
    return [
      ...jobPanel(last, { columns, paint, glyphs }),
      ...(foot === '' ? [] : [paint('dim', fitStart(foot, columns - 1, glyphs))]),
    ];
  });
  // the shell has written where the cursor was
  const listenNoMore = onContinue?.(() => {
    view.leave();
  });
  return {
    show(progress) {
      const now = nowMs();
      last = progress;
      if (now - lastMs < redrawMs && progress.state === lastState) return;
      lastMs = now;
      lastState = progress.state;
      view.refresh();
    },
    say: (text) => {
      view.say(text);
    },
    note(text) {
      note = text;
      if (last !== null) view.refresh();
    },
    end: () => {
      listenNoMore?.();
      view.end();
    },
  };
}

/** A reporter that writes whole lines; `nowMs` as above. */
export function createPlainReporter(stream: TextStream, nowMs: () => number): ProgressReporter {
  const startMs = nowMs();
  let lastMs = -Infinity;
  let lastPercent = -Infinity;
  let lastState: JobProgress['state'] | null = null;

  function due(progress: JobProgress, now: number): boolean {
    const interval = now - startMs < plainLaterAfterMs ? plainMs : plainLaterMs;
    return (
      now - lastMs >= interval ||
      progress.completionPercentage - lastPercent >= plainStepPercent ||
      progress.state !== lastState
    );
  }

  return {
    show(progress) {
      const now = nowMs();
      if (!due(progress, now)) return;
      lastMs = now;
      lastPercent = progress.completionPercentage;
      lastState = progress.state;
      stream.write(`${plainProgressLine(progress)}\n`);
    },
    say: (text) => void stream.write(`${text}\n`),
    note: () => undefined,
    end: () => undefined,
  };
}
