/** The process as the commands see it: its streams, its clock, Ctrl-C and its end. */
import { colorAllowed, terminalType } from '../settings.ts';
import type { Interrupts, Io, Terminal } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { asciiGlyphs, unicodeGlyphs } from './render/panel.ts';
import { inForeground } from './terminal/foreground.ts';
import { listenForKeys, processSignals } from './terminal/keys.ts';

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
type StopSignal = (typeof stopSignals)[number];

/**
 * npm passes a Ctrl-C on to a program that had it from the terminal already: one key press, two signals, a few ms apart.
 * Nobody presses twice within this time and means it.
 */
const samePressMs = 300;

/** What listening to signals needs; the process, or a fake in tests. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
}

export interface InterruptOptions {
  /** Monotonic clock, ms. */
  readonly nowMs: () => number;
  /** Ends the process at once. */
  readonly end: () => void;
}

/** Listens until `dispose`: the first SIGINT or SIGTERM aborts the signal, the next one ends the process. */
export function listenForInterrupts(source: SignalSource, { nowMs, end }: InterruptOptions): Interrupts {
  const controller = new AbortController();
  let firstMs = 0;
  const listener = (): void => {
    if (!controller.signal.aborted) {
      firstMs = nowMs();
      controller.abort();
    } else if (nowMs() - firstMs >= samePressMs) end();
  };
  for (const signal of stopSignals) source.on(signal, listener);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const signal of stopSignals) source.off(signal, listener);
    },
  };
}

function onStreamError(end: () => void): (error: NodeJS.ErrnoException) => void {
  return (error) => {
    if (error.code !== 'EPIPE') throw error;
    end();
  };
}

/** The terminal of this process, if it may be drawn on: not a dumb one, nor one where somebody else types. */
function processTerminal(): Terminal | undefined {
  const type = terminalType();
  if (!process.stderr.isTTY || type === 'dumb' || !inForeground()) return undefined;
  const glyphs = type === 'linux' ? asciiGlyphs : unicodeGlyphs;
  const { stdin } = process;
  return {
    glyphs,
    onContinue(listener) {
      processSignals.onContinue(listener);
      return () => {
        processSignals.offContinue(listener);
      };
    },
    ...(stdin.isTTY ? { keys: (press) => listenForKeys(stdin, processSignals, press) } : {}),
  };
}

/** The real thing. To be made once: it also sees to streams whose reader goes away (`threadmill rejects … | head`). */
export function processIo(): Io {
  process.stdout.on(
    'error',
    onStreamError(() => process.exit(exitCodes.brokenPipe)),
  );
  // Talk that nobody hears is no reason to stop.
  process.stderr.on(
    'error',
    onStreamError(() => undefined),
  );
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    color: colorAllowed(),
    terminal: processTerminal(),
    nowMs: () => Date.now(),
    interrupts: () =>
      listenForInterrupts(process, {
        nowMs: () => performance.now(),
        end: () => process.exit(exitCodes.interrupted),
      }),
  };
}

/**
 * Ends the process with this code once stdout is written. Not by waiting for an empty event loop: a gRPC channel or a
 * native handle that somebody forgot would make a finished command hang.
 */
export function exitWith(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
