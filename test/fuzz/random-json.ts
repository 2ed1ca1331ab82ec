/** Any JSON, with a leaning to what hurts: wrong types under right names, numbers at their edges, long texts, deep nests. */
import type { Random } from '../../samples/generator/random.ts';

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

const scalars: readonly unknown[] = [
  null, true, false, 0, -0, -1, 1, 2, 100, 5000, 1e308, -1e308, 1e-320, 2 ** 31, 2 ** 53, -(2 ** 53), 0.1, '', ' ', '0', '-1', '1e3',
  'NaN', 'null', 'true', 'parquet', 'csv', '/nope', '/dev/null', '/dev/zero', '/proc/self/environ', '.', '..', '../..', '/', '\0', '\ud800', '\u202e', "'; --", '${HOME}', '%s%n',
  'x'.repeat(5_000), '1'.repeat(400), 'é'.repeat(300), [], {},
]; // prettier-ignore

const keys = [
  'archive', 'out', 'settings', 'state', 'replace', 'format', 'partBytes', 'partMib', 'minBatchSize', 'maxBatchSize', 'baseBatchSize',
  'maxMemoryUsage', 'salvage', 'maxRejectRate', 'inspection', 'counters', 'next', 'parts', 'holes', 'warnings', '__proto__',
  'constructor', 'toString', 'length', 'then', 'toJSON', '', '0',
] as const; // prettier-ignore

/** A value of at most `depth` nests. */
export function randomJson(random: Random, depth = 4): unknown {
  const kind = random.below(depth > 0 ? 10 : 7);
  if (kind < 7) return pick(random, scalars);
  const size = random.below(5);
  if (kind === 7) return Array.from({ length: size }, () => randomJson(random, depth - 1));
  const members = Array.from(
    { length: size },
    () => [pick(random, keys), randomJson(random, depth - 1)] as const,
  );
  // as JSON.parse makes them: __proto__ is a key like any other
  return JSON.parse(
    `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`,
  );
}

/** A copy with one of its values, at any depth, another, gone or doubled. */
export function mutatedJson(value: unknown, random: Random): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.1)) return randomJson(random, 2);
  if (Array.isArray(value)) {
    const at = random.below(value.length + 1);
    const old: unknown = value[at];
    return [
      ...(value.slice(0, at) as unknown[]),
      mutatedJson(old, random),
      ...(value.slice(at + random.below(2)) as unknown[]),
    ];
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return randomJson(random, 2);
  const [key, old] = pick<readonly [string, unknown]>(random, entries);
  if (random.chance(0.2)) return Object.fromEntries(entries.filter(([name]) => name !== key));
  return { ...value, [key]: mutatedJson(old, random) };
}
