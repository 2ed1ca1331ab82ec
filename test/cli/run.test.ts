import assert from 'node:assert/strict';
import path from 'node:path';
import { ThreadmillError } from '../../src/core/errors.ts';
import { Screen } from '../screen.ts';
import { fakeThreadmill, jsonLines, progress, result, Scene, started } from './world.ts';

describe('threadmill run', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => {
    scene.end();
  });

  const good = () =>
    fakeThreadmill({
      startJob: () => Promise.resolve(started),
      waitForJob: (_, options) => {
        options?.onProgress?.(progress);
        options?.onProgress?.({ ...progress, state: 'done', completionPercentage: 100, parts: 3 });
        return Promise.resolve(result);
      },
    });

  it('connects, works, waits, tells, and lets go in this order', async () => {
    scene.threadmill = good();
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.code, 0);
    assert.deepEqual(run.calls, ['connect', 'worker of the server, log level warn', 'close']);
    assert.equal(scene.worker.shutdowns, 1);
    assert.match(run.stdout, /^Done \/archives\/RC\.zst\n/);
    assert.match(run.stdout, /\n {2}parts +3\n/);
    assert.match(run.stdout, /Web UI +http:\/\/ui\/job-1/);
    assert.match(run.stderr, /^Job job-1 {2}http:\/\/ui\/job-1\n40\.0 %/);
  });

  it('gives startJob the absolute path, the absolute output folder and --again', async () => {
    const seen: unknown[] = [];
    scene.threadmill = fakeThreadmill({
      ...good(),
      startJob: (...args) => {
        seen.push(args);
        return Promise.resolve(started);
      },
    });
    const archive = scene.archive('RC.zst');
    await scene.run('run', path.relative(process.cwd(), archive), '--out', 'datasets', '--again');
    assert.deepEqual(seen, [[archive, undefined, { out: path.resolve('datasets'), again: true }]]);
  });

  it('--json ends with one object on stdout; talk is on stderr', async () => {
    scene.threadmill = good();
    const run = await scene.run('run', scene.archive('RC.zst'), '--json');
    assert.deepEqual(jsonLines(run.stdout), [{ ...result }]);
    assert.match(run.stderr, /Job job-1/);
  });

  it('--quiet says nothing but the result', async () => {
    scene.threadmill = good();
    const run = await scene.run('run', scene.archive('RC.zst'), '--quiet');
    assert.equal(run.stderr, '');
    assert.match(run.stdout, /^Done/);
    assert.ok(run.calls.includes('worker of the server, log level error'));
  });

  it('passes a log level that was asked for on to the worker', async () => {
    scene.threadmill = good();
    const run = await scene.run('run', scene.archive('RC.zst'), '--log-level', 'debug');
    assert.ok(run.calls.includes('worker of the server, log level debug'));
  });

  it('shows a job that is done without doing it again, and starts no worker', async () => {
    scene.threadmill = fakeThreadmill({
      startJob: () => Promise.resolve({ ...started, alreadyDone: true }),
      getResult: () => Promise.resolve(result),
    });
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.code, 0);
    assert.equal(run.stderr, 'This was already done; --again does it anew\n');
    assert.match(run.stdout, /^Done/);
    assert.deepEqual(run.calls, ['connect', 'close']);
  });

  it('refuses bad paths before anything is started', async () => {
    const run = await scene.run('run', path.join(scene.folder, 'none.zst'));
    assert.equal(run.code, 1);
    assert.deepEqual(run.calls, []);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^threadmill: Cannot find archive ".*none\.zst": check the path\n/);
  });

  it('ends with exit code 3 when the server is gone', async () => {
    scene.threadmill = fakeThreadmill({
      startJob: () => Promise.reject(new ThreadmillError('SERVER_UNREACHABLE', 'Gone; start it')),
    });
    const run = await scene.run('run', scene.archive('a.zst'));
    assert.equal(run.code, 3);
    assert.equal(run.stderr, 'threadmill: Gone; start it\n');
    assert.deepEqual(run.calls, ['connect', 'close']);
  });

  it('stops on Ctrl-C: says so, shuts the worker down, exit code 130', async () => {
    scene.threadmill = fakeThreadmill({
      ...good(),
      waitForJob: (_, options) => {
        options?.onProgress?.(progress);
        scene.interrupt();
        assert.equal(options?.signal?.aborted, true);
        return Promise.reject(new Error('aborted'));
      },
    });
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.code, 130);
    assert.match(run.stderr, /\nStopping at the next part; run the same command to go on\n$/);
    assert.equal(run.stdout, '');
    assert.equal(scene.worker.shutdowns, 1);
    assert.equal(run.calls.at(-1), 'close');
  });

  it('stops on Ctrl-C though the wait never ends, with --json an object that says so', async () => {
    scene.threadmill = fakeThreadmill({
      ...good(),
      waitForJob: () => {
        scene.interrupt();
        return new Promise(() => undefined);
      },
    });
    const run = await scene.run('run', scene.archive('RC.zst'), '--json');
    assert.equal(run.code, 130);
    const [line, ...more] = jsonLines(run.stdout);
    assert.deepEqual(more, []);
    assert.equal(line?.['success'], false);
    assert.equal((line['error'] as { code: string }).code, 'INTERRUPTED');
  });

  it('tells why the worker can not go on', async () => {
    scene.threadmill = fakeThreadmill({
      ...good(),
      waitForJob: () => {
        scene.worker.fail(new ThreadmillError('OUTPUT_DENIED', 'No room; make some'));
        return new Promise(() => undefined);
      },
    });
    const run = await scene.run('run', scene.archive('a.zst'));
    assert.equal(run.code, 1);
    assert.match(run.stderr, /\nthreadmill: No room; make some\n$/);
    assert.equal(run.stderr.match(/Job /g)?.length, 1);
    assert.equal(scene.worker.shutdowns, 0);
    assert.equal(run.calls.at(-1), 'close');
  });

  it('tells the result though letting go fails, and warns', async () => {
    scene.threadmill = { ...good(), close: () => Promise.reject(new Error('the hold is gone')) };
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.code, 0);
    assert.match(run.stdout, /^Done/);
    assert.match(run.stderr, /threadmill: warning: Cannot end the connection cleanly: the hold is gone\n$/);
  });

  it('lets go when the worker does not start', async () => {
    scene.threadmill = good();
    scene.ports = { startWorker: () => Promise.reject(new ThreadmillError('SERVER_UNREACHABLE', 'No')) };
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.code, 3);
    assert.equal(run.calls.at(-1), 'close');
  });

  it('says once how a paused job goes on', async () => {
    scene.threadmill = fakeThreadmill({
      ...good(),
      waitForJob: (_, options) => {
        for (const state of ['running', 'paused', 'paused'] as const)
          options?.onProgress?.({ ...progress, state });
        return Promise.resolve(result);
      },
    });
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.stderr.match(/Paused; threadmill resume job-1 lets it go on\n/g)?.length, 1);
  });

  it('says once why a job waits, until it has got further', async () => {
    const trouble = 'Cannot write "/out/part-00003.parquet": no space left on its disk';
    scene.isTTY = true;
    scene.threadmill = fakeThreadmill({
      ...good(),
      waitForJob: (_, options) => {
        // an attempt runs between two waits
        for (const more of [
          { trouble },
          {},
          { trouble },
          { trouble },
          { parts: progress.parts + 1 },
          { trouble },
        ])
          options?.onProgress?.({ ...progress, ...more });
        return Promise.resolve(result);
      },
    });
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.stderr.split(`${trouble}\n`).length - 1, 2);
    assert.match(run.stderr, /40\.0 %  waiting to try again/);
  });

  /** What stands on a screen of 100 columns after it was written. */
  async function shown(text: string): Promise<readonly string[]> {
    const screen = new Screen(100, 24);
    screen.write(text);
    return screen.lines();
  }

  it('draws on a terminal and takes it away before the summary', async () => {
    scene.isTTY = true;
    scene.keys = [];
    scene.threadmill = good();
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.match(run.stderr, /━.* 40\.0 %/);
    assert.deepEqual(await shown(run.stderr), ['Job job-1  http://ui/job-1']);
    assert.match(run.stdout, /\u001b\[32mDone/);
  });

  it('q lets the worker commit and ends, 130: the job is left as it is', async () => {
    scene.isTTY = true;
    scene.keys = ['q'];
    scene.threadmill = fakeThreadmill({
      startJob: () => Promise.resolve(started),
      waitForJob: (_, options) => {
        options?.onProgress?.(progress);
        return new Promise(() => undefined);
      },
    });
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.equal(run.code, 130);
    assert.equal(scene.worker.shutdowns, 1);
    assert.match(
      (await shown(run.stderr)).join('\n'),
      /^Job .*\nDetached: the worker of this process stops at the next part/,
    );
  });

  it('what the worker logs goes by above what is drawn', async () => {
    scene.isTTY = true;
    scene.keys = [];
    let log: ((line: string) => void) | undefined;
    scene.ports = {
      startWorker: ({ logTo }) => {
        log = logTo;
        return Promise.resolve(scene.worker);
      },
    };
    scene.threadmill = fakeThreadmill({
      ...good(),
      waitForJob: (_, options) => {
        options?.onProgress?.(progress);
        log?.('WARN: no room');
        return Promise.resolve(result);
      },
    });
    const run = await scene.run('run', scene.archive('RC.zst'));
    assert.deepEqual(await shown(run.stderr), ['Job job-1  http://ui/job-1', 'WARN: no room']);
  });

  it('--no-color keeps colour from a terminal', async () => {
    scene.isTTY = true;
    scene.threadmill = good();
    const run = await scene.run('run', scene.archive('RC.zst'), '--no-color');
    assert.match(run.stdout, /^Done/);
  });
});

