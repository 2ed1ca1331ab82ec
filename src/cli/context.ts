/** What a command is given: settings, the outside world, and ways to say things. */
import type { ResolvedSettings } from '../settings.ts';
import type { Ports } from './ports.ts';
import type { Glyphs } from './render/panel.ts';
import type { Keys } from './terminal/keys.ts';

/** A stream to write to; the two of the process, or a string in tests. */
export interface TextStream {
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

/** Ctrl-C, while a command wants to end in its own way. */
export interface Interrupts {
  /** Aborted by the first SIGINT or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal;
  /** From here on Ctrl-C ends the process at once again. */
  dispose(): void;
}

/** A terminal that can be drawn on, and is ours at the moment. */
export interface Terminal {
  readonly glyphs: Glyphs;
  /** Gives key presses until it is ended; absent: nobody is there to press any. */
  keys?(press: (key: string) => void): Keys;
  /** Tells when the process goes on after Ctrl-Z, until what it gives is called. */
  onContinue?(listener: () => void): () => void;
}

export interface Io {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  /** Colour is allowed by the user; whether a stream is a terminal is asked where it is written. */
  readonly color: boolean;
  /** Absent: lines are written one after the other, whatever the streams are. */
  readonly terminal?: Terminal | undefined;
  nowMs(): number;
  interrupts(): Interrupts;
}

export type FlagValues = Readonly<Record<string, string | boolean | undefined>>;

export interface CommonFlags {
  readonly json: boolean;
  readonly quiet: boolean;
}

export interface CommandContext extends CommonFlags {
  readonly settings: ResolvedSettings;
  readonly io: Io;
  readonly ports: Ports;
  /** All flags by camelCase name, as text or boolean. */
  readonly options: FlagValues;
  /** A line of data, to stdout. */
  print(text: string): void;
  /** One JSON object on a line of its own, to stdout. */
  printJson(value: unknown): void;
  /** A line of talk, to stderr: not with --quiet, nor below log level info. */
  talk(text: string): void;
  /** A warning, to stderr, unless the log level is above it. */
  warn(text: string): void;
}

/** What a command says, given where it goes. */
export function speech(
  io: Io,
  flags: CommonFlags,
  level: ResolvedSettings['values']['logLevel'],
): Pick<CommandContext, 'print' | 'printJson' | 'talk' | 'warn'> {
  const talks = !flags.quiet && (level === 'debug' || level === 'info');
  const warns = level !== 'error' && level !== 'silent';
  return {
    print: (text) => void io.stdout.write(`${text}\n`),
    printJson: (value) => void io.stdout.write(`${JSON.stringify(value)}\n`),
    talk: (text) => {
      if (talks) io.stderr.write(`${text}\n`);
    },
    warn: (text) => {
      if (warns) io.stderr.write(`threadmill: warning: ${text}\n`);
    },
  };
}
