/** An object that is not on this machine, as it was when it was opened. */
import { ThreadmillError } from '../../core/errors.ts';

export interface RemoteObject {
  readonly place: string;
  readonly bytes: number;
  /** Time of the last write, ms since 1970; 0 where the server does not tell. */
  readonly modifiedMs: number;
  /** What changes with its content: a strong ETag, or the time of the last write; null where the server tells neither. */
  readonly version: string | null;
  /**
   * Its bytes [from, to), in pieces. They are of this version or there are none.
   *
   * @throws {ThreadmillError} ARCHIVE_UNREADABLE where it was replaced: who opens it anew sees by its fingerprint whether it is
   *   still the same; STORAGE_*
   */
  pieces(from: number, to: number, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** The object was replaced while it was read. */
export function replaced(place: string): ThreadmillError {
  return new ThreadmillError(
    'ARCHIVE_UNREADABLE',
    `Cannot read ${JSON.stringify(place)}: it was replaced while it was read; a job goes on where it is the same still`,
    { facts: { path: place } },
  );
}
