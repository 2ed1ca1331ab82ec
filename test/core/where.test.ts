import assert from 'node:assert/strict';
import { columnsIn, parseWhere, type Where } from '../../src/core/where.ts';

function tree(text: string): Where {
  const parsed = parseWhere(text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.why);
  return parsed.where;
}

function why(text: string): string {
  const parsed = parseWhere(text);
  assert.ok(!parsed.ok, `${text} was taken`);
  return parsed.why;
}

const score = (op: string, value: number): unknown => ({ type: 'compare', column: 'score', op, value });

describe('parseWhere()', () => {
  it('reads every comparison, of every type', () => {
    for (const [given, op] of [
      ['=', '='], ['==', '='], ['<>', '<>'], ['!=', '<>'], ['<', '<'], ['<=', '<='], ['>', '>'], ['>=', '>='],
    ] as const) assert.deepEqual(tree(`score${given}-5`), score(op, -5)); // prettier-ignore
    assert.deepEqual(tree("author = 'it''s'"), {
      type: 'compare',
      column: 'author',
      op: '=',
      value: "it's",
    });
    assert.deepEqual(tree('upvote_ratio > .5e-1'), {
      type: 'compare',
      column: 'upvote_ratio',
      op: '>',
      value: 0.05,
    });
    const stickied = { type: 'compare', column: 'stickied', op: '=', value: true };
    assert.deepEqual([tree('stickied'), tree('stickied = TRUE')], [stickied, stickied]);
    for (const date of ["'2019-04-01'", "'2019-04'", "'2019-04-01T02:00+02:00'", '1554076800']) {
      const value = 1_554_076_800_000;
      assert.deepEqual(tree(`created_utc>=${date}`), {
        type: 'compare',
        column: 'created_utc',
        op: '>=',
        value,
      });
    }
  });

  it('binds not before and before or, and takes words and columns in any case', () => {
    assert.deepEqual(tree('NOT Score=1 And score=2 OR score=3'), {
      type: 'or',
      terms: [{ type: 'and', terms: [{ type: 'not', term: score('=', 1) }, score('=', 2)] }, score('=', 3)],
    });
    assert.deepEqual(tree('score=1 and (score=2 or score=3)'), {
      type: 'and',
      terms: [score('=', 1), { type: 'or', terms: [score('=', 2), score('=', 3)] }],
    });
    assert.deepEqual(tree('not not score=1'), score('=', 1));
  });

  it('reads lists and tests of null, and their opposites', () => {
    const list = { type: 'in', column: 'id', values: ['a', 'b'] };
    assert.deepEqual(tree("id in ('a','b')"), list);
    assert.deepEqual(tree("id not in ('a', 'b')"), { type: 'not', term: list });
    const nil = { type: 'null', column: 'edited_utc' };
    assert.deepEqual(tree('edited_utc is null'), nil);
    assert.deepEqual(tree('edited_utc is not null'), { type: 'not', term: nil });
  });

  it('tells what is wrong and where, characters counted from 1', () => {
    const wrong: readonly (readonly [string, string])[] = [
      ['', 'expected a column, not its end, at character 1'],
      ['score >', 'score compares with a number, not with its end, at character 8'],
      ['score >> 3', 'score compares with a number, not with ">", at character 8'],
      ['scroe > 3', 'no column is named "scroe", which stands at character 1'],
      ['score = "3"', 'text stands in single quotes, not in double ones, at character 9'],
      ["author = 'x", 'text without its closing quote at character 10'],
      ["score > 'x'", 'score compares with a number, not with "x", at character 9'],
      ['author = 3', "author compares with text in single quotes, such as 'word', not with \"3\", at character 10"],
      ['stickied > true', 'stickied is true or false and has no order: > stands at character 10'],
      ['stickied = 1', 'stickied compares with true or false, not with "1", at character 12'],
      ["created_utc > 'soon'", "created_utc compares with a date such as '2019-04-01', or seconds since 1970, not with \"soon\", at character 15"],
      ['score > 1 or', 'expected a column, not its end, at character 13'],
      ['(score > 1', 'expected ), not its end, at character 11'],
      ['score > 1)', 'unexpected ")" at character 10'],
      ['score > 1 score', 'unexpected "score" at character 11'],
      ['score', 'expected =, <>, <, <=, >, >=, in or is behind score, not its end, at character 6'],
      ['score is 3', 'expected null, not "3", at character 10'],
      ['score not 3', 'expected in, not "3", at character 11'],
      ['score in ()', 'score compares with a number, not with ")", at character 11'],
      ['score ; 3', 'unexpected ";" at character 7'],
      ['raw = 1', 'no column is named "raw", which stands at character 1'],
    ]; // prettier-ignore
    for (const [text, message] of wrong) assert.equal(why(text), message, text);
  });

  it('refuses nesting that no person wrote, before the stack ends', () => {
    assert.match(why(`${'('.repeat(100_000)}score=1${')'.repeat(100_000)}`), /more than 50 levels/);
    assert.ok(parseWhere(`${'('.repeat(40)}score=1${')'.repeat(40)}`).ok);
    assert.ok(parseWhere(`${'not '.repeat(10_001)}score=1`).ok);
  });

  it('names its columns once each', () => {
    assert.deepEqual(columnsIn(tree('not (score=1 and author is null) or score in (2)')), [
      'score',
      'author',
    ]);
  });
});
