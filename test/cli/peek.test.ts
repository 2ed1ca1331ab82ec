/** `threadmill head` and `threadmill sample`, run as the real binary. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { readHyparquet } from '../engine/output/readers.ts';
import { columnsOf } from '../../src/core/columns.ts';
import { threadmill, type BinaryRun } from './binary.ts';

const sampleArchive = path.join(import.meta.dirname, '../../samples/austinfood_comments.zst');
const text = zlib
  .zstdDecompressSync(readFileSync(sampleArchive), { params: { [zlib.constants.ZSTD_d_windowLogMax]: 31 } })
  .toString('utf8')
  .replace(/^\uFEFF/, '');

interface Comment {
  readonly id: string;
  readonly author: string;
  readonly body: string;
  readonly score: number;
}

/** Lines that the default rules keep, by a plain reading of the archive. */
const kept: readonly string[] = text.split(/\r?\n/).filter((line) => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return false;
  }
  const record: Partial<Comment> & Record<string, unknown> = Object(value) as Record<string, unknown>;
  const seconds = Number(record['created_utc']);
  const usable =
    ['id', 'link_id', 'body'].every((name) => typeof record[name] === 'string') &&
    Number.isInteger(seconds) &&
    seconds > 1_119_484_800 &&
    seconds < 1_800_000_000;
  const gone = ['[deleted]', '[removed]'].some((mark) => record.author === mark || record.body === mark);
  return usable && !gone && !(typeof record.score === 'number' && record.score < -5);
});
const recordOf = (line: string): Comment => JSON.parse(line) as Comment;
const linesOf = ({ stdout }: BinaryRun): readonly string[] => stdout.split('\n').slice(0, -1);

describe('threadmill head', () => {
  it('writes the first lines that are kept, as they are, without a server and without a file', async () => {
    const run = await threadmill(['head', sampleArchive, '-n', '7']);
    assert.deepEqual([run.code, run.files], [0, []]);
    assert.deepEqual(linesOf(run), kept.slice(0, 7));
    assert.match(run.stderr, /^7 rows of \d+ lines/);
    assert.equal(linesOf(await threadmill(['head', sampleArchive, '--quiet'])).length, 20);
  });

  it('takes the selection, the columns and the format', async () => {
    const selection = ['--keyword', 'bbq', '--min-score', '3', '--where', "author <> 'nobody'"];
    const wanted = kept.map(recordOf).filter(({ body, score }) => score >= 3 && /\bbbq\b/i.test(body));
    assert.ok(wanted.length > 5);
    const lines = await threadmill(['head', sampleArchive, '-n', '5', '--json', ...selection]);
    assert.deepEqual(
      linesOf(lines).map((line) => recordOf(line).id),
      wanted.slice(0, 5).map(({ id }) => id),
    );
    const csv = await threadmill([
      ...['head', sampleArchive, '--rows', '5', '--format', 'csv', '--columns', 'score,id'],
      ...selection,
    ]);
    assert.deepEqual(linesOf(csv), [
      'id,score',
      ...wanted.slice(0, 5).map(({ id, score }) => `${id},${score}`),
    ]);
  });

  it('writes all there is where it is less than what was asked for, and says what the rest was', async () => {
    const run = await threadmill([
      'head',
      sampleArchive,
      '-n',
      '1000000',
      '--author',
      'nobody-has-this-name',
    ]);
    assert.deepEqual([run.code, run.stdout], [0, '']);
    assert.match(run.stderr, /^0 rows of 12,333 lines; .*11,052 not-selected, 26 rejected, 4 blank\n$/);
  });

  it('gives what stands before damage, then its place, exit code 1', async () => {
    const damaged = (folder: string): void => {
      copyFileSync(sampleArchive, path.join(folder, 'a_comments.zst'));
      truncateSync(path.join(folder, 'a_comments.zst'), 500_000);
    };
    const run = await threadmill(['head', 'a_comments.zst', '-n', '100000'], { prepare: damaged });
    assert.equal(run.code, 1);
    const lines = linesOf(run);
    assert.ok(lines.length > 1000);
    assert.deepEqual(lines, kept.slice(0, lines.length));
    assert.match(run.stderr, /is cut off at compressed byte \d+ of 500000/);
  });

  it('refuses what makes no sense, by name, exit code 2', async () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['-n', '0'], /--rows is "0": must be a whole number of 1 or more/],
      [['--json', '--format', 'csv'], /--json gives lines of JSON/],
      [['--regex', '(a)\\1'], /Cannot use --regex .*invalid escape sequence.*no back-references/],
      [['--regex', 'a(?=b)'], /Cannot use --regex .*no look-around/],
      [['--where', 'score >> 1'], /THREADMILL_WHERE .*at character 8.*given by flag --where/],
      [
        ['--where', "title = 'x'"],
        /Cannot use --where with an archive of comments: they have no column "title"/,
      ],
      [['--columns', 'id,title'], /Cannot use --columns with an archive of comments/],
      [['--subreddits-file', 'none.txt'], /Cannot read names from ".*none\.txt": there is no such file/],
      [['--after', '2019', '--before', '2018-01'], /after.*must be before/s],
    ];
    for (const [flags, message] of cases) {
      const run = await threadmill(['head', sampleArchive, ...flags]);
      // with --json the error itself is on stdout
      assert.equal(run.code, 2, flags.join(' '));
      assert.match(flags.includes('--json') ? run.stdout : run.stderr + run.stdout, message);
    }
  });

  it('a hostile pattern does not hang it', async () => {
    const body = 'a'.repeat(200_000);
    const prepare = (folder: string): void => {
      const line = JSON.stringify({
        id: 'c1',
        link_id: 't3_a',
        created_utc: 1_600_000_000,
        body: `${body}!`,
      });
      writeFileSync(path.join(folder, 'a_comments.jsonl'), `${line}\n`);
    };
    const started = performance.now();
    const run = await threadmill(['head', 'a_comments.jsonl', '--regex', '^(a+)+$|(a|aa)+b'], { prepare });
    assert.deepEqual([run.code, run.stdout], [0, '']);
    assert.ok(performance.now() - started < 20_000);
  });
});

