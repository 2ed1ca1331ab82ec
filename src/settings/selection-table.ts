/** The settings that select lines; a part of the table. */
import { expressionCharactersMax, listBytesMax } from '../contract/selection.ts';
import { authorName, nameList, subredditName, threadId } from '../core/names.ts';
import { parseWhere } from '../core/where.ts';
import type { SettingKind } from './kinds.ts';
import type { RowSpec } from './table.ts';

const intoFile = (flag: string): string => `put them into a file and give ${flag}`;

function list(
  noun: string,
  item: (text: string) => string | null,
  wayOut: string,
): Extract<SettingKind, { type: 'list' }> {
  return { type: 'list', noun, item, all: nameList, bytesMax: listBytesMax, wayOut };
}

const file: SettingKind = { type: 'name-file' };
const instant: SettingKind = { type: 'instant' };

/** White space between words is one space; there must be something to look for besides the stars at its ends. */
function keyword(text: string): string | null {
  const plain = text.normalize('NFC').replace(/\s+/gu, ' ').trim();
  return plain.replace(/^\*|\*$/g, '').trim() === '' ? null : plain;
}

function tooLong(text: string): string | null {
  return text.length <= expressionCharactersMax ? null : `it has over ${expressionCharactersMax} characters`;
}

const where: SettingKind = {
  type: 'text',
  noun: "an expression over columns, such as score >= 10 and author <> 'spez'",
  optional: true,
  problem: (text) => {
    const parsed = parseWhere(text);
    return tooLong(text) ?? (parsed.ok ? null : parsed.why);
  },
};

const row = { group: 'selection', default: null, job: true } as const;

export const selectionSpecs = {
  subreddit: {
    ...row,
    env: 'THREADMILL_SUBREDDIT',
    kind: list('names of subreddits', subredditName, intoFile('--subreddits-file')),
    help: 'only these subreddits, with commas',
  },
  subredditsFile: {
    ...row,
    env: 'THREADMILL_SUBREDDITS_FILE',
    kind: file,
    help: 'only the subreddits of this file, one a line',
  },
  author: {
    ...row,
    env: 'THREADMILL_AUTHOR',
    kind: list('names of authors', authorName, intoFile('--authors-file')),
    help: 'only what these authors wrote',
  },
  authorsFile: {
    ...row,
    env: 'THREADMILL_AUTHORS_FILE',
    kind: file,
    help: 'only what the authors of this file wrote',
  },
  after: {
    ...row,
    env: 'THREADMILL_AFTER',
    kind: instant,
    help: 'only what was written at this time or later: a date, or seconds since 1970',
  },
  before: {
    ...row,
    env: 'THREADMILL_BEFORE',
    kind: instant,
    help: 'only what was written before this time',
  },
  thread: {
    ...row,
    env: 'THREADMILL_THREAD',
    kind: list('ids of submissions', threadId, 'run it for some of them at a time'),
    help: 'only these threads, by the id of their submission or a link to it',
  },
  keyword: {
    ...row,
    env: 'THREADMILL_KEYWORD',
    kind: list('words or phrases', keyword, 'give a --regex for what they have in common'),
    help: 'only where one of these words or phrases stands in title, selftext or body',
  },
  regex: {
    ...row,
    env: 'THREADMILL_REGEX',
    kind: { type: 'text', noun: 'a regular expression of RE2', optional: true, problem: tooLong },
    help: 'only where this regular expression (RE2) finds something in title, selftext or body',
  },
  minScore: {
    ...row,
    env: 'THREADMILL_MIN_SCORE',
    kind: { type: 'integer', min: -2_147_483_648, max: 2_147_483_647, optional: true },
    help: 'only what has this score or a higher one',
  },
  where: {
    ...row,
    env: 'THREADMILL_WHERE',
    kind: where,
    help: "only where this holds of the columns, e.g. score > 99 and author <> 'spez'",
  },
} as const satisfies {
  readonly [K in keyof import('../contract/selection.ts').SelectionSettings]-?: RowSpec<K>;
};
