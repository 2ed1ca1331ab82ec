/** Whether one of several words or phrases occurs in a text: in one pass over its bytes, whatever their number. */

/** Word characters, but those of scripts that put no space between words: of these each is a word of its own. */
const joined = /[_\p{L}\p{M}\p{N}]/u;
const ownWord =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** Whether a character and its neighbour of the same sort are parts of one word. */
function isJoined(character: string): boolean {
  return joined.test(character) && !ownWord.test(character);
}

/**
 * What is compared: the text in NFC, each character in upper case and then in lower case (Unicode's own mappings, whatever the
 * language), so that Straße, STRASSE and strasse are one, as are σ and ς; any white space is a space.
 */
function foldText(text: string): string {
  const lower = text.normalize('NFC').toUpperCase().toLowerCase();
  // toLowerCase() makes a Σ at a word's end a ς
  return lower.replaceAll('ς', 'σ').replace(/[^\S ]/gu, ' ');
}

interface Keyword {
  /** UTF-8 of the folded text. */
  readonly bytes: Uint8Array;
  /** Nothing that belongs to the same word may stand before it, or behind it. */
  readonly left: boolean;
  readonly right: boolean;
}

function keywordOf(given: string): Keyword {
  const open = { left: given.startsWith('*'), right: given.endsWith('*') };
  const text = foldText(given.slice(open.left ? 1 : 0, open.right ? -1 : undefined)).trim();
  const characters = Array.from(text);
  return {
    bytes: Buffer.from(text.replace(/ +/g, ' '), 'utf8'),
    left: !open.left && isJoined(characters[0] ?? ''),
    right: !open.right && isJoined(characters.at(-1) ?? ''),
  };
}

const asciiJoined = new Uint8Array(128);
for (let code = 0; code < 128; code++) asciiJoined[code] = isJoined(String.fromCharCode(code)) ? 1 : 0;

/**
 * Every character beyond ASCII that folds to something with ASCII in it (other than white space); a test holds it against
 * Unicode. In a text without them keywords of ASCII are found without folding it.
 */
export const turnToAscii = 'ßİıŉſǰ\u037eẖẗẘẙẚ\u1fef\u212aﬀﬁﬂﬃﬄﬅﬆ';
/** Their UTF-8, which is of two or three bytes, as one number. */
const turningCodes: ReadonlySet<number> = new Set(
  Array.from(turnToAscii, (each) => codeOf(Buffer.from(each), 0)),
);

function codeOf(bytes: Uint8Array, at: number): number {
  const [first, second, third] = [bytes[at] as number, bytes[at + 1] as number, bytes[at + 2] as number];
  return first < 0xe0 ? first * 256 + second : (first * 256 + second) * 256 + third;
}

const space = 0x20;
/** Classes of a text's bytes: no keyword begins with it; some does; with it begins a character that may be of a keyword. */
const starts = 1;
const stranger = 2;

/** Results of `endOf` beside places. */
const none = -1;
const strangeSpace = -2;

const no = 0;
const yes = 1;
const unsure = 2;

const isSpace = new Uint8Array(256);
for (const byte of [0x20, 9, 10, 11, 12, 13]) isSpace[byte] = 1;

