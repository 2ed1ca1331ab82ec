import type { RejectReason } from '../../src/core/fates.ts';
import type { DirtFate } from './dirt.ts';
import type { LineRecord, RecordFate } from './line-record.ts';

/** What a correct reader finds in the archive with default settings: the fates add up to `lines`. */
export interface Expected {
  readonly lines: number;
  readonly bytes: number;
  readonly blank: number;
  readonly kept: number;
  readonly deleted: number;
  readonly removed: number;
  /** Excluded for a score below −5 and for nothing before that. */
  readonly lowScore: number;
  /** All records with a number below −5 for a score, whatever their fate. */
  readonly scoresBelowMin: number;
  readonly rejected: Readonly<Record<RejectReason, number>>;
  /** How often each sort of dirt was put in. */
  readonly dirt: Readonly<Record<string, number>>;
}

/** Counts lines as they are made. */
export interface Tally {
  readonly lines: number;
  add(record: LineRecord): void;
  addFate(fate: DirtFate, record: LineRecord): void;
  addDirt(name: string): void;
  result(bytes: number): Expected;
}

/** An empty tally. */
export function createTally(): Tally {
  const fates: Record<RecordFate, number> = { kept: 0, deleted: 0, removed: 0, 'low-score': 0 };
  const rejected: Record<RejectReason, number> = {
    'line-too-long': 0,
    'malformed-json': 0,
    'not-an-object': 0,
    'missing-field': 0,
    'invalid-timestamp': 0,
  };
  const dirt: Record<string, number> = {};
  let lines = 0;
  let blank = 0;
  let scoresBelowMin = 0;
  function add(record: LineRecord): void {
    lines += 1;
    fates[record.fate] += 1;
    if (record.lowScore) scoresBelowMin += 1;
  }
  return {
    get lines() {
      return lines;
    },
    add,
    addFate(fate, record) {
      if (fate === 'same') {
        add(record);
        return;
      }
      lines += 1;
      if (fate === 'blank') blank += 1;
      else rejected[fate] += 1;
    },
    addDirt(name) {
      dirt[name] = (dirt[name] ?? 0) + 1;
    },
    result: (bytes) => ({
      lines,
      bytes,
      blank,
      kept: fates.kept,
      deleted: fates.deleted,
      removed: fates.removed,
      lowScore: fates['low-score'],
      scoresBelowMin,
      rejected: { ...rejected },
      dirt: { ...dirt },
    }),
  };
}
