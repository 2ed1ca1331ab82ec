/** An error on its way from a thread: it would lose its class, and with that its code. */
import { ThreadmillError, type ErrorCode, type ErrorFacts } from '../../core/errors.ts';

/** `code`: of a ThreadmillError; null for another. */
export interface PackedError {
  readonly code: ErrorCode | null;
  readonly message: string;
  readonly facts: ErrorFacts;
  readonly stack: string | undefined;
}

export function packError(error: unknown): PackedError {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof ThreadmillError ? error : null;
  return { code: known?.code ?? null, message, facts: known?.facts ?? {}, stack };
}

/** Inverse of {@link packError}, as far as an error is what is packed. */
export function unpackError({ code, message, facts, stack }: PackedError): Error {
  const error = code === null ? new Error(message) : new ThreadmillError(code, message, { facts });
  if (stack !== undefined) error.stack = stack;
  return error;
}
