import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  generateChunks,
  generateLines,
  type ContentOptions,
} from '../../samples/generator/generate-lines.ts';
import { eras, type Kind } from '../../samples/generator/months.ts';
import type { Expected } from '../../samples/generator/tally.ts';
import { classify } from './classify.ts';

type Json = Readonly<Record<string, unknown>>;

function collect(options: ContentOptions): { bytes: Buffer; expected: Expected } {
  const chunks: Uint8Array[] = [];
  const source = generateChunks(options);
  for (;;) {
    const { value, done } = source.next();
    if (done === true) return { bytes: Buffer.concat(chunks), expected: value };
    chunks.push(value);
  }
}

function records(kind: Kind, era: string, bytes = 600_000): { texts: string[]; records: Json[] } {
  const texts = [...generateLines({ kind, era, bytes, seed: 3 })].map((line) =>
    Buffer.from(line).toString('utf8'),
  );
  return { texts, records: texts.map((text) => JSON.parse(text) as Json) };
}

const meanKeys = (list: readonly Json[]): number =>
  list.reduce((sum, one) => sum + Object.keys(one).length, 0) / list.length;
const meanBytes = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / texts.length;
const types = (list: readonly Json[], key: string): string[] =>
  [...new Set(list.map((one) => (one[key] === null ? 'null' : typeof one[key])))].sort();
const isSorted = (one: Json): boolean =>
  Object.keys(one).every((key, i, keys) => i === 0 || (keys[i - 1] ?? '') < key);

describe('generateLines()', () => {
  it('gives the same bytes for the same seed, others for another, and the same by chunks', () => {
    const options: ContentOptions = {
      kind: 'comments',
      era: '2023',
      bytes: 300_000,
      seed: 5,
      dirty: true,
      dirtyEvery: 7,
    };
    const first = Buffer.concat([...generateLines(options)]);
    assert.ok(first.equals(Buffer.concat([...generateLines(options)])));
    assert.ok(first.equals(collect(options).bytes));
    assert.ok(!first.equals(Buffer.concat([...generateLines({ ...options, seed: 6 })])));
  });

  for (const kind of ['comments', 'submissions'] as const) {
    for (const era of eras) {
      it(`gives ${kind} of ${era} that JSON.parse reads, each with its own id, counted right`, () => {
        const { bytes, expected } = collect({ kind, era, bytes: 400_000, seed: 2 });
        const found = classify(bytes, kind);
        const { lines, blank, kept, deleted, removed, lowScore, rejected } = found;
        const wanted = { ...expected };
        assert.deepEqual(
          { lines, blank, kept, deleted, removed, lowScore, rejected },
          {
            lines: wanted.lines,
            blank: 0,
            kept: wanted.kept,
            deleted: wanted.deleted,
            removed: wanted.removed,
            lowScore: wanted.lowScore,
            rejected: wanted.rejected,
          },
        );
        assert.equal(found.repeatedIds, 0);
        assert.equal(found.invalidUtf8, 0);
        assert.equal(expected.bytes, bytes.length);
        assert.ok(bytes.length >= 400_000 && deleted > 0 && kept > lines / 2);
      });
    }
  }

  it('rejects an era, a size and a seed that cannot be', () => {
    const options: ContentOptions = { kind: 'comments', era: '2023', bytes: 1000, seed: 1 };
    assert.throws(
      () => [...generateLines({ ...options, era: '1999' })],
      /RangeError: Cannot read era '1999'/,
    );
    assert.throws(() => [...generateLines({ ...options, bytes: 0 })], /bytes is 0/);
    assert.throws(() => [...generateLines({ ...options, seed: -1 })], /seed is -1/);
  });
});

