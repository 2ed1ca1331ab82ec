/** Which reporter of progress a command has: none, lines, or a drawn view; and the keys of that. */
import type { CommandContext } from './context.ts';
import {
  createDrawnReporter,
  createPlainReporter,
  silentReporter,
  type ProgressReporter,
} from './progress-reporter.ts';
import { painter } from './render/paint.ts';

/** What the keys do, beside the view. */
const keysText = 'p pause/resume  + - batch  q detach';

export interface ChosenReporter {
  readonly reporter: ProgressReporter;
  /** It draws: whatever else is said must go through it. */
  readonly draws: boolean;
}

/** A reporter on stderr, unless talk is not wanted. `keyed`: keys will be listened to, where there are any. */
export function reporterFor({ io, quiet, settings }: CommandContext, keyed: boolean): ChosenReporter {
  const { logLevel } = settings.values;
  const nowMs = (): number => io.nowMs();
  if (quiet || (logLevel !== 'info' && logLevel !== 'debug'))
    return { reporter: silentReporter, draws: false };
  const { terminal } = io;
  if (terminal === undefined || io.stderr.isTTY !== true) {
    return { reporter: createPlainReporter(io.stderr, nowMs), draws: false };
  }
  const keys = keyed && terminal.keys !== undefined ? keysText : '';
  const { glyphs } = terminal;
  const onContinue = terminal.onContinue?.bind(terminal);
  const options = {
    paint: painter(io.color),
    glyphs,
    keys,
    ...(onContinue === undefined ? {} : { onContinue }),
  };
  return { reporter: createDrawnReporter(io.stderr, nowMs, options), draws: true };
}
