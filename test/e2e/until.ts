/** Waiting for what must happen: asked often, bounded, and told by name where it does not. */

const intervalMs = 10;

/**
 * What `ask` gives as soon as it is neither null, undefined nor false.
 *
 * @throws Error that names `what`, after `timeoutMs`
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  timeoutMs = 20_000,
): Promise<Exclude<T, null | undefined | false>> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false)
      return answer as Exclude<T, null | undefined | false>;
    if (performance.now() >= end) throw new Error(`Waited ${timeoutMs / 1000} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
