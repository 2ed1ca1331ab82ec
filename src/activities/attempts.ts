/** What the attempts at one segment or assembly have come to: which failed by an error, and how many fell silent without a part. */
import { ThreadmillError } from '../core/errors.ts';
import type { SegmentHeartbeat } from '../contract/job.ts';
import { countsAsAttempt } from './failures.ts';

/**
 * So many in a row that died and committed nothing: whatever ends them will end the next. An ordinary kill, or ten of them
 * with parts in between, is not meant.
 */
const silentMax = 10;

/** What each attempt leaves to the next, in its heartbeat. */
type Memory = Required<Pick<SegmentHeartbeat, 'failures' | 'since' | 'spoken'>>;

export class Attempts {
  /** Attempts that failed by an error which is retried only so often; those that were lost are none. */
  failures: number;
  private readonly attempt: number;
  /** The attempt that committed last; 0: none did. */
  private since: number;
  /** Attempts after it that ended by their own word. */
  private spoken: number;

  /** `beaten`: the last heartbeat of the attempts before this one. */
  constructor(attempt: number, beaten: Partial<Memory>) {
    this.attempt = attempt;
    this.failures = beaten.failures ?? 0;
    this.since = beaten.since ?? 0;
    this.spoken = beaten.spoken ?? 0;
  }

  /** What the next attempt has to know. */
  get memory(): Memory {
    const { failures, since, spoken } = this;
    return { failures, since, spoken };
  }

  /** `at`: what is to be made, as in `part 12`. @throws {ThreadmillError} WORKER_LOST */
  check(at: string): void {
    const silent = this.attempt - 1 - this.since - this.spoken;
    if (silent < silentMax) return;
    throw new ThreadmillError(
      'WORKER_LOST',
      `Stopped at ${at}: ${silent} attempts in a row ended without a word and without a file; the workers were ` +
        'killed, or had no time to answer. Where memory ran out (the system log tells), give them more, or lower ' +
        '--max-memory and --threads; then threadmill resume goes on from there',
      { facts: { at, attempts: silent } },
    );
  }

  committed(): void {
    this.since = this.attempt;
    this.spoken = 0;
  }

  /** This attempt ends by its own word; `error` null: because it was asked to. */
  ended(error: unknown): void {
    if (this.attempt > this.since) this.spoken++;
    if (error !== null && countsAsAttempt(error)) this.failures++;
  }
}
