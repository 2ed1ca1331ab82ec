/** Waiting for Ctrl-C. */

/** Long: only its being there counts. */
const aliveMs = 60_000;

/** Resolves when the signal aborts; rejects when `lost` does. Keeps the process alive, as a promise alone does not. */
export async function untilInterrupted(signal: AbortSignal, lost: Promise<never>): Promise<void> {
  if (signal.aborted) return;
  const alive = setInterval(() => undefined, aliveMs);
  const stopped = Promise.withResolvers<undefined>();
  const stop = (): void => {
    stopped.resolve(undefined);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    await Promise.race([stopped.promise, lost]);
  } finally {
    signal.removeEventListener('abort', stop);
    clearInterval(alive);
  }
}