describe('threadmill sample', () => {
  it('draws the same rows for the same seed, about as many as asked for, in their order', async () => {
    const draw = async (...flags: string[]): Promise<readonly string[]> =>
      linesOf(await threadmill(['sample', sampleArchive, '--quiet', ...flags]));
    const tenth = await draw('--rate', '0.1', '--seed', '7');
    assert.deepEqual(await draw('--rate', '10%', '--seed', '7'), tenth);
    // 11,052 rows: four standard deviations are 126
    assert.ok(Math.abs(tenth.length - kept.length / 10) < 130, `${tenth.length} of ${kept.length}`);
    let at = 0;
    for (const line of tenth) at = kept.indexOf(line, at) + 1 || NaN;
    assert.ok(at > 0, 'rows are lines of the archive, in their order');
    const other = await draw('--rate', '0.1', '--seed', '8');
    const both = other.filter((line) => tenth.includes(line)).length;
    assert.ok(both < tenth.length / 4, `${both} rows are in both samples`);
    assert.deepEqual(await draw('--rate', '0.1', '--seed', '7', '-n', '9'), tenth.slice(0, 9));
    // a larger share holds a smaller one, and a selection draws from the same lines
    const fifth = await draw('--rate', '0.2', '--seed', '7');
    assert.ok(tenth.every((line) => fifth.includes(line)));
    const scored = await draw('--rate', '0.1', '--seed', '7', '--min-score', '5');
    assert.deepEqual(
      scored,
      tenth.filter((line) => recordOf(line).score >= 5),
    );
    assert.deepEqual(await draw('--rate', '1'), kept);
  });

  it('writes Parquet that another reader reads', async () => {
    const columns = columnsOf('comments', { keepRaw: false, columns: ['id', 'score', 'body'] });
    const out = path.join(import.meta.dirname, '../../samples/austinfood_comments.zst');
    const run = await threadmill(
      ['sample', out, '--rate', '1', '--columns', 'id,score,body', '--format', 'parquet'],
      {
        binaryStdout: true,
      },
    );
    const rows = await readHyparquet(Buffer.from(run.stdout, 'latin1'), columns);
    assert.deepEqual(
      rows,
      kept
        .map(recordOf)
        .map(({ id, body, score }) => [id, body.toWellFormed(), typeof score === 'number' ? score : null]),
    );
  });

  it('refuses a share that is none', async () => {
    for (const rate of ['0', '2', 'all', '-1']) {
      const run = await threadmill(['sample', sampleArchive, `--rate=${rate}`]);
      assert.deepEqual([run.code, run.stdout], [2, '']);
      assert.match(run.stderr, /--rate is ".*": must be a share above 0 and at most 1/);
    }
  });
});
