/** A process's claim on the embedded server, over the death of supervisors. */
import type { Held } from './start.ts';

/** Each try has its own time-outs, so there is no pause between them. */
const recoveriesMax = 3;

/**
 * Keeps a lease until `stop()`. When the supervisor goes away unasked the server is acquired again by `again`; when
 * that fails `onLost` gets the error, and the server is gone for this process.
 */
export class Hold {
  #held: Held;
  #stopped: Promise<void> | null = null;
  #recovery: Promise<void> = Promise.resolve();
  readonly #again: () => Promise<Held>;
  readonly #onLost: (error: unknown) => void;

  constructor(held: Held, again: () => Promise<Held>, onLost: (error: unknown) => void) {
    this.#held = held;
    this.#again = again;
    this.#onLost = onLost;
    this.#watch();
  }

  /** The server as it was when it was last acquired. */
  get held(): Held {
    return this.#held;
  }

  /** Gives the lease back, after a recovery that is under way; resolves as `Lease.release`. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#recovery.then(() => this.#held.lease.release());
    return this.#stopped;
  }

  #watch(): void {
    void this.#held.lease.ended.then((released) => {
      if (!released && this.#stopped === null) this.#recovery = this.#recover();
    });
  }

  async #recover(): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        this.#held = await this.#again();
        this.#watch();
        return;
      } catch (error) {
        // What can pass in seconds: a busy disk, a port that is being closed, another process that starts it.
        if (tries < recoveriesMax && this.#stopped === null) continue;
        this.#onLost(error);
        return;
      }
    }
  }
}
