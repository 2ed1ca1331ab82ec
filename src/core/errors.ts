import { withoutSecrets } from './places.ts';

/** What can be wrong with the request or the world. Bad data is a value (see reject reasons), never one of these. */
export const errorCodes = [
  'SETTINGS_INVALID',
  'SELECTION_CHANGED',
  'USAGE',
  'ARCHIVE_MISSING',
  'ARCHIVE_UNREADABLE',
  'ARCHIVE_EMPTY',
  'ARCHIVE_NOT_RECOGNISED',
  'ARCHIVE_TRUNCATED',
  'ARCHIVE_CORRUPT',
  'ARCHIVE_CHANGED',
  'ARCHIVE_NOT_SMALL',
  'WINDOW_TOO_LARGE',
  'TOO_MANY_REJECTS',
  'TOO_MANY_PARTS',
  'STORAGE_UNAVAILABLE',
  'STORAGE_DENIED',
  'STORAGE_REFUSED',
  'OUTPUT_DENIED',
  'OUTPUT_FAILED',
  'DISK_FULL',
  'DATASET_IN_USE',
  'DATASET_INVALID',
  'PAYLOAD_UNREADABLE',
  'WORKER_LOST',
  'JOB_NOT_FOUND',
  'JOB_FAILED',
  'SERVER_UNREACHABLE',
  'SERVER_UNAVAILABLE',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** Plain JSON facts that go with an error: paths, offsets, sizes with their unit in the name. */
export type ErrorFacts = Readonly<Record<string, string | number | boolean | null>>;

/**
 * An error of the request or the world: a stable `code`, the facts as fields, and a message that ends in the way out. It goes to
 * logs and histories, so what gives access is taken out of it.
 */
export class ThreadmillError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, options: { facts?: ErrorFacts; cause?: unknown } = {}) {
    super(withoutSecrets(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ThreadmillError';
    this.code = code;
    this.facts = Object.fromEntries(
      Object.entries(options.facts ?? {}).map(([name, fact]) => [
        name,
        typeof fact === 'string' ? withoutSecrets(fact) : fact,
      ]),
    );
  }
}

/** Ends a `switch` over a union: the compiler refuses it when a case is missing. */
export function assertNever(value: never): never {
  throw new TypeError(`Unexpected value ${JSON.stringify(value)}`);
}
