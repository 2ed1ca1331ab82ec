/** Test helper: values that no file system should be shown, and archives of them. */
import { createRandom } from '../../../samples/generator/random.ts';

const long = 'l'.repeat(200);

/** Values as lines may have them; a number or null is none. Some differ in nothing but the case of ASCII letters: they are one. */
export const hostileValues: readonly unknown[] = [
  'AskReddit', 'askreddit', 'ASKREDDIT', 'reddit.com', 'u_spez', '..', '.', '...', '.hidden', 'trailing.', 'a..b', '../../etc/passwd', '/abs',
  'a/b', 'a\\b', 'CON', 'con.txt', 'Aux', 'nul', 'com1', 'lpt9.x', 'com10', 'x\u0000y', '\u0000', 'é', 'É', 'e\u0301', 'ß', '\u{1f600}', 'a b', ' ', 'a\nb',
  '', null, 7, undefined, ['x'], 'missing', '%missing', '%empty', '%41', 'A', '~', '-rf', '*', '?', '"', "'", '<>|:', 'values.jsonl', 'x.parquet',
  long, `${long}a`, `${long}b`, 'é'.repeat(100), `${'é'.repeat(100)}x`, '.'.repeat(130), 'q'.repeat(119), 'q'.repeat(120), 'q'.repeat(121), '[deleted]x',
]; // prettier-ignore

const firstSeconds = Date.UTC(2019, 11, 30) / 1000;

export interface HostileOptions {
  readonly seed: number;
  readonly lines?: number;
  /** Field that has the values. */
  readonly field?: 'subreddit' | 'author';
  readonly kind?: 'comments' | 'submissions';
  /** So many of the hostile values; default all. */
  readonly values?: number;
}

/** Lines over some days about the turn of a year, each with its number in `author_flair_text`; some are excluded, some are none. */
export function hostileText({
  seed,
  lines = 300,
  field = 'subreddit',
  kind = 'comments',
  values = hostileValues.length,
}: HostileOptions): string {
  const random = createRandom(seed);
  const texts: string[] = [];
  for (let number = 0; number < lines; number++) {
    const value = hostileValues[random.below(values)];
    const own =
      kind === 'comments'
        ? {
            link_id: `t3_${random.below(9)}`,
            parent_id: `t3_${random.below(9)}`,
            body: 'b'.repeat(random.below(300)),
          }
        : { title: `Title ${number}`, selftext: 's'.repeat(random.below(300)) };
    const record = {
      ...{ id: `n${number}`, ...own, created_utc: firstSeconds + random.below(4 * 86_400) },
      ...{ score: random.chance(0.1) ? -9 : 1, author_flair_text: `L${number}`, ups: number, [field]: value },
    };
    texts.push(random.chance(0.02) ? '{"id":' : JSON.stringify(record));
    if (random.chance(0.02)) texts.push('  ');
  }
  return `${texts.join('\n')}\n`;
}

export type Json = Readonly<Record<string, unknown>>;

/** The lines that a job keeps, with their numbers; all of which have texts of their own. */
export function keptLines(text: string): readonly { readonly line: string; readonly record: Json }[] {
  return text.split('\n').flatMap((line) => {
    if (line.trim() === '' || line === '{"id":') return [];
    const record = JSON.parse(line) as Json;
    return Number(record['score']) < -5 ? [] : [{ line, record }];
  });
}

/** ASCII letters in lower case; null for what is no string. */
export function folded(value: unknown): string | null {
  return typeof value === 'string' ? value.replace(/[A-Z]/g, (letter) => letter.toLowerCase()) : null;
}
