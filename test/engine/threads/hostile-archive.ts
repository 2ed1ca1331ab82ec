/** Test helper: archives that break threads in every way that dumps do, and some that they don't. The same seed, the same text. */
import { createRandom, type Random } from '../../../samples/generator/random.ts';

/** Both archives of a pair; each line but the blank and malformed names its number in `author_flair_text`. */
export interface HostilePair {
  readonly comments: string;
  readonly submissions: string;
}

/** Ids whose order as bytes is not that as UTF-16, that differ in form alone, and that every format must escape. */
const oddIds = [
  'é', 'e\u0301', '\uffff', '\u{10000}', 'A', 'a', ' ', '"', '\\', 'a\nb', 'a,b', '\u0000', '\u007f', 't1_a', 't3_a', '-',
  'x'.repeat(300), `${'x'.repeat(300)}y`, 'é'.repeat(2000),
] as const; // prettier-ignore
const oddLinks = [
  't3_é', 't3_e\u0301', 't3_\uffff', 't3_\u{10000}', 't3_A', 't3_', 't3', ' ', 't1_a', 't1_10', 'a,"b"', '\u0000',
  `t3_${'q'.repeat(1000)}`,
] as const; // prettier-ignore
const oddParents: readonly unknown[] = [
  null, undefined, '', 't1_', 't1', 'T1_a', 'a', -1, 1.5, 10, 11, 35, 1e21, 9007199254740991, 9007199254740993, 0, true,
  ['t1_a'], { id: 't1_a' }, 't3_elsewhere', 't3_0', 't1_t1_a',
]; // prettier-ignore

const startSeconds = 1_600_000_000;

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)] as T;
}

/** How wild one archive is: no two are alike. */
interface Temper {
  readonly ids: readonly string[];
  readonly links: readonly string[];
  readonly excluded: number;
  /** Share of lines whose id is new. */
  readonly fresh: number;
  /** Share of lines that answer the line before. */
  readonly chain: number;
  readonly odd: number;
  readonly seconds: number;
  readonly ascii: boolean;
}

function temperOf(random: Random): Temper {
  const ids = Array.from({ length: 2 + random.below(30) }, (_, index) => index.toString(36));
  const links = Array.from({ length: 1 + random.below(8) }, (_, index) => `t3_${index.toString(36)}`);
  const isOdd = random.chance(0.6);
  return {
    ids: isOdd ? [...ids, ...oddIds] : ids,
    links: isOdd ? [...links, ...oddLinks.filter(() => random.chance(0.4))] : links,
    excluded: pick(random, [0, 0.2, 0.5, 0.9, 1]),
    fresh: pick(random, [0, 0.5, 1]),
    chain: pick(random, [0, 0.3, 0.95]),
    odd: pick(random, [0, 0.05, 0.4]),
    seconds: pick(random, [1, 5, 1000]),
    ascii: random.chance(0.5),
  };
}

/** A pair of at most `linesMax` lines each. */
export function hostilePair(seed: number, linesMax = 300): HostilePair {
  const random = createRandom(seed);
  const temper = temperOf(random);
  const comments = lines(random, temper, 1 + random.below(linesMax), commentOf);
  const submissions = lines(random, temper, random.below(2 * temper.links.length), submissionOf);
  return { comments, submissions };
}

type Previous = { id: string; link: string } | null;
type LineOf = (random: Random, temper: Temper, number: number, previous: Previous) => Record<string, unknown>;

function lines(random: Random, temper: Temper, count: number, lineOf: LineOf): string {
  let text = '';
  let previous: Previous = null;
  for (let number = 0; number < count; number++) {
    const line = lineOf(random, temper, number, previous);
    previous = { id: String(line['id']), link: String(line['link_id']) };
    if (random.chance(0.02)) text += random.chance(0.5) ? '  \n' : '{"id":"a","link_id":"t3_0","body":\n';
    if (random.chance(0.03))
      line[pick(random, ['id', 'link_id', 'body', 'title', 'created_utc'])] = undefined;
    const json = JSON.stringify(line);
    text += temper.ascii ? asciiOnly(json) : json;
    text += number === count - 1 && random.chance(0.5) ? '' : '\n';
  }
  return text;
}

function commentOf(
  random: Random,
  temper: Temper,
  number: number,
  previous: Previous,
): Record<string, unknown> {
  const link = previous !== null && random.chance(0.7) ? previous.link : pick(random, temper.links);
  const id = random.chance(temper.fresh) ? `n${number.toString(36)}` : pick(random, temper.ids);
  const later = `n${(number + 1 + random.below(3)).toString(36)}`;
  const answered = random.chance(temper.chain)
    ? previous?.id
    : pick(random, [...temper.ids, id, later, later, 'n0', 'n5', 'gone']);
  const parent = random.chance(temper.odd)
    ? pick(random, oddParents)
    : random.chance(0.3) || answered === undefined
      ? link
      : `t1_${answered}`;
  const head = { id, link_id: link, parent_id: parent, body: `body ${number}`, ...timeOf(random, temper) };
  return { ...head, ...fateOf(random, temper, 'body'), author_flair_text: `L${number}` };
}

function submissionOf(random: Random, temper: Temper, number: number): Record<string, unknown> {
  const named = temper.links.filter((link) => /^t3_./s.test(link));
  const id = random.chance(0.2) ? `s${number}` : pick(random, named).slice(3);
  const head = { id, title: `title ${number}`, selftext: `text ${number}`, ...timeOf(random, temper) };
  return { ...head, ...fateOf(random, temper, 'selftext'), author_flair_text: `L${number}` };
}

function timeOf(random: Random, temper: Temper): Record<string, unknown> {
  const seconds = startSeconds + random.below(temper.seconds);
  return { created_utc: random.chance(0.1) ? String(seconds) : seconds };
}

function fateOf(random: Random, temper: Temper, text: string): Record<string, unknown> {
  const excluded: readonly Record<string, unknown>[] = [
    { author: '[deleted]', score: 3 },
    { author: 'who', score: 1, [text]: '[removed]' },
    { author: 'who', score: -6 },
  ];
  return random.chance(temper.excluded)
    ? pick(random, excluded)
    : { author: 'who', score: random.below(9) - 5 };
}

/** As Python's `json.dumps` writes it. */
function asciiOnly(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
