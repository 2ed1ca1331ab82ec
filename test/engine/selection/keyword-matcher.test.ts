import assert from 'node:assert/strict';
import fc from 'fast-check';
import { KeywordMatcher, turnToAscii } from '../../../src/engine/selection/keyword-matcher.ts';

function occurs(keywords: readonly string[], text: string): boolean {
  // beside other bytes, as in a line
  const bytes = Buffer.from(`bbq"${text}"bbq`);
  return new KeywordMatcher(keywords).occursIn(bytes, 4, bytes.length - 4);
}

/** What docs/selection.md says, as slowly and plainly as it can be said. */
function occursPlainly(keywords: readonly string[], text: string): boolean {
  const fold = (each: string): string =>
    Array.from(each.normalize('NFC'))
      .map((character) => Array.from(character.toUpperCase(), (upper) => upper.toLowerCase()).join(''))
      .join('')
      .replaceAll('ς', 'σ')
      .replace(/\s/gu, ' ');
  const isWord = (character: string | undefined): boolean =>
    character !== undefined &&
    /^[_\p{L}\p{M}\p{N}]$/u.test(character) &&
    !/^[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]$/u.test(character);
  const within = Array.from(fold(text));
  return keywords.some((keyword) => {
    const wanted = Array.from(
      fold(keyword.replace(/^\*|\*$/g, ''))
        .trim()
        .replace(/ +/g, ' '),
    );
    for (let from = 0; from < within.length; from++) {
      let at = from;
      const same = wanted.every((character) => {
        if (within[at] !== character) return false;
        at++;
        while (character === ' ' && within[at] === ' ') at++;
        return true;
      });
      const joinedLeft = !keyword.startsWith('*') && isWord(wanted[0]) && isWord(within[from - 1]);
      const joinedRight = !keyword.endsWith('*') && isWord(wanted.at(-1)) && isWord(within[at]);
      if (same && !joinedLeft && !joinedRight) return true;
    }
    return false;
  });
}

describe('KeywordMatcher', () => {
  it('finds whole words, whatever the case, at either end of the text and beside punctuation', () => {
    for (const text of [
      'bbq',
      'BBQ',
      'a bBq.',
      '(bbq)',
      "bbq's",
      'no-bbq-today',
      'x\nbbq\ty',
      '…bbq…',
      '"bbq"',
    ])
      assert.ok(occurs(['bbq'], text), text);
    for (const text of ['', 'b', 'bb', 'bbqs', 'abbq', 'bbq_', '1bbq', 'bbqé', 'ébbq', 'b b q', 'bbq\u0301'])
      assert.ok(!occurs(['bbq'], text), text);
  });

  it('finds phrases over any white space, and no words apart', () => {
    for (const text of ['breakfast taco', 'Breakfast\nTACO', 'a breakfast \t\u00a0 taco!'])
      assert.ok(occurs(['breakfast taco'], text), text);
    for (const text of ['breakfasttaco', 'breakfast-taco', 'breakfast tacos', 'breakfast', 'breakfast '])
      assert.ok(!occurs(['breakfast taco'], text), text);
  });

  it('asks for no word end where the keyword has none, or a star', () => {
    assert.ok(occurs(['c++'], 'in c++17') && !occurs(['c++'], 'abc++'));
    assert.ok(occurs(['$gme'], 'buy$GME now') && !occurs(['$gme'], '$gmes'));
    assert.ok(occurs(['vaccin*'], 'the Vaccination') && !occurs(['vaccin*'], 'antivaccination'));
    assert.ok(occurs(['*burger'], 'Cheeseburger') && !occurs(['*burger'], 'cheeseburgers'));
    assert.ok(occurs(['*urg*'], 'cheeseburgers'));
  });

  it('knows other alphabets, and scripts without spaces', () => {
    for (const [keyword, text] of [
      ['straße', 'Die STRASSE'], ['STRASSE', 'die straße'], ['σοφός', 'ΣΟΦΌΣ.'], ['İstanbul', 'i̇stanbul'],
      ['café', 'un CAFE\u0301 noir'], ['cafe\u0301', 'Café'], ['москва', 'в Москва!'], ['kelvin', '\u212aelvin'],
      ['fish', 'ﬁsh'], ['猫', '三毛猫が好き'], ['แมว', 'รักแมวมาก'], ['😀', 'x😀y'],
    ] as const) assert.ok(occurs([keyword], text), `${keyword} in ${text}`); // prettier-ignore
    for (const [keyword, text] of [
      ['cafe', 'café'], ['cafe', 'cafe\u0301'], ['москв', 'москва'], ['a<', 'a<\u0338'], ['ос', 'рос'],
    ] as const) assert.ok(!occurs([keyword], text), `${keyword} in ${text}`); // prettier-ignore
  });

  it('finds any of several, of one that begins like another too', () => {
    const keywords = ['ab', 'abc', 'abcd e', 'x'];
    for (const text of ['ab', 'abc', 'abcd e', '- x -']) assert.ok(occurs(keywords, text), text);
    for (const text of ['abcd', 'abcde', 'xx', 'a b']) assert.ok(!occurs(keywords, text), text);
    const many = Array.from({ length: 1000 }, (_, index) => `word${index}`);
    assert.ok(occurs(many, 'here is word999') && !occurs(many, 'here is word1000'));
  });

  it('knows every character of Unicode that turns to ASCII', () => {
    const turning: string[] = [];
    for (let code = 0x80; code <= 0x10ffff; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const character = String.fromCodePoint(code);
      const folded = character.normalize('NFC').toUpperCase().toLowerCase();
      if (/[!-~]/.test(folded)) turning.push(character);
    }
    assert.deepEqual(turning.join(''), turnToAscii);
  });

  it('agrees with the plain definition on texts of all sorts', () => {
    const piece = fc.constantFrom(
      'a', 'b', 'A', 'B', 'ab', ' ', '  ', '\n', '_', '-', '1', 'é', 'e\u0301', '\u0301', 'ß', 'SS', 'ς', 'Σ', 'σ', 'İ', 'ı',
      'K', 'k', 'ﬁ', 'f', 'i', '猫', 'ー', 'ม', '\u00a0', '\u2028', '😀', '<', '\u0338', 'ŉ', '\ufffd', '*',
    ); // prettier-ignore
    const space = fc.constantFrom(' ', '\n', '\u00a0', '\u2028', '  ');
    const text = fc
      .array(fc.oneof({ arbitrary: piece, weight: 3 }, space), { maxLength: 12 })
      .map((pieces) => pieces.join(''));
    const keyword = fc
      .array(fc.oneof(piece, fc.constantFrom('a', 'b', 's', 'k', 'n', 'fi', ' ')), {
        minLength: 1,
        maxLength: 3,
      })
      .map((pieces) => pieces.join('').normalize('NFC').replace(/\s+/gu, ' ').trim())
      .filter((each) => each.replace(/^\*|\*$/g, '').trim() !== '');
    fc.assert(
      fc.property(fc.array(keyword, { minLength: 1, maxLength: 3 }), text, (keywords, given) => {
        const whole = given.toWellFormed();
        assert.equal(
          occurs(keywords, whole),
          occursPlainly(keywords, whole),
          JSON.stringify([keywords, whole]),
        );
      }),
      { numRuns: 10_000 },
    );
  });
});