describe('traits of an era', () => {
  it('comments of 2006 have 18 fields in an order that differs from line to line', () => {
    const { texts, records: list } = records('comments', '2006');
    assert.equal(meanKeys(list), 18);
    assert.ok(new Set(list.map((one) => Object.keys(one).join())).size > 10);
    assert.ok(Math.abs(meanBytes(texts) - 505) < 60, String(meanBytes(texts)));
  });

  it('comments grow to some 640 bytes in 2017, 1,370 in 2023 and 1,750 in 2024, sorted by key', () => {
    for (const [era, size] of [
      ['2017', 640],
      ['2023', 1370],
      ['2024', 1750],
    ] as const) {
      const { texts, records: list } = records('comments', era, 2_000_000);
      assert.ok(Math.abs(meanBytes(texts) - size) < size * 0.1, `${era}: ${meanBytes(texts)}`);
      assert.equal(list.every(isSorted), era !== '2017');
    }
    assert.ok(Math.abs(meanKeys(records('comments', '2024').records) - 75) < 4);
  });

  it('created_utc is a number or a string by month, and both within 2015-02', () => {
    assert.deepEqual(types(records('comments', '2006').records, 'created_utc'), ['number']);
    assert.deepEqual(types(records('comments', '2013').records, 'created_utc'), ['string']);
    assert.deepEqual(types(records('comments', '2015').records, 'created_utc'), ['number', 'string']);
    assert.deepEqual(types(records('submissions', '2013').records, 'created_utc'), ['number']);
    assert.deepEqual(types(records('submissions', '2015').records, 'created_utc'), ['string']);
    assert.deepEqual(types(records('comments', '2023').records, 'created_utc'), ['number']);
  });

  it('an edit time is a float in comments of 2021 and 2023, an integer before and after', () => {
    for (const era of ['2013', '2021', '2023', '2024']) {
      const edits = records('comments', era).texts.flatMap(
        (text) => /"edited":(\d[\d.]*)/.exec(text)?.[1] ?? [],
      );
      assert.ok(edits.length > 0);
      assert.ok(
        edits.every((edit) => edit.endsWith('.0') === (era === '2021' || era === '2023')),
        era,
      );
    }
  });

  it('scores are null in some lines of 2017-10 and below -5 in some of any month', () => {
    assert.deepEqual(types(records('comments', '2017').records, 'score'), ['null', 'number']);
    assert.deepEqual(types(records('comments', '2019').records, 'score'), ['number']);
    const scores = records('comments', '2019', 3_000_000).records.map((one) => one['score'] as number);
    assert.ok(Math.min(...scores) < -5 && Math.max(...scores) > 200);
  });

  it('slashes and everything beyond ASCII are escaped until 2020; raw UTF-8 stands in lines after', () => {
    const old = records('comments', '2019').texts.join('');
    assert.ok(/^[\x0a\x20-\x7e]*$/.test(old) && old.includes('\\/') && /\\ud83d\\ude\w\w/.test(old));
    assert.ok(/[^\x00-\x7f]/.test(records('comments', '2021').texts.join('')));
    assert.ok(!records('comments', '2024').texts.join('').includes('\\/'));
  });

  it('author_fullname, retrieval time, permalink, _meta and removed_by_category come and go', () => {
    const has = (kind: Kind, era: string, key: string): number => {
      const list = records(kind, era).records;
      return list.filter((one) => key in one).length / list.length;
    };
    assert.equal(has('comments', '2017', 'author_fullname'), 0);
    assert.ok(
      has('comments', '2021', 'author_fullname') > 0.8 && has('comments', '2021', 'author_fullname') < 0.95,
    );
    assert.equal(has('comments', '2021', 'retrieved_utc') - has('comments', '2021', 'retrieved_on'), 1);
    assert.equal(has('comments', '2023', 'retrieved_on'), 1);
    assert.equal(has('comments', '2015', 'permalink'), 0);
    assert.equal(has('comments', '2017', 'permalink'), 1);
    assert.equal(has('comments', '2023', '_meta'), 0);
    assert.equal(has('submissions', '2024', '_meta'), 1);
    assert.equal(has('submissions', '2017', 'removed_by_category'), 0);
    const removals = records('submissions', '2021', 2_000_000).records.map(
      (one) => one['removed_by_category'],
    );
    const share = removals.filter((one) => one !== null).length / removals.length;
    assert.ok(share > 0.36 && share < 0.48, String(share));
  });

  it('comments stand in threads whose parents came before, save for about 1 % orphans', () => {
    const { records: list } = records('comments', '2023', 6_000_000);
    const links = new Map<unknown, unknown>();
    let orphans = 0;
    let replies = 0;
    for (const one of list) {
      const parent = String(one['parent_id']);
      if (parent.startsWith('t3_')) assert.equal(parent, one['link_id']);
      else if (links.has(parent))
        assert.equal(links.get(parent), one['link_id'], 'a parent stands in the same thread');
      else orphans += 1;
      if (links.has(parent)) replies += 1;
      links.set(`t1_${String(one['id'])}`, one['link_id']);
    }
    assert.ok(replies > list.length / 4, `${replies} of ${list.length}`);
    assert.ok(orphans > 0 && orphans < list.length * 0.02);
  });

  it('time rises nearly always and goes back where a gap was filled', () => {
    const times = records('comments', '2023', 60_000_000).records.map((one) => Number(one['created_utc']));
    const back = times.filter((time, i) => i > 0 && time < (times[i - 1] ?? 0)).length;
    assert.ok(back > 0 && back < times.length / 500, String(back));
  });

  it('one subreddit over years stays in it and takes the form of each month', () => {
    const { records: list } = (() => {
      const texts = [
        ...generateLines({
          kind: 'comments',
          era: '2013-01..2023-12',
          bytes: 1_500_000,
          seed: 1,
          subreddit: 'austinfood',
        }),
      ];
      return { records: texts.map((text) => JSON.parse(Buffer.from(text).toString()) as Json) };
    })();
    assert.deepEqual([...new Set(list.map((one) => one['subreddit']))], ['austinfood']);
    const years = new Set(list.map((one) => new Date(Number(one['created_utc']) * 1000).getUTCFullYear()));
    assert.equal(years.size, 11);
  });
});

