/** Whether this Node can run threadmill. Imports nothing and uses no new syntax: it has to load on old versions. */

/** Streaming zstd came with 22.15 and 23.8. */
const firstMinors: Readonly<Record<number, number>> = { 22: 15, 23: 8 };

/** What is wrong with a version such as `20.19.0`, with the way out; null where nothing is. */
export function nodeProblem(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 23 || minor >= (firstMinors[major] ?? Infinity)) return null;
  return (
    `Cannot run on Node ${version}: its zlib has no streaming zstd; ` +
    'use Node 22.15 or newer (nodejs.org, or your version manager)'
  );
}
