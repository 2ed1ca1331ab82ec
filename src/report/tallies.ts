/** Counting what a report shows, in memory that does not grow with the rows. Pure. */

/** One bar of a distribution: values from `from` on, up to the next one's. */
export interface Bin {
  readonly label: string;
  /** What stands under its bar. */
  readonly tick: string;
  readonly from: number;
  readonly count: number;
}

/** Words for values from `from` up to `to`; null: without end. */
interface BinLabels {
  readonly label: (from: number, to: number | null) => string;
  readonly tick: (from: number, to: number | null) => string;
}

/** Counts values by the last bound that is not above them. */
export class Histogram {
  private readonly bounds: readonly number[];
  private readonly counts: number[];
  private readonly labels: BinLabels;

  /** `bounds` ascending; the first takes all that is below it too. */
  constructor(bounds: readonly number[], labels: BinLabels) {
    this.bounds = bounds;
    this.counts = bounds.map(() => 0);
    this.labels = labels;
  }

  add(value: number): void {
    let low = 0;
    let high = this.bounds.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.bounds[middle] ?? Infinity) <= value) low = middle;
      else high = middle - 1;
    }
    this.counts[low] = (this.counts[low] ?? 0) + 1;
  }

  /** From the first bin with something in it to the last one. */
  bins(): readonly Bin[] {
    const first = this.counts.findIndex((count) => count > 0);
    const last = this.counts.findLastIndex((count) => count > 0);
    if (first < 0) return [];
    return this.bounds.slice(first, last + 1).map((from, at) => {
      const to = this.bounds[first + at + 1] ?? null;
      const count = this.counts[first + at] ?? 0;
      return { label: this.labels.label(from, to), tick: this.labels.tick(from, to), from, count };
    });
  }
}

/** `−5`, `3k`. */
function short(value: number): string {
  const text = Math.abs(value) >= 1000 ? `${value / 1000}k` : String(value);
  return text.replace('-', '−');
}

/** `5`, `10–29`, `300+`. */
function rangeLabel(from: number, to: number | null): string {
  if (to === null) return `${short(from)}+`;
  return to - from === 1 ? short(from) : `${String(from)}–${String(to - 1)}`.replaceAll('-', '−');
}

/** Scores: one by one about 0, where most are, then in steps of about three. */
export function scoreHistogram(): Histogram {
  const bounds = [-100, -30, -10, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 10, 30, 100, 300, 1000, 3000, 10_000];
  const label = (from: number, to: number | null): string =>
    from === -100 ? `below ${short(to ?? 0)}` : rangeLabel(from, to);
  return new Histogram(bounds, {
    label,
    tick: (from, to) => (from === -100 ? `<${short(to ?? 0)}` : from >= 5 ? `${short(from)}+` : short(from)),
  });
}

/** Lengths in bytes: doublings. */
export function lengthHistogram(): Histogram {
  const bounds = [0, ...Array.from({ length: 17 }, (_, power) => 2 ** power)];
  const tick = (from: number): string => (from < 1024 ? String(from) : `${from / 1024}K`);
  return new Histogram(bounds, { label: (from, to) => (from === 0 ? 'empty' : rangeLabel(from, to)), tick });
}

/** Depths of comments: one by one, then all the rest. */
export function depthHistogram(): Histogram {
  const bounds = Array.from({ length: 21 }, (_, depth) => depth);
  return new Histogram(bounds, { label: rangeLabel, tick: rangeLabel });
}

/** A name with how often it came. */
export interface Ranked {
  readonly name: string;
  readonly count: number;
}

/** More different names are not kept apart: some 30 MB. */
const namesMax = 300_000;

/**
 * The names that come most often. Exact up to 300,000 different ones; after that the rarest are forgotten from time to
 * time, and a count may be too low by {@link Ranking.errorMax} (lossy counting).
 */
export class Ranking {
  private readonly counts = new Map<string, number>();
  private readonly namesMax: number;
  /** Highest count that was forgotten, summed over all times. */
  errorMax = 0;

  constructor(max = namesMax) {
    this.namesMax = max;
  }

  get names(): number {
    return this.counts.size;
  }

  add(name: string): void {
    const count = this.counts.get(name);
    if (count === undefined && this.counts.size >= this.namesMax) this.forget();
    this.counts.set(name, (count ?? 0) + 1);
  }

  top(length: number): readonly Ranked[] {
    return [...this.counts]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
      .slice(0, length);
  }

  /** Takes the lowest count that leaves half of the room off every name; those with nothing left go. */
  private forget(): void {
    const sorted = [...this.counts.values()].sort((a, b) => a - b);
    const off = sorted[sorted.length >> 1] ?? 1;
    this.errorMax += off;
    for (const [name, count] of this.counts) {
      if (count <= off) this.counts.delete(name);
      else this.counts.set(name, count - off);
    }
  }
}

/** Days, or months, since 1970 and since year 0: consecutive ones are consecutive numbers. */
export type Calendar = 'day' | 'month';

const dayMs = 86_400_000;

export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

/** The month in which a day lies. */
function monthOf(day: number): number {
  const date = new Date(day * dayMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The first moment of a day or month. */
export function startOf(calendar: Calendar, at: number): Date {
  return calendar === 'day' ? new Date(at * dayMs) : new Date(Date.UTC(Math.floor(at / 12), at % 12));
}

/** `2015-03-01` or `2015-03`. */
export function dateText(calendar: Calendar, at: number): string {
  return startOf(calendar, at)
    .toISOString()
    .slice(0, calendar === 'day' ? 10 : 7);
}

/** Rows over time: by month, or by day where all are of a few months. */
export interface Timeline {
  readonly calendar: Calendar;
  /** Ascending. */
  readonly rows: readonly (readonly [at: number, rows: number])[];
}

/** Up to so many bars a day has one of its own. */
const daysMax = 100;

/** `days`: rows by day; each is multiplied by `scale`. */
export function timeline(days: ReadonlyMap<number, number>, scale: number): Timeline {
  const keys = [...days.keys()];
  const calendar = keys.length === 0 || Math.max(...keys) - Math.min(...keys) >= daysMax ? 'month' : 'day';
  const sums = new Map<number, number>();
  for (const [day, rows] of days) {
    const at = calendar === 'day' ? day : monthOf(day);
    sums.set(at, (sums.get(at) ?? 0) + rows);
  }
  const ascending = [...sums].sort(([a], [b]) => a - b);
  return { calendar, rows: ascending.map(([at, rows]) => [at, Math.round(rows * scale)] as const) };
}
