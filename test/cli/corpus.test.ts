import assert from 'node:assert/strict';
import path from 'node:path';
import type { CorpusProgress, CorpusResult } from '../../src/contract/corpus.ts';
import { corpusProgressOf } from '../../src/contract/corpus-state.ts';
import { zeroCounters } from '../../src/core/fates.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import type { Corpora } from '../../src/cli/ports.ts';
import { fakeThreadmill, jsonLines, Scene, summary } from './world.ts';

const { excluded, rejected } = zeroCounters;
const result: CorpusResult = {
  ...{ jobId: 'corpus-out-1', success: true, out: '/out' },
  ...{
    manifest: '/out/corpus.json',
    ledger: '/out/corpus.ndjson',
    archives: 3,
    done: 3,
    standing: 1,
    failed: 0,
  },
  metrics: {
    ...{ totalProcessedLines: 10, kept: 10, excluded, rejected, blank: 0 },
    ...{ bytes: 100, seconds: 2, archivesPerSecond: 1, retries: 0 },
  },
  failures: [],
};
const failure = { archive: '/in/b.zst', code: 'ARCHIVE_EMPTY' as const, message: 'It has 0 bytes' };
const some: CorpusResult = { ...result, success: false, done: 2, failed: 1, failures: [failure] };
const progress: CorpusProgress = {
  ...corpusProgressOf({
    jobId: 'corpus-out-1',
    phase: 'running',
    out: '/out',
    state: null,
    jobs: [],
    batches: [],
    nowMs: 0,
  }),
  ...{ archives: 3, done: 1, bytes: 50, totalBytes: 100, completionPercentage: 50 },
};

