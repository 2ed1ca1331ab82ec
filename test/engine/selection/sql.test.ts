/** Every selection against the same one in SQL over the raw lines, row by row. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { generateLines } from '../../../samples/generator/generate-lines.ts';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import { millUnder, type Env, type Milled } from '../../settings/scene.ts';
import { inFolder } from '../dataset/scene.ts';
import { RawLines } from './raw-lines.ts';

interface Case {
  readonly env: Env;
  readonly sql: string;
}

const word = (text: string): string => `'(?i)(^|[^\\p{L}\\p{M}\\p{N}_])${text}($|[^\\p{L}\\p{M}\\p{N}_])'`;

/** Names and words are of the archive at hand. */
function casesOf(kind: ArchiveKind, names: Names): readonly Case[] {
  const { subreddits, authors, threads, words, times } = names;
  const quoted = (list: readonly string[]): string =>
    list.map((each) => `'${each.toLowerCase().replaceAll("'", "''")}'`).join();
  const thread = kind === 'comments' ? 'link_id' : `'t3_' || id`;
  const texts = kind === 'comments' ? ['body'] : ['title', 'selftext'];
  const anywhere = (pattern: string): string =>
    texts.map((column) => `coalesce(regexp_matches(${column}, ${pattern}), false)`).join(' or ');
  const [one = ''] = subreddits;
  const [first = '', second = ''] = words;
  const where = [
    "score > 3 and not (author = 'Bob' or score >= 40)",
    'score is null or gilded > 0',
    'stickied',
    'not stickied',
    'edited',
    'not edited and score <> 1',
    "distinguished in ('moderator', 'admin')",
    "distinguished not in ('moderator')",
    "author_flair_text is not null and author_flair_text < 'F'",
    `subreddit in ('${one}') and author <> '${authors[0] ?? ''}'`,
    kind === 'submissions' ? 'over_18 or num_comments > 10' : "link_id > 't3_2'",
  ];
  return [
    { env: { THREADMILL_SUBREDDIT: one.toUpperCase() }, sql: `lower(subreddit) = lower('${one}')` },
    {
      env: { THREADMILL_SUBREDDIT: subreddits.map((each) => `r/${each}`).join() },
      sql: `lower(subreddit) in (${quoted(subreddits)})`,
    },
    { env: { THREADMILL_SUBREDDIT: 'nobody_knows_it' }, sql: 'false' },
    { env: { THREADMILL_AUTHOR: authors.join(', ') }, sql: `lower(author) in (${quoted(authors)})` },
    { env: { THREADMILL_AFTER: String(times[1]) }, sql: `created_utc >= ${times[1]}` },
    {
      env: { THREADMILL_AFTER: String(times[0]), THREADMILL_BEFORE: String(times[1]) },
      sql: `created_utc >= ${times[0]} and created_utc < ${times[1]}`,
    },
    {
      env: { THREADMILL_THREAD: threads.map((each) => each.toUpperCase()).join() },
      sql: `${thread} in (${quoted(threads.map((each) => `t3_${each}`))})`,
    },
    { env: { THREADMILL_KEYWORD: first }, sql: anywhere(word(first)) },
    {
      env: { THREADMILL_KEYWORD: `${first} ${second},${second.toUpperCase()}` },
      sql: `${anywhere(word(`${first}\\s+${second}`))} or ${anywhere(word(second))}`,
    },
    { env: { THREADMILL_KEYWORD: `${first.slice(0, 3)}*` }, sql: anywhere(`'(?i)(^|[^\\p{L}\\p{M}\\p{N}_])${first.slice(0, 3)}'`) },
    { env: { THREADMILL_REGEX: `(?i)\\b${second}s?\\b` }, sql: anywhere(`'(?i)\\b${second}s?\\b'`) },
    { env: { THREADMILL_REGEX: '[aeiou]{3}|\\d{2,}|é|^.?$' }, sql: anywhere("'[aeiou]{3}|\\d{2,}|é|^.?$'") },
    { env: { THREADMILL_MIN_SCORE: '5' }, sql: 'score >= 5' },
    { env: { THREADMILL_MIN_SCORE: '-2' }, sql: 'score >= -2' },
    ...where.map((text) => ({ env: { THREADMILL_WHERE: text }, sql: text })),
    {
      env: {
        THREADMILL_SUBREDDIT: one,
        THREADMILL_AFTER: String(times[0]),
        THREADMILL_MIN_SCORE: '1',
        THREADMILL_WHERE: 'not stickied or stickied is null',
      },
      sql: `lower(subreddit) = lower('${one}') and created_utc >= ${times[0]} and score >= 1 and (not stickied or stickied is null)`,
    },
  ]; // prettier-ignore
}

