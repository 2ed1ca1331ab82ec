import assert from 'node:assert/strict';
import {
  inspectionBlock,
  jobsTable,
  rejectLine,
  statusBlock,
  verificationBlock,
} from '../../src/cli/render/blocks.ts';
import { bytes, count, counted, duration, percentage, seconds } from '../../src/core/figures.ts';
import { plainProgressLine } from '../../src/cli/render/progress-line.ts';
import { summaryBlock } from '../../src/cli/render/summary.ts';
import { painter } from '../../src/cli/render/paint.ts';
import type { JobResult } from '../../src/contract/job.ts';
import { progressOf, resultOf } from '../../src/contract/progress.ts';
import { zeroThreadCounts } from '../../src/contract/threads.ts';
import { zeroCounters } from '../../src/core/fates.ts';
import { found, jobState, live } from '../contract/scene.ts';

function table<T>(say: (value: T) => string, expected: readonly (readonly [T, string])[]): void {
  assert.deepEqual(
    expected.map(([value]) => say(value)),
    expected.map(([, text]) => text),
  );
}

describe('figures', () => {
  it('count() groups by thousands, counted() adds the noun', () => {
    table(count, [
      [0, '0'],
      [999.4, '999'],
      [1000, '1,000'],
      [1_234_567, '1,234,567'],
    ]);
    assert.deepEqual(
      [counted(1, 'part'), counted(0, 'part'), counted(1200, 'part')],
      ['1 part', '0 parts', '1,200 parts'],
    );
  });

  it('bytes() gives three figures, and never a thousand of a unit', () => {
    table(bytes, [
      [0, '0 B'],
      [999, '999 B'],
      [1000, '1.00 KB'],
      [9_994, '9.99 KB'],
      [9_996, '10.0 KB'],
      [99_960, '100 KB'],
      [999_500, '1.00 MB'],
      [2_147_483_648, '2.15 GB'],
      [1.5e15, '1500 TB'],
    ]);
  });

  it('duration() gives the two largest units, and never sixty of one', () => {
    table(duration, [
      [-3, '0s'],
      [59.4, '59s'],
      [59.6, '1m 00s'],
      [3599.6, '1h 00m'],
      [7_500, '2h 05m'],
      [86_399.6, '1d 00h'],
      [273_600, '3d 04h'],
    ]);
    table(seconds, [
      [4.24, '4.2s'],
      [12, '12s'],
    ]);
  });

  it('percentage() never says 0 % of something, nor 100 % of less than all', () => {
    const say = ([part, whole]: readonly [number, number]): string => percentage(part, whole);
    table(say, [
      [[0, 0], '0 %'],
      [[0, 5], '0 %'],
      [[1, 1_000_000], '<0.01 %'],
      [[999_999, 1_000_000], '>99.99 %'],
      [[1, 200], '0.50 %'],
      [[1, 3], '33.3 %'],
      [[1, 2], '50 %'],
      [[5, 5], '100 %'],
    ]);
  });
});

describe('rejectLine()', () => {
  const reject = { line: 1234, offset: 56, reason: 'missing-field', field: 'id', bytes: 9 };

  it('tells the place, the reason with its field, and how it begins', () => {
    assert.equal(
      rejectLine({ ...reject, raw: '{"a":1}' }),
      String.raw`line 1,234  byte 56  missing-field id  9 B  {\"a\":1}`,
    );
    assert.match(rejectLine({ ...reject, rawBase64: '/w==' }), /base64 \/w==$/);
  });

  it('names the archive where there are two', () => {
    assert.match(
      rejectLine({ archive: 'submissions', ...reject, raw: 'x' }),
      /^submissions {2}line 1,234 {2}/,
    );
  });

  it('lets no control character reach the terminal, and cuts what is long', () => {
    const line = rejectLine({ ...reject, raw: `\u001b[2J\u0007\u009b${'x'.repeat(500)}` });
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f]/);
    assert.ok(line.endsWith('…') && line.length < 300);
  });
});

