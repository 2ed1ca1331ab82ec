import assert from 'node:assert/strict';
import { StripeMill, type MilledStripe, type MillOptions } from '../../../src/engine/mill/stripe-mill.ts';
import { addsUp } from '../../../src/core/fates.ts';

const options: MillOptions = {
  format: 'jsonl',
  kind: 'comments',
  keepRaw: false,
  rules: {
    kind: 'comments',
    validateTimestamps: true,
    nowSeconds: 1_700_000_000,
    qualityMinScore: -5,
    excludeDeleted: true,
    excludeRemoved: true,
  },
};

function comment(fields: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: 'c1',
    link_id: 't3_a',
    body: 'héllo',
    created_utc: 1_600_000_000,
    author: 'a',
    score: 1,
    ...fields,
  });
}

function mill(bytes: Buffer, sizes: readonly number[], settings: Partial<MillOptions> = {}): MilledStripe {
  const stripe = new StripeMill({ ...options, ...settings });
  stripe.start(1000);
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    if (at < bytes.length) stripe.write(bytes.subarray(at, at + size));
    at += size;
  }
  return stripe.finish();
}

const dirty = Buffer.from(
  [
    comment(),
    '',
    ' \t\v\f',
    `${comment({ id: 'c2' })}\r`,
    '{"cut',
    '[1]',
    comment({ id: '' }),
    comment({ link_id: 7 }),
    comment({ created_utc: '1600000000' }),
    comment({ created_utc: 1e9 }),
    comment({ created_utc: 1_600_000_000.5 }),
    comment({ created_utc: 'soon' }),
    comment({ author: '[deleted]', body: '[removed]' }),
    comment({ body: '[removed]' }),
    comment({ removed_by_category: 'moderator' }),
    comment({ removed_by_category: 'author' }),
    comment({ score: -6 }),
    comment({ score: null }),
    comment({ created_utc: 1_600_000_000, retrieved_on: 1_500_000_000 }),
    comment({ id: 'last' }),
  ].join('\n'),
);

describe('StripeMill', () => {
  it('gives each line the fate of the first rule that applies', () => {
    const { counters, rejects, encoded } = mill(dirty, []);
    assert.deepEqual(counters, {
      lines: 20,
      kept: 5,
      excluded: { deleted: 2, removed: 2, 'low-score': 1, 'not-selected': 0 },
      rejected: {
        'line-too-long': 0,
        'malformed-json': 1,
        'not-an-object': 1,
        'missing-field': 3,
        'invalid-timestamp': 3,
      },
      blank: 2,
    });
    assert.equal(addsUp(counters), true);
    assert.deepEqual(
      rejects.map(({ line, reason, field }) => [line, reason, field]),
      [
        [4, 'malformed-json', null],
        [5, 'not-an-object', null],
        [6, 'missing-field', 'id'],
        [7, 'missing-field', 'link_id'],
        [9, 'invalid-timestamp', 'created_utc'],
        [10, 'invalid-timestamp', 'created_utc'],
        [11, 'missing-field', 'created_utc'],
        [18, 'invalid-timestamp', 'created_utc'],
      ],
    );
    for (const { offset, raw } of rejects) {
      assert.deepEqual(Buffer.from(raw), dirty.subarray(offset - 1000, offset - 1000 + raw.length));
    }
    assert.equal(Buffer.from(encoded.bytes).toString().split('\n').length - 1, 5);
  });

  it('write() gives the same stripe for every split position', () => {
    const whole = mill(dirty, []);
    for (let split = 1; split < dirty.length; split++)
      assert.deepEqual(mill(dirty, [split]), whole, `split at ${split}`);
    assert.deepEqual(mill(dirty, new Array<number>(dirty.length).fill(1)), whole);
  });

  it('the raw bytes of all rejects of a stripe stand in one buffer', () => {
    const { rejects } = mill(Buffer.from('{"cut\n[1]\n{}\n'), []);
    assert.deepEqual(
      rejects.map(({ raw }) => Buffer.from(raw).toString()),
      ['{"cut', '[1]', '{}'],
    );
    assert.equal(new Set(rejects.map(({ raw }) => raw.buffer)).size, 1);
  });

  it('an over-long line costs one reject with its first bytes, an over-long blank one nothing', () => {
    const size = 16 * 1024 * 1024 + 5;
    const lines = Buffer.concat([
      Buffer.alloc(size, 'x'),
      Buffer.from('\n'),
      Buffer.alloc(size, ' '),
      Buffer.from(`\n${comment()}\n`),
    ]);
    const { counters, rejects } = mill(lines, new Array<number>(40).fill(1024 * 1024));
    assert.deepEqual([counters.lines, counters.kept, counters.blank], [3, 1, 1]);
    assert.deepEqual(
      rejects.map(({ reason, bytes, offset, raw }) => [reason, bytes, offset, raw.length]),
      [['line-too-long', size, 1000, 64 * 1024]],
    );
  });
});