const lower = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) lower[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;

const encoder = new TextEncoder();

export class KeywordMatcher {
  /** Keywords by their first two bytes; of one byte, those by every second one. */
  private readonly byStart = new Array<readonly Keyword[] | undefined>(65_536);
  private readonly plainClass = new Uint8Array(256);
  private readonly foldedClass = new Uint8Array(256);
  /** All keywords are. */
  private readonly ascii: boolean;
  private scratch: Uint8Array = new Uint8Array(64 * 1024);

  /** `*` before or behind a keyword: it may be the end or the beginning of a longer word. */
  constructor(keywords: readonly string[]) {
    const all = keywords.map(keywordOf);
    this.ascii = all.every(({ bytes }) => bytes.every((byte) => byte < 0x80));
    if (!this.ascii) this.plainClass.fill(stranger, 0x80);
    else for (const each of turnToAscii) this.plainClass[Buffer.from(each)[0] as number] = stranger;
    for (const keyword of all) {
      const [first = 0, second] = keyword.bytes;
      this.foldedClass[first] = starts;
      if (first < 0x80) this.plainClass[first] = starts;
      if (first >= 0x61 && first <= 0x7a) this.plainClass[first - 0x20] = starts;
      const seconds =
        second === undefined
          ? Array.from({ length: 256 }, (_, byte) => byte)
          : second === space
            ? [...isSpace.keys()].filter((byte) => isSpace[byte] === 1 || byte >= 0x80)
            : [second];
      for (const each of seconds) {
        const start = first * 256 + each;
        this.byStart[start] = [...(this.byStart[start] ?? []), keyword];
      }
    }
  }

  /** Whether a keyword occurs in bytes [start, end), which are UTF-8. */
  occursIn(source: Uint8Array, start: number, end: number): boolean {
    const plain = this.search(source, start, end, this.plainClass);
    if (plain !== unsure) return plain === yes;
    const text = foldText(
      Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('utf8'),
    );
    if (this.scratch.length < text.length * 3) this.scratch = new Uint8Array(text.length * 4);
    const { written } = encoder.encodeInto(text, this.scratch);
    return this.search(this.scratch, 0, written, this.foldedClass) === yes;
  }

  private search(source: Uint8Array, start: number, end: number, classes: Uint8Array): number {
    const plain = classes === this.plainClass;
    for (let at = start; at < end; at++) {
      const byteClass = classes[source[at] as number] as number;
      if (byteClass === 0) continue;
      if (byteClass === stranger) {
        if (!this.ascii || turningCodes.has(codeOf(source, at))) return unsure;
        continue;
      }
      const second = at + 1 < end ? (lower[source[at + 1] as number] as number) : 0;
      const keywords = this.byStart[(lower[source[at] as number] as number) * 256 + second];
      if (keywords === undefined) continue;
      for (const keyword of keywords) {
        const behind = this.endOf(keyword, source, at, end, plain);
        if (behind === none) continue;
        // what stands behind a match may, in NFC, become one character with its end; and white space is not only ASCII's
        if (plain && (behind === strangeSpace || (behind < end && (source[behind] as number) >= 0x80)))
          return unsure;
        if (behind === strangeSpace || (keyword.right && behind < end && joinsForward(source, behind, end)))
          continue;
        if (plain && keyword.left && at > start && (source[at - 1] as number) >= 0x80) return unsure;
        if (!keyword.left || at === start || !joinsBackward(source, start, at)) return yes;
      }
    }
    return no;
  }

  /** Where a keyword that begins at `at` ends; `none` where another text stands there. */
  private endOf({ bytes }: Keyword, source: Uint8Array, at: number, end: number, plain: boolean): number {
    for (const byte of bytes) {
      if (at >= end) return none;
      const found = source[at] as number;
      if (byte === space) {
        if (isSpace[found] === 0) return found >= 0x80 ? strangeSpace : none;
        do at++;
        while (at < end && isSpace[source[at] as number] === 1);
        if (plain && at < end && (source[at] as number) >= 0x80) return strangeSpace;
      } else if (lower[found] === byte) at++;
      else return none;
    }
    return at;
  }
}

function joinsForward(source: Uint8Array, at: number, end: number): boolean {
  const byte = source[at] as number;
  if (byte < 0x80) return asciiJoined[byte] === 1;
  return isJoined(characterIn(source, at, end));
}

function joinsBackward(source: Uint8Array, start: number, end: number): boolean {
  const byte = source[end - 1] as number;
  if (byte < 0x80) return asciiJoined[byte] === 1;
  let from = end - 1;
  while (from > start && ((source[from] as number) & 0xc0) === 0x80) from--;
  return isJoined(characterIn(source, from, end));
}

/** The first character of bytes [start, end). */
function characterIn(source: Uint8Array, start: number, end: number): string {
  const text = Buffer.from(source.slice(start, Math.min(start + 4, end))).toString('utf8');
  return String.fromCodePoint(text.codePointAt(0) ?? 0);
}
