/** Single key presses from a terminal, while a view is drawn on it. */
import { inForeground } from './foreground.ts';

/** What of `process.stdin` is used. */
export interface KeyStream {
  readonly isTTY?: boolean;
  setRawMode(raw: boolean): unknown;
  setEncoding(encoding: 'utf8'): unknown;
  resume(): unknown;
  pause(): unknown;
  on(event: 'data', listener: (text: string) => void): unknown;
  off(event: 'data', listener: (text: string) => void): unknown;
}

/** The process, for what the terminal no longer does by itself in raw mode. */
export interface KeySignals {
  raise(signal: 'SIGINT' | 'SIGQUIT' | 'SIGTSTP'): void;
  onContinue(listener: () => void): void;
  offContinue(listener: () => void): void;
}

export interface Keys {
  /** Gives the terminal back as it was; may be called again. */
  end(): void;
}

/** What a terminal makes of these keys otherwise. */
const signalKeys = { '\u0003': 'SIGINT', '\u001c': 'SIGQUIT', '\u001a': 'SIGTSTP' } as const;

/**
 * Gives each key that is pressed to `press`, until `end`. Ctrl-C, Ctrl-\ and Ctrl-Z do what they always do; back in the
 * foreground after a stop, the keys are there again. What is not a terminal, or not ours now, gives no keys.
 */
export function listenForKeys(
  stream: KeyStream,
  signals: KeySignals,
  press: (key: string) => void,
  mayUse: () => boolean = inForeground,
): Keys {
  let listening = false;

  function data(text: string): void {
    // an arrow or function key comes as one sequence; its letters are not key presses
    if (text.length > 1 && text.startsWith('\u001b')) return;
    for (const key of text) {
      const signal = Object.entries(signalKeys).find(([code]) => code === key)?.[1];
      if (signal === 'SIGTSTP') stop();
      if (signal === undefined) press(key);
      else signals.raise(signal);
    }
  }

  function start(): void {
    if (listening || stream.isTTY !== true || !mayUse()) return;
    listening = true;
    stream.setRawMode(true);
    stream.setEncoding('utf8');
    stream.on('data', data);
    stream.resume();
  }

  function stop(): void {
    if (!listening) return;
    listening = false;
    stream.off('data', data);
    stream.pause();
    stream.setRawMode(false);
  }

  signals.onContinue(start);
  start();
  return {
    end() {
      signals.offContinue(start);
      stop();
    },
  };
}

/** The signals of this process. */
export const processSignals: KeySignals = {
  raise: (signal) => process.kill(process.pid, signal),
  onContinue: (listener) => void process.on('SIGCONT', listener),
  offContinue: (listener) => void process.off('SIGCONT', listener),
};
