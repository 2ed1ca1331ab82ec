import { jsonBytes, type Escapes } from './json-bytes.ts';
import { zipfTable, type Random } from './random.ts';
import { vocabulary } from './words.ts';

/** An account; texts are byte strings for inside of JSON strings, `…Json` are whole JSON values. */
export interface Author {
  readonly name: string;
  readonly fullnameJson: string;
  readonly flairTextJson: string;
  readonly flairClassJson: string;
  readonly flairRichtextJson: string;
  readonly flairType: string;
  readonly createdJson: string;
  readonly premium: string;
}

/** A subreddit; `id` has no `t5_`. */
export interface Subreddit {
  readonly name: string;
  readonly id: string;
}

/** Everybody who writes in an archive and everywhere they write; drawing is skewed as on Reddit. */
export interface People {
  author(): Author;
  subreddit(): Subreddit;
}

/** The author of what was deleted. */
export const deletedAuthor: Author = {
  name: '[deleted]',
  fullnameJson: 'null',
  flairTextJson: 'null',
  flairClassJson: 'null',
  flairRichtextJson: '[]',
  flairType: 'text',
  createdJson: 'null',
  premium: 'null',
};

/** People of a whole month, or of the one subreddit named. */
export function createPeople(random: Random, escapes: Escapes, only?: string): People {
  const words = vocabulary(4000).filter((word) => /^[a-z]{3,}$/.test(word));
  const one = (): string => words[random.below(words.length)] ?? '';
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const authors = Array.from({ length: only === undefined ? 60_000 : 2500 }, () =>
    createAuthor(random, escapes, authorName()),
  );
  const names =
    only === undefined
      ? Array.from({ length: 3000 }, () => (capital(one()) + (random.chance(0.6) ? one() : '')).slice(0, 20))
      : [only];
  const subreddits = names.map((name, i) => ({
    name,
    id: only === undefined ? '2' + (46_656 + 500 * i + random.below(500)).toString(36) : '2tqaz',
  }));
  const authorRanks = zipfTable(authors.length, { exponent: 0.65, shift: 20 });
  const subredditRanks = zipfTable(subreddits.length, { exponent: 0.95, shift: 4 });

  function authorName(): string {
    const join = random.chance(0.3) ? '_' : random.chance(0.1) ? '-' : '';
    const first = random.chance(0.5) ? capital(one()) : one();
    const name =
      first +
      join +
      (random.chance(0.8) ? capital(one()) : '') +
      (random.chance(0.5) ? random.below(9999) : '');
    return name.slice(0, 20).padEnd(3, 'x');
  }
  return {
    author: () => authors[authorRanks[random.uint32() & 0xffff]!]!, // ranks are below the number of authors
    subreddit: () => subreddits[subredditRanks[random.uint32() & 0xffff]!]!, // the same
  };
}

function createAuthor(random: Random, escapes: Escapes, name: string): Author {
  const flairs = [
    'Mueller’s line waiter',
    'Team Taco 🌮',
    'South',
    'OG "breakfast" fan',
    'North/Round Rock',
    '1st year',
    'Verified',
    'Diamond II',
  ];
  const flair = random.chance(0.18) ? (flairs[random.below(flairs.length)] ?? '') : undefined;
  const rich = flair !== undefined && random.chance(0.5);
  const flairJson = flair === undefined ? 'null' : `"${jsonBytes(flair, escapes)}"`;
  return {
    name,
    fullnameJson: `"t2_${random.below(36 ** (4 + random.below(5))).toString(36)}"`,
    flairTextJson: flairJson,
    flairClassJson: flair !== undefined && random.chance(0.5) ? `"flair-${random.below(20)}"` : 'null',
    flairRichtextJson: rich ? `[{"e":"text","t":${flairJson}}]` : '[]',
    flairType: rich ? 'richtext' : 'text',
    createdJson: String(1_134_000_000 + random.below(480_000_000)),
    premium: random.chance(0.04) ? 'true' : 'false',
  };
}
