/** Lines that are made to hurt, through the whole engine: each has one fate, and the lines around it keep theirs. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import zlib from 'node:zlib';
import { zeroCounters, type Counters } from '../../src/core/fates.ts';
import { comment, defaultRules, runToEnd, type Run } from '../engine/pipeline/scene.ts';
import { frame, repeatFrame } from './frames.ts';

const MiB = 2 ** 20;
type Fate = 'kept' | 'blank' | keyof Counters['rejected'] | keyof Counters['excluded'];

/** A comment with these members before those that every comment has. */
const withMembers = (members: string): string =>
  `{${members},"id":"h1","link_id":"t3_a","created_utc":1600000000,"body":"x"}`;
const nested = (open: string, close: string, depth: number): string =>
  withMembers(`"a":${open.repeat(depth)}1${close.repeat(depth)}`);

describe('a hostile line', function () {
  this.timeout(120_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-hostile-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function run(archive: Buffer, partBytes = 64 * MiB): Promise<Run> {
    const file = path.join(folder, 'RC_2020-09.zst');
    writeFileSync(file, archive);
    const mill = { ...defaultRules, format: 'csv' as const };
    return runToEnd({ archive: { path: file, container: 'zstd' }, folder, partBytes, mill });
  }

  function expected(fate: Fate, around: number): Counters {
    const counters = structuredClone(zeroCounters) as {
      -readonly [K in keyof Counters]: Counters[K] extends number ? number : Record<string, number>;
    };
    counters.lines = around + 1;
    counters.kept = around;
    if (fate === 'kept' || fate === 'blank') counters[fate]++;
    else if (fate in counters.rejected) counters.rejected[fate] = 1;
    else counters.excluded[fate] = 1;
    return counters as Counters;
  }

  const created = (value: string): string => `{"id":"h1","link_id":"t3_a","body":"x","created_utc":${value}}`;
  const score = (value: string): string => withMembers(`"score":${value}`);

  const cases: readonly (readonly [what: string, line: string | Buffer, fate: Fate])[] = [
    ['of 15 MiB of NULs', Buffer.alloc(15 * MiB), 'malformed-json'],
    ['of 20 MiB of NULs', Buffer.alloc(20 * MiB), 'line-too-long'],
    ['with a NUL in a string', withMembers('"a":"\0"'), 'malformed-json'],
    ['with an escaped NUL in its body', comment(1).replace('xx', '\\u0000'), 'kept'],
    ['of invalid UTF-8', Buffer.from(withMembers('"author":"\xff\xfe\xc0\x80"'), 'latin1'), 'kept'],
    ['of a lone surrogate', withMembers('"author":"\\ud800"'), 'kept'],
    ['of bytes that are no text at all', Buffer.from(Array.from({ length: 255 }, (_, at) => (at === 10 ? 11 : at))), 'malformed-json'],
    ['of 100 MB', Buffer.alloc(100_000_000, 'x'), 'line-too-long'],
    ['of 100 MB that is JSON', withMembers(`"a":"${'y'.repeat(100_000_000)}"`), 'line-too-long'],
    ['of 16 MiB and one byte', comment(1, 16 * MiB + 1), 'line-too-long'],
    ['of 16 MiB', comment(1, 16 * MiB), 'kept'],
    ['of 17 MiB of spaces', ' '.repeat(17 * MiB), 'blank'],
    ['of arrays 4,000,000 deep', nested('[', ']', 4_000_000), 'kept'],
    ['of objects 1,500,000 deep', nested('{"a":', '}', 1_500_000), 'kept'],
    ['of arrays that never close', `{"a":${'['.repeat(8 * MiB)}`, 'malformed-json'],
    ['of two million empty objects and an escaped key', withMembers(`"\\u0061":[${'{},'.repeat(2_000_000)}0]`), 'kept'],
    ['of a million keys', withMembers(`"a":{${Array.from({ length: 1_000_000 }, (_, at) => `"${at.toString(36)}":0`).join()}}`), 'kept'],
    ['with a score of a million digits', score('9'.repeat(1_000_000)), 'kept'],
    ['with a score of 1e999', score('1e999'), 'kept'],
    ['with a score of -1e999', score('-1e999'), 'low-score'],
    ['with a score of 1e-999', score('1e-999'), 'kept'],
    ['created at 1e999', created('1e999'), 'invalid-timestamp'],
    ['created at a number of 400 digits', created('9'.repeat(400)), 'invalid-timestamp'],
    ['created at a text of 400 digits', created(`"${'9'.repeat(400)}"`), 'missing-field'],
    ['created at 1600000000.0', created('1600000000.0'), 'kept'],
    ['created at -0', created('-0'), 'invalid-timestamp'],
    ['with two ids, of which the last is none', `${comment(1).slice(0, -1)},"id":null}`, 'missing-field'],
    ['with two bodies, of which the last is [deleted]', `${comment(1).slice(0, -1)},"body":"[deleted]"}`, 'deleted'],
    ['whose fields stand in __proto__ only', '{"__proto__":{"id":"a","link_id":"t3_a","created_utc":1600000000,"body":"x"}}', 'missing-field'],
    ['with __proto__, constructor and prototype beside its fields', withMembers('"__proto__":{"body":"[deleted]","author":"[deleted]"},"constructor":{"prototype":{"id":1}},"prototype":1,"hasOwnProperty":1,"toString":1'), 'kept'],
    ['that is a list', '[1]', 'not-an-object'],
    ['of a byte order mark inside the archive', `\ufeff${comment(1)}`, 'malformed-json'],
    ['of a CR alone', '\r', 'blank'],
    ['of U+2028 and no-break space', '\u2028\u00a0', 'malformed-json'],
  ]; // prettier-ignore
  for (const [what, line, fate] of cases) {
    it(`${what} is ${fate}`, async () => {
      const text = Buffer.concat([
        Buffer.from(`${comment(8)}\n`),
        Buffer.from(line),
        Buffer.from(`\n${comment(9)}\n`),
      ]);
      // one part for all: a line of more than a part leaves parts behind it in which none starts
      const { entries, end } = await run(frame(text), 512 * MiB);
      assert.equal(end.damage, null);
      assert.deepEqual(
        entries.map(({ counters }) => counters),
        [expected(fate, 2)],
      );
      const ids = readFileSync(path.join(folder, 'part-00000.csv'), 'utf8').match(/^c[89](?=,)/gm);
      assert.deepEqual(ids, ['c8', 'c9'], 'its neighbours');
      assert.equal(Object.hasOwn(Object.prototype, 'body'), false, 'a prototype was polluted');
    });
  }

  it('of 4 GiB of spaces, in 128 KiB of archive, is one blank line; it takes no more memory than any other', async () => {
    const before = process.memoryUsage.rss();
    let peak = before;
    const look = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
    const bomb = Buffer.concat([
      frame(`${comment(8)}\n`),
      repeatFrame(0x20, 4 * 1024 * MiB),
      frame(`\n${comment(9)}\n`),
    ]);
    try {
      assert.ok(bomb.length < 200_000);
      const { entries, end } = await run(bomb, 256 * MiB);
      assert.equal(end.damage, null);
      // it starts in the first part and ends in the 17th
      assert.deepEqual(
        entries.map(({ counters }) => [counters.lines, counters.kept, counters.blank]),
        [[2, 1, 1], ...Array.from({ length: 15 }, () => [0, 0, 0]), [1, 1, 0]],
      );
      assert.ok(peak - before < 300 * MiB, `${Math.round((peak - before) / MiB)} MiB`);
    } finally {
      clearInterval(look);
    }
  });

  it('after 16 million of its like ends the job with one error instead of all memory', async () => {
    await assert.rejects(
      run(frame(`${comment(8)}\n${'x\n'.repeat(16_000_000)}`)),
      (error: Error & Record<string, unknown>) => {
        assert.equal(error['code'], 'TOO_MANY_REJECTS', error.message);
        assert.match(
          error.message,
          /^Stopped at \d+ rejected of \d+ lines within 32 MiB.* from byte 101 on, where "x" stands/,
        );
        return true;
      },
    );
  });

  it('is kept aside with its own bytes, though they are no text', async () => {
    const raw = Buffer.from([0x7b, 0xff, 0x00, 0xc3]);
    await run(frame(Buffer.concat([raw, Buffer.from(`\n${comment(9)}\n`)])));
    const rejects = zlib.zstdDecompressSync(readFileSync(path.join(folder, 'part-00000.rejects.jsonl.zst')));
    const { line, offset, bytes, rawBase64 } = JSON.parse(rejects.toString()) as Record<string, unknown>;
    assert.deepEqual([line, offset, bytes, rawBase64], [1, 0, 4, raw.toString('base64')]);
  });
});
