/** What becomes of a line: each is exactly one of kept, excluded, rejected, blank. */

export const excludeRules = ['deleted', 'removed', 'low-score', 'not-selected'] as const;
export type ExcludeRule = (typeof excludeRules)[number];

export const rejectReasons = [
  'line-too-long',
  'malformed-json',
  'not-an-object',
  'missing-field',
  'invalid-timestamp',
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/** Counts of lines by fate. `lines = kept + Σ excluded + Σ rejected + blank` holds for every part and in all. */
export interface Counters {
  readonly lines: number;
  readonly kept: number;
  readonly excluded: Readonly<Record<ExcludeRule, number>>;
  readonly rejected: Readonly<Record<RejectReason, number>>;
  readonly blank: number;
}

export const zeroCounters: Counters = {
  lines: 0,
  kept: 0,
  excluded: { deleted: 0, removed: 0, 'low-score': 0, 'not-selected': 0 },
  rejected: {
    'line-too-long': 0,
    'malformed-json': 0,
    'not-an-object': 0,
    'missing-field': 0,
    'invalid-timestamp': 0,
  },
  blank: 0,
};

function addRecords<K extends string>(
  a: Readonly<Record<K, number>>,
  b: Readonly<Record<K, number>>,
): Record<K, number> {
  return Object.fromEntries((Object.keys(a) as K[]).map((key) => [key, a[key] + b[key]])) as Record<
    K,
    number
  >;
}

/** The sum of two counters, field by field. */
export function addCounters(a: Counters, b: Counters): Counters {
  return {
    lines: a.lines + b.lines,
    kept: a.kept + b.kept,
    excluded: addRecords(a.excluded, b.excluded),
    rejected: addRecords(a.rejected, b.rejected),
    blank: a.blank + b.blank,
  };
}

/** The sum of a record's counts, e.g. of all rejects whatever their reason. */
export function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** True where every line is accounted for exactly once. */
export function addsUp(counters: Counters): boolean {
  return (
    counters.lines ===
    counters.kept + totalOf(counters.excluded) + totalOf(counters.rejected) + counters.blank
  );
}
