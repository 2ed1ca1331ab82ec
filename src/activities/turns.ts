/** Turns at something that only one may do at a time, by key, in the order of asking. */

/** Lines of waiting callers, one for each key. */
export class Turns {
  private readonly lines = new Map<string, Promise<unknown>>();

  /**
   * Resolves when it is this caller's turn, with the function that ends it.
   *
   * @throws the signal's reason where it aborts before that; the others move up
   */
  async take(key: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const before = this.lines.get(key) ?? Promise.resolve();
    const turn = Promise.withResolvers<null>();
    // whoever gives up must not let the next one begin before those ahead have ended
    const line = before.then(() => turn.promise);
    this.lines.set(key, line);
    void line.then(() => {
      if (this.lines.get(key) === line) this.lines.delete(key);
    });
    const gaveUp = Promise.withResolvers<never>();
    const onAbort = (): void => {
      gaveUp.reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([before, gaveUp.promise]);
    } catch (error) {
      turn.resolve(null);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    return () => {
      turn.resolve(null);
    };
  }
}