interface Names {
  readonly subreddits: readonly string[];
  readonly authors: readonly string[];
  readonly threads: readonly string[];
  readonly words: readonly string[];
  readonly times: readonly [number, number];
}

/** Values that really are in the lines, common and rare ones. */
function namesIn(lines: readonly string[], kind: ArchiveKind): Names {
  const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const some = (field: string, want: number): readonly string[] => {
    const values = [
      ...new Set(records.map((record) => record[field]).filter((each) => typeof each === 'string')),
    ].filter((each) => /^[\w-]+$/.test(each));
    return Array.from(
      { length: want },
      (_, index) => values[Math.floor((index * values.length) / want)] ?? '',
    );
  };
  const text = records.map((record) => String(record[kind === 'comments' ? 'body' : 'title'])).join(' ');
  const words = [...new Set(text.toLowerCase().match(/\b[a-z]{4,8} [a-z]{4,8}\b/g))];
  const times = records.map((record) => Number(record['created_utc'])).sort((a, b) => a - b);
  return {
    subreddits: some('subreddit', 5),
    authors: some('author', 20),
    threads: some(kind === 'comments' ? 'link_id' : 'id', 7).map((each) => each.replace('t3_', '')),
    words: (words[Math.floor(words.length / 2)] ?? '').split(' '),
    times: [times[Math.floor(times.length / 4)] ?? 0, times[Math.floor(times.length / 2)] ?? 0],
  };
}

/** Rows of JSON lines under a selection, beside the rows without it of which the SQL is true; and the counters. */
async function check(archive: string, all: Milled, raw: RawLines, { env, sql }: Case): Promise<number> {
  const selected = await millUnder({ THREADMILL_FORMAT: 'jsonl', ...env }, archive);
  const expected = (await raw.where(sql)).map((n) => all.rows[n]);
  const at = expected.findIndex((row, index) => row !== selected.rows[index]);
  const differ = at >= 0 || selected.rows.length !== expected.length;
  const shown = (row: string | undefined): string => row?.slice(0, 300) ?? 'nothing';
  assert.ok(
    !differ,
    `${JSON.stringify(env)}: ${selected.rows.length} rows, by SQL ${expected.length}; row ${at} is ` +
      `${shown(selected.rows[at])}, by SQL ${shown(expected[at])}`,
  );
  const { kept, excluded, ...rest } = selected.counters;
  const { kept: keptOfAll, excluded: excludedOfAll, ...restOfAll } = all.counters;
  assert.deepEqual(rest, restOfAll, 'what is rejected, and how many lines there are, does not depend on it');
  assert.deepEqual(
    [kept, excluded],
    [expected.length, { ...excludedOfAll, 'not-selected': keptOfAll - expected.length }],
  );
  return kept;
}

async function checkAll(text: Uint8Array, kind: ArchiveKind, cases?: readonly Case[]): Promise<void> {
  await inFolder(async (folder) => {
    const archive = path.join(folder, `a_${kind}.jsonl`);
    await writeFile(archive, text);
    const all = await millUnder({ THREADMILL_FORMAT: 'jsonl' }, archive);
    const raw = await RawLines.of(all.rows);
    try {
      let some = 0;
      const chosen = cases ?? casesOf(kind, namesIn(all.rows, kind));
      for (const each of chosen) {
        const kept = await check(archive, all, raw, each);
        if (kept > 0 && kept < all.counters.kept) some++;
      }
      assert.ok(
        some > chosen.length / 2,
        `only ${some} of ${chosen.length} selections select some and not all`,
      );
    } finally {
      raw.close();
    }
  });
}

