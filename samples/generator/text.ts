import { jsonBytes, type Escapes } from './json-bytes.ts';
import { lengthTable, weightedTable, zipfTable, type Random } from './random.ts';
import { vocabulary } from './words.ts';

/** Writes bodies and titles, as byte strings ready for a JSON string. */
export interface TextWriter {
  /** A body of roughly a log-normal length: the median is some 60 bytes, a few in a million are 10 to 40 KB. */
  body(): string;
  /** Text of at least `bytes` bytes, and a word more. */
  bodyOf(bytes: number): string;
  /** A title of 2 to 14 words. */
  title(): string;
  /** Words joined by `_`, as in permalinks, at most 50 characters. */
  slug(): string;
  /** A link to somewhere. */
  url(): string;
}

const vocabularyWords = 24_000;
const phraseCount = 16_384;

/** A writer in one style of escapes. Its pools take some 6 MB and 60 ms to make. */
export function createTextWriter(random: Random, escapes: Escapes): TextWriter {
  const list = vocabulary(vocabularyWords);
  const ranks = zipfTable(list.length, { exponent: 1.12, log2Entries: 17 });
  const words = list.map((word) => ' ' + jsonBytes(word, escapes));
  const capitals = list.map((word) => jsonBytes(word.charAt(0).toUpperCase() + word.slice(1), escapes));
  const plain = list.filter((word) => /^[a-z]+$/.test(word));
  const plainRanks = zipfTable(plain.length);
  const lengths = lengthTable(random);
  const stops = weightedTable([
    ['.', 170],
    ['!', 16],
    ['?', 28],
    ['...', 12],
    [',', 20],
    [' :)', 3],
    ['', 7],
  ]);
  const gaps = weightedTable([
    [' ', 218],
    ['\\n\\n', 28],
    ['\\n', 6],
    ['\\n\\n&gt; ', 2],
    ['\\n\\n* ', 2],
  ]);
  const slash = jsonBytes('/', escapes);

  // A table access never misses: the mask is the table's length less one and ranks are below the number of words.
  const word = (): string => words[ranks[random.uint32() & 0x1ffff]!]!;
  // Real text repeats whole turns of phrase: they are what a compressor's long window finds.
  const phrases = Array.from({ length: phraseCount }, () => {
    let phrase = '';
    for (let n = 3 + random.below(5); n > 0; n--) phrase += word();
    return phrase;
  });
  const phraseRanks = zipfTable(phraseCount, { exponent: 0.9 });

  function sentence(): string {
    const bits = random.uint32();
    let text = capitals[ranks[bits & 0x1ffff]!]!;
    for (let n = 2 + ((bits >>> 17) & 7); n > 0; n--) {
      const draw = random.uint32();
      text += draw < 0x80000000 ? phrases[phraseRanks[draw & 0xffff]!]! : words[ranks[draw & 0x1ffff]!]!;
    }
    return text + stops[bits >>> 24]!;
  }
  function bodyOf(bytes: number): string {
    let text = sentence();
    while (text.length < bytes) {
      const draw = random.uint32();
      text += gaps[draw >>> 24]!;
      text += (draw & 0xff) < 2 ? `[${sentence()}](${url()})` : sentence();
    }
    return text;
  }
  function body(): string {
    const draw = random.uint32();
    if (draw < 0x10000) return bodyOf(10_000 + (draw % 30_000));
    const bytes = lengths[draw & 0x3fff]!;
    if (bytes > 40) return bodyOf(bytes);
    let text = capitals[ranks[draw >>> 15]!]!;
    while (text.length < bytes) text += word();
    return text;
  }
  function slug(): string {
    let text = plain[plainRanks[random.uint32() & 0xffff]!]!;
    for (let n = 2 + random.below(8); n > 0 && text.length < 42; n--)
      text += '_' + plain[plainRanks[random.uint32() & 0xffff]!]!;
    return text;
  }
  function url(): string {
    const host = plain[plainRanks[random.uint32() & 0xffff]!]!;
    return `https:${slash}${slash}www.${host}.com${slash}${slug()}${slash}${random.uint32().toString(36)}`;
  }
  function title(): string {
    let text = capitals[ranks[random.uint32() & 0x1ffff]!]!;
    for (let n = 1 + random.below(13); n > 0; n--) text += word();
    return text;
  }
  return { body, bodyOf, title, slug, url };
}
