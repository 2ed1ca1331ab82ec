import assert from 'node:assert/strict';
import { ThreadmillError } from '../../src/core/errors.ts';
import { fakeThreadmill, jsonLines, progress, result, Scene, started, summary } from './world.ts';

describe('commands about jobs', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => {
    scene.end();
  });

  describe('threadmill start', () => {
    it('prints job id and link, starts no worker and says that one is needed', async () => {
      scene.threadmill = fakeThreadmill({ startJob: () => Promise.resolve(started) });
      const run = await scene.run('start', scene.archive('RC.zst'));
      assert.equal(run.code, 0);
      assert.equal(run.stdout, 'job-1  http://ui/job-1\n');
      assert.match(run.stderr, /needs a worker: start one with threadmill worker/);
      assert.deepEqual(run.calls, ['connect', 'close']);
    });

    it('says nothing of workers to the user of a cluster', async () => {
      const startJob = () => Promise.resolve({ ...started, webUrl: null });
      scene.threadmill = fakeThreadmill({ uiUrl: null, startJob });
      const run = await scene.run('start', scene.archive('RC.zst'));
      assert.equal(run.stdout, 'job-1\n');
      assert.equal(run.stderr, '');
    });

    it('submits several archives as a corpus', async () => {
      const fake = fakeThreadmill();
      const corpus = { jobId: 'corpus-1', runId: 'r', alreadyRunning: false, out: '/out', webUrl: null };
      scene.threadmill = { ...fake, corpora: { ...fake.corpora, start: () => Promise.resolve(corpus) } };
      const run = await scene.run('start', scene.archive('a.zst'), scene.archive('b.zst'), '--json');
      assert.equal(run.code, 0, run.stderr);
      assert.deepEqual(jsonLines(run.stdout), [corpus]);
    });
  });

  describe('threadmill list', () => {
    it('shows a table, newest first', async () => {
      const older = { ...summary, jobId: 'job-0', startedMs: -1000 };
      scene.threadmill = fakeThreadmill({ listJobs: () => Promise.resolve([older, summary]) });
      const run = await scene.run('list');
      assert.match(run.stdout, /^JOB +STATE +DONE +STARTED +ARCHIVE\njob-1 .*\njob-0 .*\n$/);
    });

    it('--json gives one array, also of nothing', async () => {
      scene.threadmill = fakeThreadmill({ listJobs: () => Promise.resolve([]) });
      const run = await scene.run('list', '--json');
      assert.equal(run.stdout, '[]\n');
    });

    it('without jobs prints nothing and says how to make one', async () => {
      scene.threadmill = fakeThreadmill({ listJobs: () => Promise.resolve([]) });
      const run = await scene.run('list');
      assert.equal(run.stdout, '');
      assert.match(run.stderr, /threadmill run <archive>/);
    });
  });

  it('threadmill status gives the progress, with --json as it is', async () => {
    scene.threadmill = fakeThreadmill({ getJobProgress: (jobId) => Promise.resolve({ ...progress, jobId }) });
    assert.match((await scene.run('status', 'job-7')).stdout, /job +job-7\n[^]*progress +40\.0 %/);
    assert.deepEqual(jsonLines((await scene.run('status', 'job-7', '--json')).stdout), [
      { ...progress, jobId: 'job-7' },
    ]);
  });

  it('threadmill status of no such job is exit code 1 with the code in JSON', async () => {
    const error = new ThreadmillError('JOB_NOT_FOUND', 'No job "x"; see threadmill list', {
      facts: { jobId: 'x' },
    });
    scene.threadmill = fakeThreadmill({ getJobProgress: () => Promise.reject(error) });
    const run = await scene.run('status', 'x', '--json');
    assert.equal(run.code, 1);
    assert.deepEqual(jsonLines(run.stdout), [
      {
        success: false,
        error: { code: 'JOB_NOT_FOUND', message: 'No job "x"; see threadmill list', facts: { jobId: 'x' } },
      },
    ]);
    assert.equal(run.stderr, 'threadmill: JOB_NOT_FOUND: No job "x"; see threadmill list\n');
    assert.deepEqual(run.calls, ['connect', 'close']);
  });

  it('threadmill stats gives the figures', async () => {
    const stats = {
      memoryUsagePercentage: 50,
      processingRate: 1000,
      residentBytes: 1,
      heapBytes: 1,
      externalBytes: 1,
      peakResidentBytes: 1,
      windowBytes: 1,
      limitBytes: 1,
      cpuPercentage: 90,
      eventLoopDelayMs: 1,
      batchSize: 100,
      batchMs: 1,
      errorsPerBatch: 0,
      blocksInFlight: 1,
      warnings: 0,
      adjustments: 0,
      decoderHeld: true,
    };
    scene.threadmill = fakeThreadmill({ getCurrentStats: () => Promise.resolve(stats) });
    assert.match((await scene.run('stats', 'job-1')).stdout, /memory +50\.0 %/);
    assert.deepEqual(jsonLines((await scene.run('stats', 'job-1', '--json')).stdout), [stats]);
  });

  describe('threadmill watch', () => {
    const waitForJob: ReturnType<typeof fakeThreadmill>['waitForJob'] = (_, options) => {
      options?.onProgress?.(progress);
      return Promise.resolve(result);
    };

    it('shows progress and the summary, and starts no worker', async () => {
      scene.threadmill = fakeThreadmill({ waitForJob });
      const run = await scene.run('watch', 'job-1');
      assert.equal(run.code, 0);
      assert.match(run.stderr, /^40\.0 %/);
      assert.match(run.stdout, /^Done/);
      assert.deepEqual(run.calls, ['connect', 'close']);
    });

    it('--json gives each progress and then the result', async () => {
      scene.threadmill = fakeThreadmill({ waitForJob });
      const run = await scene.run('watch', 'job-1', '--json');
      assert.deepEqual(jsonLines(run.stdout), [{ ...progress }, { ...result }]);
    });

    it('Ctrl-C ends the watching only, exit code 130', async () => {
      scene.threadmill = fakeThreadmill({
        waitForJob: () => {
          scene.interrupt();
          return new Promise(() => undefined);
        },
      });
      const run = await scene.run('watch', 'job-1');
      assert.equal(run.code, 130);
      assert.equal(run.stderr, 'No longer watching; the job goes on\n');
    });

    it('of a job that fails is exit code 1', async () => {
      const error = new ThreadmillError('TOO_MANY_REJECTS', 'Half is rejected; raise --max-reject-rate');
      scene.threadmill = fakeThreadmill({ waitForJob: () => Promise.reject(error) });
      const run = await scene.run('watch', 'job-1');
      assert.equal(run.code, 1);
      assert.equal(run.stderr, 'threadmill: Half is rejected; raise --max-reject-rate\n');
    });
  });

  it('threadmill result gives that of a closed job', async () => {
    scene.threadmill = fakeThreadmill({ getResult: () => Promise.resolve(result) });
    assert.match((await scene.run('result', 'job-1')).stdout, /^Done/);
    assert.deepEqual(jsonLines((await scene.run('result', 'job-1', '--json')).stdout), [{ ...result }]);
  });

  it('threadmill result of a job that has none is exit code 1', async () => {
    const error = new ThreadmillError('JOB_FAILED', 'Job "job-1" is still running; watch it');
    scene.threadmill = fakeThreadmill({ getResult: () => Promise.reject(error) });
    const run = await scene.run('result', 'job-1');
    assert.deepEqual(
      [run.code, run.stdout, run.stderr],
      [1, '', 'threadmill: Job "job-1" is still running; watch it\n'],
    );
  });

  it('threadmill pause and cancel ask for it and say how to go on', async () => {
    const asked: string[] = [];
    const ask = (what: string) => (jobId: string) => {
      asked.push(`${what} ${jobId}`);
      return Promise.resolve();
    };
    const describeJob = () => Promise.resolve(summary);
    scene.threadmill = fakeThreadmill({ describeJob, pauseJob: ask('pause'), cancelJob: ask('cancel') });
    assert.match((await scene.run('pause', 'job-1')).stdout, /threadmill resume job-1/);
    assert.match((await scene.run('cancel', 'job-1')).stdout, /threadmill resume job-1/);
    assert.deepEqual(jsonLines((await scene.run('cancel', 'job-1', '--json')).stdout), [
      { jobId: 'job-1', requested: 'cancel' },
    ]);
    assert.deepEqual(asked, ['pause job-1', 'cancel job-1', 'cancel job-1']);
  });

  for (const argv of [['pause'], ['cancel'], ['set', '--batch-size', '200']]) {
    it(`threadmill ${argv.join(' ')} refuses a job that has ended, exit code 2`, async () => {
      const ended = (status: string) =>
        fakeThreadmill({ describeJob: () => Promise.resolve({ ...summary, status, closedMs: 1 }) });
      scene.threadmill = ended('completed');
      const done = await scene.run(...argv, 'job-1');
      assert.deepEqual([done.code, done.stdout], [2, '']);
      assert.match(done.stderr, /job "job-1": it is completed; threadmill result job-1 shows it\n$/);
      scene.threadmill = ended('failed');
      const failed = await scene.run(...argv, 'job-1');
      assert.match(failed.stderr, /it is failed; threadmill resume job-1 goes on with it\n$/);
    });
  }

  describe('threadmill resume', () => {
    it('lets an open job go on, without a worker of its own', async () => {
      const asked: string[] = [];
      scene.threadmill = fakeThreadmill({
        describeJob: () => Promise.resolve({ ...summary, status: 'paused' }),
        unpauseJob: (jobId) => {
          asked.push(jobId);
          return Promise.resolve();
        },
      });
      const run = await scene.run('resume', 'job-1');
      assert.equal(run.code, 0);
      assert.equal(run.stdout, 'Resumed job-1\n');
      assert.deepEqual(asked, ['job-1']);
      assert.deepEqual(run.calls, ['connect', 'close']);
    });

    for (const status of ['failed', 'cancelled', 'terminated', 'timed-out']) {
      it(`goes on with a ${status} job, with a worker, and follows it`, async () => {
        scene.threadmill = fakeThreadmill({
          describeJob: () => Promise.resolve({ ...summary, status, closedMs: 1 }),
          resumeJob: (_, options) => {
            options?.onProgress?.(progress);
            return Promise.resolve(result);
          },
        });
        const run = await scene.run('resume', 'job-1');
        assert.equal(run.code, 0);
        assert.match(run.stderr, /^40\.0 %/);
        assert.match(run.stdout, /^Done/);
        assert.deepEqual(run.calls, ['connect', 'worker of the server, log level warn', 'close']);
        assert.equal(scene.worker.shutdowns, 1);
      });
    }

    it('leaves the work to the workers of a cluster', async () => {
      scene.threadmill = fakeThreadmill({
        uiUrl: null,
        describeJob: () => Promise.resolve({ ...summary, status: 'failed', closedMs: 1 }),
        resumeJob: () => Promise.resolve(result),
      });
      const run = await scene.run('resume', 'job-1');
      assert.equal(run.code, 0);
      assert.deepEqual(run.calls, ['connect', 'close']);
    });

    it('shows a job that is done', async () => {
      scene.threadmill = fakeThreadmill({
        describeJob: () => Promise.resolve({ ...summary, status: 'completed', closedMs: 1 }),
        getResult: () => Promise.resolve(result),
      });
      const run = await scene.run('resume', 'job-1');
      assert.equal(run.code, 0);
      assert.match(run.stderr, /already done/);
      assert.match(run.stdout, /^Done/);
    });
  });

  describe('threadmill set', () => {
    it('changes what is given and tells what took effect', async () => {
      scene.threadmill = fakeThreadmill({
        describeJob: () => Promise.resolve(summary),
        setBatchSize: (_, lines) => Promise.resolve(Math.min(lines, 5000)),
        setMaxMemory: (_, mb) => Promise.resolve(mb),
      });
      const run = await scene.run('set', 'job-1', '--batch-size', '9000', '--max-memory', '2048');
      assert.equal(run.code, 0);
      assert.equal(run.stdout, 'Batch size of job-1 is 5,000 lines\nMemory limit of job-1 is 2048 MB\n');
      const json = await scene.run('set', 'job-1', '--batch-size=200', '--json');
      assert.deepEqual(jsonLines(json.stdout), [{ jobId: 'job-1', batchSize: 200 }]);
    });

    for (const [args, message] of [
      [[], /Nothing to set: give --batch-size, --max-memory or --concurrency/],
      [['--batch-size', '0'], /"0": must be a whole number of lines from 1 to 100000.*flag --batch-size/],
      [['--batch-size', 'auto'], /--batch-size is "auto": a running job needs a number/],
      [['--max-memory', '1GB'], /"1GB": must be a whole number of MB from 64.*flag --max-memory/],
    ] as const) {
      it(`refuses [${args.join(' ')}] before it asks the server`, async () => {
        const run = await scene.run('set', 'job-1', ...args);
        assert.equal(run.code, 2);
        assert.match(run.stderr, message);
        assert.deepEqual(run.calls, []);
      });
    }
  });

  describe('threadmill worker', () => {
    it('works until Ctrl-C, shuts down, exit code 0', async () => {
      scene.ports = {
        startWorker: ({ values }) => {
          scene.calls.push(`log level ${values.logLevel}`);
          setImmediate(() => {
            scene.interrupt();
          });
          return Promise.resolve(scene.worker);
        },
      };
      const run = await scene.run('worker', '--task-queue', 'lab');
      assert.equal(run.code, 0);
      assert.match(run.stderr, /Working on task queue lab of namespace default[^]*Stopping at the next part/);
      assert.deepEqual(run.calls, ['connect', 'log level info', 'close']);
      assert.equal(scene.worker.shutdowns, 1);
    });

    it('ends with the error of a worker that can not go on', async () => {
      scene.worker.fail(new ThreadmillError('SERVER_UNREACHABLE', 'Gone for good; start it again'));
      const run = await scene.run('worker');
      assert.equal(run.code, 3);
      assert.match(run.stderr, /\nthreadmill: Gone for good; start it again\n$/);
    });
  });

  describe('threadmill server', () => {
    const handle = (lost: Promise<never>, stop: () => void) => ({
      address: '127.0.0.1:7233',
      uiUrl: 'http://127.0.0.1:8233',
      namespace: 'default',
      owned: true,
      logFile: '/data/server.log',
      lost,
      stop: () => {
        stop();
        return Promise.resolve();
      },
    });

    it('prints address and link, and stops the server at Ctrl-C', async () => {
      let stops = 0;
      const never = new Promise<never>(() => undefined);
      scene.ports = {
        startServer: () => {
          setImmediate(() => {
            scene.interrupt();
          });
          return Promise.resolve(handle(never, () => stops++));
        },
      };
      const run = await scene.run('server');
      assert.equal(run.code, 0);
      assert.match(run.stdout, /address +127\.0\.0\.1:7233\nWeb UI +http:\/\/127\.0\.0\.1:8233\n/);
      assert.equal(stops, 1);
      assert.deepEqual(run.calls, []);
    });

    it('warns where other commands would not use it', async () => {
      scene.env = { TEMPORAL_ADDRESS: 'temporal.lab:7233' };
      scene.ports = {
        startServer: () => {
          scene.interrupt();
          return Promise.resolve(handle(new Promise<never>(() => undefined), () => undefined));
        },
      };
      const run = await scene.run('server');
      assert.match(run.stderr, /warning: This is the embedded server; other commands use temporal\.lab:7233/);
    });

    it('ends with exit code 3 when the server is gone for good', async () => {
      let stops = 0;
      const error = new ThreadmillError('SERVER_UNAVAILABLE', 'Died; see its log');
      scene.ports = { startServer: () => Promise.resolve(handle(Promise.reject(error), () => stops++)) };
      const run = await scene.run('server', '--json');
      assert.equal(run.code, 3);
      assert.equal(jsonLines(run.stdout)[0]?.['address'], '127.0.0.1:7233');
      assert.equal(stops, 1);
    });
  });
});