/** More for a long look: each is another archive of each kind, era and cleanliness. */
const seeds = Number(process.env['THREADMILL_TEST_SEEDS'] ?? 1);
const firstSeed = Number(process.env['THREADMILL_TEST_SEED'] ?? 9);

describe('selections against SQL over the raw lines', () => {
  for (const kind of ['comments', 'submissions'] as const) {
    for (const era of ['2010', '2015', '2023'] as const) {
      for (const dirty of [false, true]) {
        it(`${kind} of ${era}, ${dirty ? 'dirty' : 'clean'}`, async () => {
          for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
            const shape = { kind, era, bytes: 250_000, seed, dirty, ...(dirty ? { dirtyEvery: 20 } : {}) };
            await checkAll(Buffer.concat([...generateLines(shape)]), kind);
          }
        }).timeout(120_000 * seeds);
      }
    }
  }

  it('every spelling of keys, values and space between them', async () => {
    const rest = '"link_id":"t3_a","created_utc":1600000000';
    const spellings = [
      '"subreddit":"Austin"', '"subreddit" : "Austin"', '"subreddit"\t:\t"AUSTIN" ', '"subreddit":"\\u0041ustin"',
      '"subreddit":"\\u0041\\u0075\\u0053\\u0074\\u0049\\u006e"', '"\\u0073ubreddit":"austin"',
      '"subreddi\\u0074" : "\\u0041ustin"', '"subreddit":"dallas","subreddit":"austin"', '"subreddit":"austin","subreddit":"dallas"',
      '"subreddit":"austin","\\u0073ubreddit":"dallas"', '"subreddit":null', '"subreddit":7', '"subreddit":["austin"]',
      '"subreddit":{"subreddit":"austin"}', '"x":{"subreddit":"austin"}', '"x":"\\"subreddit\\":\\"austin\\""', '"Subreddit":"austin"',
      '"subreddit":" austin"', '"subreddit":"austin\\u0000"', '"subreddit":"austi"', '"subreddit":"austinn"', '"subreddit":""',
      '"subreddit":"ａｕｓｔｉｎ"', '"subreddit":"au\\/stin"', '"subreddit":"austin","score":1e1', '"subreddit":"austin","score":"5"',
    ]; // prettier-ignore
    const bodies = [
      'bbq', '\\u0062bq', 'BB\\u0051', 'a\\nbbq\\tb', 'bbq\\u00e9', 'bb\\"q', '\\"bbq\\"', '\\\\bbq', 'bbq\\ud83d\\ude00', 'bbq\\ud83d', 'xbbq', 'b\\u0301bq',
      'bbqs', '', 'é bbq', '\\u00e9bbq',
    ]; // prettier-ignore
    const lines = [
      ...spellings.map((spelling, index) => `{"id":"s${index}",${spelling},${rest},"body":"x"}`),
      ...spellings.map((spelling, index) => ` {\t"body" :"bbq" , "id":"e${index}",${rest} , ${spelling} }\r`),
      ...bodies.map((body, index) => `{"id":"b${index}",${rest},"body":"${body}","subreddit":"austin"}`),
    ];
    const times = 40; // the scanner learns from the lines before
    const text = Buffer.from(Array.from({ length: times }, () => `${lines.join('\n')}\n`).join(''));
    await checkAll(text, 'comments', [
      { env: { THREADMILL_SUBREDDIT: 'austin' }, sql: "lower(subreddit) = 'austin'" },
      { env: { THREADMILL_SUBREDDIT: 'dallas,Austinn' }, sql: "lower(subreddit) in ('dallas', 'austinn')" },
      { env: { THREADMILL_KEYWORD: 'bbq' }, sql: `regexp_matches(body, ${word('bbq')})` },
      { env: { THREADMILL_REGEX: '^bbq$|"' }, sql: `regexp_matches(body, '^bbq$|"')` },
      { env: { THREADMILL_WHERE: "subreddit = 'austin'" }, sql: "subreddit = 'austin'" },
      {
        env: { THREADMILL_WHERE: 'subreddit is null or score = 10' },
        sql: 'subreddit is null or score = 10',
      },
      { env: { THREADMILL_WHERE: "subreddit > 'austin'" }, sql: "subreddit > 'austin'" },
    ]);
  });
});