describe('threadmill run with several archives', () => {
  let scene: Scene;
  let asked: unknown[];
  beforeEach(() => {
    scene = new Scene();
    asked = [];
  });
  afterEach(() => {
    scene.end();
  });

  function corpora(found: CorpusResult, change: Partial<Corpora> = {}): void {
    const fake = fakeThreadmill();
    scene.threadmill = fakeThreadmill({
      describeJob: () => Promise.resolve({ ...summary, kind: 'corpus' }),
      corpora: {
        ...fake.corpora,
        start: (...args) => {
          asked.push(args);
          const { jobId, out } = found;
          return Promise.resolve({ jobId, out, runId: 'run', alreadyRunning: false, webUrl: null });
        },
        waitFor: (_, options) => {
          options?.onProgress?.(progress);
          return Promise.resolve(found);
        },
        ...change,
      },
    });
  }

  it('makes a corpus of them: works, follows, tells, and lets go', async () => {
    corpora(result);
    const archives = [scene.archive('a.zst'), scene.archive('b.zst')];
    const run = await scene.run('run', ...archives, '--out', 'datasets', '--concurrency', '7');
    assert.equal(run.code, 0, run.stderr);
    const options = { concurrency: 7, out: path.resolve('datasets'), join: false, again: false };
    assert.deepEqual(asked, [[archives, undefined, options]]);
    assert.deepEqual(run.calls, ['connect', 'worker of the server, log level warn', 'close']);
    assert.match(run.stdout, /^Done 3 archives\n/);
    assert.match(run.stdout, /3 done, 1 of them stood there already/);
    assert.match(run.stderr, /^2 archives\nCorpus corpus-out-1\n50\.0 % {2}1 of 3 archives/);
  });

  it('names those that failed, and ends with exit code 1', async () => {
    corpora(some);
    const run = await scene.run('run', scene.archive('a.zst'), scene.archive('b.zst'));
    assert.equal(run.code, 1);
    assert.match(run.stdout, /^Not all done 1 of 3 archives failed\n/);
    assert.match(
      run.stdout,
      /\n {2}\/in\/b\.zst: ARCHIVE_EMPTY: It has 0 bytes\nThe same command tries these again/,
    );
    const json = await scene.run('run', scene.archive('a.zst'), scene.archive('b.zst'), '--json');
    assert.deepEqual(jsonLines(json.stdout), [some]);
  });

  it('takes a folder, a pattern, a list, and names from standard input', async () => {
    corpora(result);
    scene.ports = {
      meansMany: () => Promise.resolve(true),
      readInput: () => Promise.resolve('x.zst\n\n# a remark\ny.zst\n'),
    };
    for (const [args, archives, list] of [
      [['folder'], ['folder'], undefined],
      [['--list', 'names.txt'], [], path.resolve('names.txt')],
      [['-'], ['x.zst', 'y.zst'], undefined],
    ] as const) {
      const run = await scene.run('run', ...args);
      assert.equal(run.code, 0, run.stderr);
      const [names, , options] = asked.pop() as [readonly string[], undefined, { list?: string }];
      assert.deepEqual([names, options.list], [archives, list]);
    }
  });

  it('--join with more than two pairs them by name', async () => {
    corpora(result);
    const run = await scene.run(
      'run',
      ...['a.zst', 'b.zst', 'c.zst'].map((name) => scene.archive(name)),
      '--join',
    );
    assert.equal(run.code, 0, run.stderr);
    const [, , options] = asked.pop() as [unknown, unknown, { join: boolean }];
    assert.equal(options.join, true);
  });

  it('starts nothing where no archive is there, or none is named; exit code 2', async () => {
    scene.ports = {
      meansMany: () => Promise.resolve(true),
      findArchives: () => Promise.reject(new ThreadmillError('USAGE', '"empty" holds no archive')),
    };
    for (const args of [['empty'], []]) {
      const run = await scene.run('run', ...args);
      assert.deepEqual([run.code, run.calls], [2, []]);
    }
  });

  it('stops on Ctrl-C: the corpus can go on; exit code 130', async () => {
    corpora(result, {
      waitFor: () => {
        scene.interrupt();
        return new Promise(() => undefined);
      },
    });
    const run = await scene.run('run', scene.archive('a.zst'), scene.archive('b.zst'));
    assert.equal(run.code, 130);
    assert.match(run.stderr, /Stopping at the next part; run the same command to go on\n$/);
    assert.equal(scene.worker.shutdowns, 1);
  });

  it('is shown by status, followed by watch, begun again by resume, and set', async () => {
    const set: unknown[] = [];
    const restarted: string[] = [];
    corpora(some, {
      getProgress: () =>
        Promise.resolve({
          ...progress,
          failed: 1,
          failures: [failure],
          jobs: [{ jobId: 'RC-1', archive: '/in/RC.zst', bytes: 5e9 }],
        }),
      setConcurrency: (...args) => {
        set.push(args);
        return Promise.resolve(args[1]);
      },
      restart: (jobId) => {
        restarted.push(jobId);
        return Promise.resolve();
      },
    });
    const status = await scene.run('status', 'corpus-out-1');
    assert.match(
      status.stdout,
      /UNDER WAY +SIZE +ARCHIVE\nRC-1 +5\.00 GB +\/in\/RC\.zst\n1 archive failed:\n/,
    );
    const watch = await scene.run('watch', 'corpus-out-1', '--json');
    assert.deepEqual(jsonLines(watch.stdout), [progress, some]);
    const run = await scene.run('set', 'corpus-out-1', '--concurrency', '9');
    assert.deepEqual([run.code, set], [0, [['corpus-out-1', 9]]], run.stderr);
    const closed = { ...summary, kind: 'corpus' as const, closedMs: 1 };
    scene.threadmill = { ...scene.threadmill, describeJob: () => Promise.resolve(closed) };
    const resume = await scene.run('resume', 'corpus-out-1');
    assert.deepEqual([resume.code, restarted], [1, ['corpus-out-1']]);
  });

  it('is verified as a whole', async () => {
    const figures = { archives: 3, done: 2, failed: 1, lines: 10, kept: 10, bytes: 100 };
    scene.ports = {
      isCorpus: () => Promise.resolve(true),
      verifyCorpus: () => Promise.resolve({ ok: false, problems: ['b: it failed'], ...figures }),
    };
    const run = await scene.run('verify', '/out');
    assert.equal(run.code, 1);
    assert.match(run.stdout, /^BAD \/out: 1 problem; 3 archives, .*\n {2}b: it failed\n$/);
  });
});
