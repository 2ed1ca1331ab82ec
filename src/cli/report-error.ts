/** How an error is told: one line for the world's mistakes, a stack and a request to report it for ours. */
import { ThreadmillError, type ErrorFacts } from '../core/errors.ts';
import type { CommonFlags, Io } from './context.ts';

interface ErrorJson {
  readonly code: string;
  readonly message: string;
  readonly facts: ErrorFacts;
}

/** An error as JSON, for `--json`. */
function errorJson(error: unknown): ErrorJson {
  if (error instanceof ThreadmillError) {
    return { code: error.code, message: error.message, facts: error.facts };
  }
  return { code: 'BUG', message: error instanceof Error ? error.message : String(error), facts: {} };
}

/** The text for stderr. */
function errorText(error: unknown, options: { readonly json: boolean }): string {
  if (error instanceof ThreadmillError) {
    return `threadmill: ${options.json ? `${error.code}: ` : ''}${error.message}`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return (
    `threadmill: ${options.json ? 'BUG: ' : ''}unexpected error, a bug in threadmill\n${stack}\n` +
    'Please report it with the lines above and the command. Nothing is lost: the same command goes on.'
  );
}

/** Tells an error on stderr; with `--json` one object on stdout as well, with `about` what it happened to. */
export function reportError(
  error: unknown,
  io: Pick<Io, 'stdout' | 'stderr'>,
  { json, about = {} }: Pick<CommonFlags, 'json'> & { readonly about?: Readonly<Record<string, string>> },
): void {
  if (json) io.stdout.write(`${JSON.stringify({ success: false, ...about, error: errorJson(error) })}\n`);
  io.stderr.write(`${errorText(error, { json })}\n`);
}
