/** How an error is told: one line for the world's mistakes, a stack and a request to report it for ours. */
import { ThreadmillError } from '../core/errors.ts';
import type { TextStream } from './context.ts';

/** An error as JSON, for `--json`. */
export function errorJson(
  error: unknown,
): { readonly code: string; readonly message: string } & Record<string, unknown> {
  if (error instanceof ThreadmillError) {
    return { code: error.code, message: error.message, facts: error.facts };
  }
  return { code: 'BUG', message: error instanceof Error ? error.message : String(error) };
}

/** The text for stderr. */
export function errorText(error: unknown, options: { readonly json: boolean }): string {
  if (error instanceof ThreadmillError) {
    return `threadmill: ${options.json ? `${error.code}: ` : ''}${error.message}`;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return (
    `threadmill: ${options.json ? 'BUG: ' : ''}unexpected error, a bug in threadmill\n${stack}\n` +
    'Please report it with the lines above and the command. Nothing is lost: the same command goes on.'
  );
}

/** Tells an error on stderr. */
export function reportError(error: unknown, stderr: TextStream, options: { readonly json: boolean }): void {
  stderr.write(`${errorText(error, options)}\n`);
}