describe('threadmill run --join', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => {
    scene.end();
  });

  /** Gives what startJob was given. */
  function recording(seen: unknown[]): void {
    scene.threadmill = fakeThreadmill({
      startJob: (...args) => {
        seen.push(args);
        return Promise.resolve(started);
      },
      waitForJob: () => Promise.resolve(result),
    });
  }

  it('makes one job of two archives, in either order: the comments name it', async () => {
    const seen: unknown[] = [];
    recording(seen);
    const [comments, submissions] = [scene.archive('RC.zst'), scene.archive('RS.zst')];
    const options = { out: path.resolve('out'), again: false, submissions };
    for (const order of [
      [comments, submissions],
      [submissions, comments],
    ]) {
      const run = await scene.run('run', ...order, '--join');
      assert.deepEqual([run.code, seen.pop()], [0, [comments, undefined, options]]);
    }
    assert.deepEqual(seen, []);
  });

  const refused: readonly (readonly [names: readonly string[], flags: readonly string[], says: RegExp])[] = [
    [['RC.zst'], [], /--join takes two archives.*but one was given/],
    [['RC.zst', 'RC2.zst'], [], /both ".*RC.zst" and ".*RC2.zst" hold comments/],
    [['RS.zst', 'RS2.zst'], [], /hold submissions/],
    [['RC.zst', 'RS.zst'], ['--no-preserve-threads'], /PUSHSHIFT_PRESERVE_THREADS.*head of its thread/],
  ];
  for (const command of ['run', 'start']) {
    for (const [names, flags, says] of refused) {
      it(`of ${command} refuses ${[...names, ...flags].join(' ')} before anything is started; exit code 2`, async () => {
        const archives = names.map((name) => scene.archive(name));
        const run = await scene.run(command, ...archives, '--join', ...flags);
        assert.deepEqual([run.code, run.calls], [2, []]);
        assert.match(run.stderr, says);
      });
    }
  }

  it('starts nothing where one of the two can not be read: alone it would be another job', async () => {
    const run = await scene.run('run', scene.archive('RC.zst'), '/nope/RS.zst', '--join');
    assert.deepEqual([run.code, run.calls], [1, []]);
    assert.match(run.stderr, /Cannot find archive "\/nope\/RS.zst"/);
  });
});