describe('dirty archives', () => {
  for (const kind of ['comments', 'submissions'] as const) {
    it(`have every sort of dirt in ${kind}, at counts that another reader finds too`, () => {
      for (const era of ['2010', '2015', '2023', '2024']) {
        const { bytes, expected } = collect({
          kind,
          era,
          bytes: 3_000_000,
          seed: 4,
          dirty: true,
          dirtyEvery: 12,
        });
        const found = classify(bytes, kind);
        assert.deepEqual(found.rejected, expected.rejected);
        for (const key of ['lines', 'blank', 'kept', 'deleted', 'removed', 'lowScore'] as const) {
          assert.equal(found[key], expected[key], `${era} ${key}`);
        }
        const { dirt } = expected;
        assert.equal(Object.keys(dirt).length, 25);
        assert.equal(found.carriageReturns, dirt['crlf']);
        assert.equal(found.nulLines, dirt['nul-run']);
        assert.equal(found.invalidUtf8, dirt['invalid-utf8']);
        assert.equal(found.repeatedIds, dirt['duplicate-id']);
        assert.ok(found.longestLineBytes > 190_000 && found.longestLineBytes < 250_000);
        assert.ok(!found.endsWithNewline);
        assert.equal(bytes.subarray(0, 3).toString('hex'), 'efbbbf');
      }
    });
  }

  it('have the byte order mark at their start, or nowhere', () => {
    // the first record of this one is excluded, and a mark goes before one that is kept
    const options: ContentOptions = {
      kind: 'submissions',
      era: '2023',
      bytes: 300_000,
      seed: 31,
      dirty: true,
      dirtyEvery: 20,
      subreddit: 'food',
    };
    const { bytes, expected } = collect(options);
    assert.equal(bytes.indexOf('\ufeff'), -1);
    assert.deepEqual(classify(bytes, 'submissions').rejected, expected.rejected);
  });

  it('reject fewer than 0.5 % of the lines by default', () => {
    const { expected } = collect({ kind: 'comments', era: '2023', bytes: 30_000_000, seed: 1, dirty: true });
    const rejects = Object.values(expected.rejected).reduce((sum, count) => sum + count, 0);
    assert.ok(rejects > 20 && rejects / expected.lines < 0.005, `${rejects} of ${expected.lines}`);
  });
});
