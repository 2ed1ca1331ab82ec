/** The rules of the spec's "What becomes of a line", on a filled field table: first rule that applies wins. */
import { daySeconds, redditEpochSeconds } from '../../core/limits.ts';
import type { ArchiveKind } from '../../core/columns.ts';
import type { ExcludeRule } from '../../core/fates.ts';
import type { UndatedBounds } from '../output/seal.ts';
import { nullValue, absent, numberValue, stringValue, type FieldTable } from './fields.ts';

export interface RuleSettings {
  readonly kind: ArchiveKind;
  readonly validateTimestamps: boolean;
  /** Upper bound of `created_utc` for a record without a retrieval time: the job's start. Seconds. */
  readonly nowSeconds: number;
  readonly qualityMinScore: number;
  readonly excludeDeleted: boolean;
  readonly excludeRemoved: boolean;
}

export type Verdict =
  | { readonly fate: 'kept' }
  | { readonly fate: 'excluded'; readonly rule: ExcludeRule }
  | {
      readonly fate: 'rejected';
      readonly reason: 'missing-field' | 'invalid-timestamp';
      readonly field: string;
    };

/** Decides last, on lines that everything else keeps. */
export interface LineSelection {
  selects(fields: FieldTable): boolean;
}

const kept: Verdict = { fate: 'kept' };
const deletedVerdict: Verdict = { fate: 'excluded', rule: 'deleted' };
const removedVerdict: Verdict = { fate: 'excluded', rule: 'removed' };
const lowScoreVerdict: Verdict = { fate: 'excluded', rule: 'low-score' };
const notSelectedVerdict: Verdict = { fate: 'excluded', rule: 'not-selected' };

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const deletedMark = bytesOf('[deleted]');
const removedMark = bytesOf('[removed]');
const deletedCategory = bytesOf('deleted');
const authorCategory = bytesOf('author');

/** Largest |seconds| whose milliseconds a JavaScript date can hold. */
const secondsMax = 8.64e12;

/**
 * A field's whole seconds: an integer, an integral float or a string of digits; NaN for anything else.
 */
export function secondsOf(fields: FieldTable, slot: number): number {
  const type = fields.type[slot];
  if (type === numberValue) {
    const value = fields.number[slot] as number;
    return Number.isInteger(value) && Math.abs(value) <= secondsMax ? value : NaN;
  }
  if (type !== stringValue) return NaN;
  const source = fields.source[slot] as Uint8Array;
  const start = fields.start[slot] as number;
  const end = fields.end[slot] as number;
  if (end === start || end - start > 13) return NaN;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (source[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value <= secondsMax ? value : NaN;
}

/** Judges lines of one kind under one job's settings. */
export class Judge {
  /** Latest time, without a retrieval time beside it, that passed; earliest that came too late. Seconds; ±Infinity: none. */
  private latestPassed = -Infinity;
  private earliestRefused = Infinity;
  private readonly settings: RuleSettings;
  private readonly selection: LineSelection | null;
  private readonly requiredNonEmpty: readonly (readonly [number, string])[];
  private readonly requiredString: readonly (readonly [number, string])[];
  private readonly createdUtc: number;
  private readonly retrievedOn: number;
  private readonly retrievedUtc: number;
  private readonly author: number;
  private readonly text: number;
  private readonly removedBy: number;
  private readonly score: number;

  /** `selection`: null where every line is selected. */
  constructor(fields: FieldTable, settings: RuleSettings, selection: LineSelection | null = null) {
    this.settings = settings;
    this.selection = selection;
    const comments = settings.kind === 'comments';
    const named = (names: readonly string[]): (readonly [number, string])[] =>
      names.map((name) => [fields.slot(name), name] as const);
    this.requiredNonEmpty = named(comments ? ['id', 'link_id'] : ['id']);
    this.requiredString = named(comments ? ['body'] : ['title']);
    this.createdUtc = fields.slot('created_utc');
    this.retrievedOn = fields.slot('retrieved_on');
    this.retrievedUtc = fields.slot('retrieved_utc');
    this.author = fields.slot('author');
    this.text = fields.slot(comments ? 'body' : 'selftext');
    this.removedBy = fields.slot('removed_by_category');
    this.score = fields.slot('score');
  }

  /** The bounds since the last call. */
  takeBounds(): UndatedBounds {
    const { latestPassed, earliestRefused } = this;
    this.latestPassed = -Infinity;
    this.earliestRefused = Infinity;
    return {
      latestPassed: latestPassed === -Infinity ? null : latestPassed,
      earliestRefused: earliestRefused === Infinity ? null : earliestRefused,
    };
  }

  judge(fields: FieldTable): Verdict {
    for (const [slot, field] of this.requiredNonEmpty) {
      if (fields.type[slot] !== stringValue || fields.end[slot] === fields.start[slot]) {
        return { fate: 'rejected', reason: 'missing-field', field };
      }
    }
    for (const [slot, field] of this.requiredString) {
      if (fields.type[slot] !== stringValue) return { fate: 'rejected', reason: 'missing-field', field };
    }
    return this.judgeTime(fields) ?? this.judgeRules(fields);
  }

  private judgeTime(fields: FieldTable): Verdict | null {
    const type = fields.type[this.createdUtc];
    const created = secondsOf(fields, this.createdUtc);
    if (Number.isNaN(created)) {
      // A number that is no whole second is a usable type with a bad value; without validation it makes no row either.
      const reason =
        type === numberValue && this.settings.validateTimestamps ? 'invalid-timestamp' : 'missing-field';
      return { fate: 'rejected', reason, field: 'created_utc' };
    }
    if (!this.settings.validateTimestamps) return null;
    const retrieved = retrievedSeconds(fields, this.retrievedOn, this.retrievedUtc);
    const undated = Number.isNaN(retrieved);
    const latest = (undated ? this.settings.nowSeconds : retrieved) + daySeconds;
    if (created >= redditEpochSeconds && created <= latest) {
      if (undated && created > this.latestPassed) this.latestPassed = created;
      return null;
    }
    if (undated && created > latest && created < this.earliestRefused) this.earliestRefused = created;
    return { fate: 'rejected', reason: 'invalid-timestamp', field: 'created_utc' };
  }

  private judgeRules(fields: FieldTable): Verdict {
    const { settings } = this;
    const category = fields.type[this.removedBy];
    const hasCategory = category !== absent && category !== nullValue;
    const byAuthor =
      hasCategory &&
      (fields.equals(this.removedBy, deletedCategory) || fields.equals(this.removedBy, authorCategory));
    if (
      settings.excludeDeleted &&
      (byAuthor || fields.equals(this.author, deletedMark) || fields.equals(this.text, deletedMark))
    ) {
      return deletedVerdict;
    }
    if (
      settings.excludeRemoved &&
      ((hasCategory && !byAuthor) ||
        fields.equals(this.author, removedMark) ||
        fields.equals(this.text, removedMark))
    ) {
      return removedVerdict;
    }
    if (
      fields.type[this.score] === numberValue &&
      (fields.number[this.score] as number) < settings.qualityMinScore
    ) {
      return lowScoreVerdict;
    }
    return this.selection === null || this.selection.selects(fields) ? kept : notSelectedVerdict;
  }
}

/** When the record was retrieved, seconds: `retrieved_on`, else `retrieved_utc`, else NaN. */
export function retrievedSeconds(fields: FieldTable, retrievedOn: number, retrievedUtc: number): number {
  const first = secondsOf(fields, retrievedOn);
  return Number.isNaN(first) ? secondsOf(fields, retrievedUtc) : first;
}