describe('blocks', () => {
  it('jobsTable() puts the newest first, and a dash where no percentage is known', () => {
    const job = {
      jobId: 'old',
      runId: 'r',
      kind: 'job' as const,
      status: 'running',
      archive: 'a',
      startedMs: 0,
      closedMs: null,
      percent: null,
    };
    const [, first, second] = jobsTable(
      [job, { ...job, jobId: 'new', startedMs: 60_000, percent: 33.3 }],
      120_000,
    );
    assert.match(String(first), /^new +running +33 % +1m 00s ago +a$/);
    assert.match(String(second), /^old +running +- +2m 00s ago +a$/);
  });

  it('inspectionBlock() says what is known and what is estimated', () => {
    const text = (change: Partial<typeof found.inspection>): string =>
      inspectionBlock({ ...found.inspection, ...change }).join('\n');
    assert.match(text({}), /about 300 B of text/);
    assert.match(text({ contentBytes: 5000 }), /, 5.00 KB of text/);
    assert.match(text({ frames: 3, framesComplete: false }), /at least 3 frames/);
    assert.doesNotMatch(text({ container: 'gzip' }), /^(window|frames)/m);
  });

  it('statusBlock() and the line of a log tell how many files of threads there are', () => {
    const base = progressOf({ jobId: 'j', phase: 'running', archive: 'a', state: jobState(), live });
    const at = { ...base, buckets: 12, bucketsDone: 5, estimatedTimeRemaining: 70 };
    assert.match(statusBlock(at).join('\n'), /\nthreads +5 of 12 files assembled\n/);
    assert.doesNotMatch(statusBlock(base).join('\n'), /threads/);
    const line = plainProgressLine({ ...at, state: 'assembling', completionPercentage: 80.6 });
    assert.match(
      line,
      /^80\.6 % {2}assembling threads {2}5 of 12 files {2}ETA 1m 10s {2}memory 7\.00 MB {2}/,
    );
    assert.doesNotMatch(line, /lines\/s/);
  });

  it('verificationBlock() counts threads where there are some', () => {
    const threads = { ...zeroThreadCounts, threads: 1234, rows: 7 };
    const found = { ok: true, problems: [], parts: 9, threads, rows: 7, lines: 3, bytes: 4 };
    assert.deepEqual(verificationBlock('/d', found), ['OK /d: 1,234 threads, 7 rows of 3 lines, 4 B']);
  });

  it('verificationBlock() names every problem', () => {
    const figures = { parts: 1, threads: null, rows: 2, lines: 3, bytes: 4 };
    assert.deepEqual(verificationBlock('/d', { ok: true, problems: [], ...figures }), [
      'OK /d: 1 part, 2 rows of 3 lines, 4 B',
    ]);
    const bad = verificationBlock('/d', { ok: false, problems: ['one', 'two'], ...figures });
    assert.deepEqual([bad.length, bad[0]?.startsWith('BAD /d: 2 problems'), bad[2]], [3, true, '  two']);
  });
});

describe('summaryBlock()', () => {
  const shown = (change: Partial<JobResult['metrics']> = {}): string => {
    const result = resultOf('j', jobState(), found.nowMs + 4000);
    const extras = { webUrl: null, parts: 2, paint: painter(false) };
    return summaryBlock({ ...result, metrics: { ...result.metrics, ...change } }, extras).join('\n');
  };

  it('tells why few lines were kept, with the flag that keeps them', () => {
    const excluded = { ...zeroCounters.excluded, deleted: 70 };
    assert.match(shown({ totalProcessedLines: 100, kept: 20, excluded }), /--no-exclude-deleted/);
    assert.doesNotMatch(shown({ totalProcessedLines: 100, kept: 95, excluded }), /--no-exclude-deleted/);
    const selected = { ...excluded, 'not-selected': 10 };
    assert.doesNotMatch(shown({ totalProcessedLines: 100, kept: 20, excluded: selected }), /Only/);
  });

  it('tells of threads what there was, and nothing of them where rows are flat', () => {
    assert.doesNotMatch(shown(), /threads|tombstones|deepest/);
    const threads = { ...zeroThreadCounts, threads: 406, rows: 11_561, tombstones: 510, maxDepth: 12 };
    const text = shown({ threads });
    for (const row of [/threads +406\n/, /rows +11,561\n/, /tombstones +510\n/, /deepest +12\n/])
      assert.match(text, row);
    assert.doesNotMatch(text, /orphans|duplicates|cycles/);
    assert.match(
      shown({ threads: { ...threads, orphans: 1, duplicates: 2, cycles: 3 } }),
      /orphans +1\n.*duplicates +2\n.*cycles +3\n/s,
    );
  });

  it('accounts for every fate that there was', () => {
    const rejected = { ...zeroCounters.rejected, 'malformed-json': 3 };
    const text = shown({ totalProcessedLines: 100, kept: 90, rejected, blank: 7 });
    for (const part of [/100/, /90/, /malformed-json/, /blank/]) assert.match(text, part);
  });
});
