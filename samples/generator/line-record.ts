import type { Month } from './months.ts';

/** What becomes of a well-formed record under the default settings (minimum score −5). */
export type RecordFate = 'kept' | 'deleted' | 'removed' | 'low-score';

/** One line before it is written. */
export interface LineRecord {
  /** The line as a byte string, without a newline. */
  readonly line: string;
  readonly id: string;
  readonly fate: RecordFate;
  /** The score is a number below −5, whatever the fate. */
  readonly lowScore: boolean;
}

/** Makes records of one kind, in order. */
export interface RecordSource {
  /** Goes on with another month. */
  enter(month: Month): void;
  /** The next record; `progress` is how much of the month is over, 0 to 1. */
  next(progress: number): LineRecord;
}

/** The score below which a record is low: the default of PUSHSHIFT_QUALITY_MIN_SCORE. */
export const scoreMin = -5;

/** The fate by the first rule that applies: deleted, then removed, then low score. */
export function fateOf(facts: {
  readonly deleted: boolean;
  readonly removed: boolean;
  readonly lowScore: boolean;
}): RecordFate {
  if (facts.deleted) return 'deleted';
  if (facts.removed) return 'removed';
  return facts.lowScore ? 'low-score' : 'kept';
}
