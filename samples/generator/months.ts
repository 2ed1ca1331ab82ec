import type { Escapes } from './json-bytes.ts';

/** A month as in the names of dumps, `2023-01`; compares in time order as text. */
export type Month = `${number}-${number}`;

/** The archive's kind: `comments` is RC_*, `submissions` RS_*. */
export type Kind = 'comments' | 'submissions';

/** The month a bare year stands for: each shows what was peculiar to its time. */
const monthsOfEras: Readonly<Record<string, Month>> = {
  '2006': '2006-03',
  '2010': '2010-06',
  '2013': '2013-05',
  '2015': '2015-02',
  '2017': '2017-10',
  '2019': '2019-09',
  '2021': '2021-03',
  '2023': '2023-01',
  '2024': '2024-02',
};

/** Eras known by a year alone. Any month from 2005-06 to 2025-12 may be given as `2023-01`, a range as `2013-01..2023-12`. */
export const eras: readonly string[] = Object.keys(monthsOfEras);

/**
 * The months an era stands for, in order.
 * @throws RangeError for anything but a known year, a month, or a range of months.
 */
export function monthsOfEra(era: string): readonly Month[] {
  const [first = '', last = first] = era.split('..');
  const start = parseMonth(first);
  const end = parseMonth(last);
  if (start === undefined || end === undefined || end < start) {
    throw new RangeError(
      `Cannot read era '${era}': give one of ${eras.join(', ')}, a month like 2023-01, or a range like 2013-01..2023-12.`,
    );
  }
  const months: Month[] = [];
  for (let month = start; month <= end; month = nextMonth(month)) months.push(month);
  return months;
}

function parseMonth(text: string): Month | undefined {
  const month = monthsOfEras[text] ?? text;
  return /^20(0[5-9]|1\d|2[0-5])-(0[1-9]|1[0-2])$/.test(month) && month >= '2005-06'
    ? (month as Month)
    : undefined;
}

/** The month after. */
export function nextMonth(month: Month): Month {
  const year = Number(month.slice(0, 4));
  const number = Number(month.slice(5));
  return (number === 12 ? `${year + 1}-01` : `${year}-${String(number + 1).padStart(2, '0')}`) as Month;
}

/** The month's first second since 1970, UTC. */
export function startSeconds(month: Month): number {
  return Date.parse(`${month}-01T00:00:00Z`) / 1000;
}

/** True from `first` up to and with `last`. */
function within(month: Month, first: Month, last: Month = '2099-12'): boolean {
  return first <= month && month <= last;
}

/** What was peculiar to a month, beyond which fields it had (see the field lists). */
export interface Traits {
  readonly month: Month;
  readonly escapes: Escapes;
  /** Keys stand in another order on each line. */
  readonly shuffledKeys: boolean;
  /** Share of lines whose `created_utc` is a string of digits, 0 to 1. */
  readonly createdAsString: number;
  /** Share of lines whose `created_utc` is written as a float. */
  readonly createdAsFloat: number;
  /** The time of an edit is written as a float. */
  readonly editedAsFloat: boolean;
  /** `edited` is never a time. */
  readonly editedAsBoolean: boolean;
  /** Share of lines whose score is null. */
  readonly scoreNull: number;
  /** Where the author is gone, all keys `author_…` are missing; before that they are null. */
  readonly authorKeysMissing: boolean;
  /** Submissions have `removed_by_category`. */
  readonly removedByCategory: boolean;
  /** The retrieval time no line is older than, in seconds: the first dumps were all made in 2015 and 2016. */
  readonly retrievedFloorSeconds: number;
}

/** The traits of a month, from the public month-by-month schema statistics. */
export function traitsOf(kind: Kind, month: Month): Traits {
  const comments = kind === 'comments';
  const stringsFrom: Month = comments ? '2007-11' : '2014-01';
  return {
    month,
    escapes: month < '2021-01' ? 'ascii' : month < '2023-04' ? 'slash' : 'utf8',
    shuffledKeys: month < '2018-01',
    createdAsString: comments && month === '2015-02' ? 0.5 : within(month, stringsFrom, '2015-11') ? 1 : 0,
    createdAsFloat: month.startsWith('2024') ? 0.001 : 0,
    editedAsFloat: comments && within(month, '2021-02', '2023-03'),
    editedAsBoolean: comments ? month < '2006-02' : month < '2008-12',
    scoreNull: within(month, '2017-10', '2017-11') ? 0.1 : 0,
    authorKeysMissing: within(month, comments ? '2021-02' : '2018-06'),
    removedByCategory: !comments && month >= '2019-09',
    retrievedFloorSeconds: month < '2015-01' ? 1_425_000_000 : 0,
  };
}
