/** Values that may be encrypted under a key that is not here. */
import { whyUnreadable } from '../contract/unreadable.ts';
import { ThreadmillError } from '../core/errors.ts';

/** The value itself. @throws {ThreadmillError} PAYLOAD_UNREADABLE where there is only a mark in its place */
export function readable<T>(value: T): T {
  const why = whyUnreadable(value);
  if (why === null) return value;
  throw new ThreadmillError('PAYLOAD_UNREADABLE', why);
}
