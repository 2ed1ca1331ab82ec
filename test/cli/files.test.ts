import assert from 'node:assert/strict';
import { openFile } from '../../src/cli/open-file.ts';
import type { RejectedLine } from '../../src/cli/ports.ts';
import type { ArchiveInspection } from '../../src/contract/job.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import { jsonLines, Scene } from './world.ts';

describe('commands about files', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => {
    scene.end();
  });

  describe('threadmill inspect', () => {
    const found: ArchiveInspection = {
      path: '/archives/RC.zst',
      name: 'RC',
      kind: 'comments',
      container: 'zstd',
      compressedBytes: 1000,
      mtimeMs: 0,
      fingerprint: 'abc',
      windowBytes: 2 ** 31,
      frames: 1,
      framesComplete: true,
      contentBytes: null,
      estimatedBytes: 9000,
      estimatedLines: 10,
      meanLineBytes: 900,
      memoryBytes: 2 ** 32,
    };

    it('looks at the absolute path, without a server', async () => {
      const seen: string[] = [];
      scene.ports = {
        inspectArchive: (path) => {
          seen.push(path);
          return Promise.resolve(found);
        },
      };
      const archive = scene.archive('RC.zst');
      const run = await scene.run('inspect', archive);
      assert.equal(run.code, 0);
      assert.match(run.stdout, /kind +comments, zstd\n[^]*window +2\.15 GB/);
      assert.deepEqual(seen, [archive]);
      assert.deepEqual(run.calls, []);
      assert.deepEqual(jsonLines((await scene.run('inspect', archive, '--json')).stdout), [found]);
    });

    it('tells what is wrong with an archive; exit code 1', async () => {
      const error = new ThreadmillError('ARCHIVE_NOT_RECOGNISED', 'Not an archive; see inspect');
      scene.ports = { inspectArchive: () => Promise.reject(error) };
      const run = await scene.run('inspect', scene.archive('x.zst'));
      assert.deepEqual([run.code, run.stderr], [1, 'threadmill: Not an archive; see inspect\n']);
    });
  });

  describe('threadmill verify', () => {
    const good = { ok: true, problems: [], parts: 2, threads: null, rows: 7, lines: 10, bytes: 100 };

    it('is exit code 0 where all is well', async () => {
      scene.ports = { verifyDataset: () => Promise.resolve(good) };
      const run = await scene.run('verify', 'out/RC');
      assert.deepEqual([run.code, run.stdout], [0, 'OK out/RC: 2 parts, 7 rows of 10 lines, 100 B\n']);
    });

    it('is exit code 1 where something is wrong, and names it', async () => {
      const bad = { ...good, ok: false, problems: ['part-00001.parquet is missing'] };
      scene.ports = { verifyDataset: () => Promise.resolve(bad) };
      const run = await scene.run('verify', 'out/RC');
      assert.equal(run.code, 1);
      assert.match(run.stdout, /^BAD out\/RC: 1 problem;.*\n {2}part-00001\.parquet is missing\n$/);
      const json = await scene.run('verify', 'out/RC', '--json');
      assert.deepEqual(jsonLines(json.stdout), [{ dataset: 'out/RC', ...bad }]);
    });
  });

  describe('threadmill rejects', () => {
    let closed = false;
    const lines = (count: number): RejectedLine[] =>
      Array.from({ length: count }, (_, index) => ({
        line: index + 1,
        offset: index * 10,
        reason: index % 2 === 0 ? 'malformed-json' : 'missing-field',
        bytes: 10,
        raw: '{"a\u0007',
      }));
    async function* read(all: readonly RejectedLine[]): AsyncGenerator<RejectedLine> {
      try {
        for (const each of all) yield await Promise.resolve(each);
      } finally {
        closed = true;
      }
    }
    beforeEach(() => {
      closed = false;
      scene.ports = { readRejects: () => read(lines(150)) };
    });

    it('shows the first hundred, says that there are more, and closes the file', async () => {
      const run = await scene.run('rejects', 'out/RC');
      assert.equal(run.code, 0);
      assert.equal(run.stdout.split('\n').length - 1, 100);
      assert.match(run.stdout, /^line 1 {2}byte 0 {2}malformed-json {2}10 B {2}\{\\"a\\u0007\n/);
      assert.match(run.stderr, /more than these 100; --limit 0 shows all/);
      assert.ok(closed);
    });

    it('--limit and --reason choose', async () => {
      const some = await scene.run('rejects', 'd', '--limit', '2', '--reason', 'missing-field', '--json');
      assert.deepEqual(
        jsonLines(some.stdout).map((line) => line['line']),
        [2, 4],
      );
      const all = await scene.run('rejects', 'd', '--limit', '0', '--json');
      assert.equal(jsonLines(all.stdout).length, 150);
      assert.equal(all.stderr, '');
    });

    it('says so where nothing was rejected', async () => {
      scene.ports = { readRejects: () => read([]) };
      const run = await scene.run('rejects', 'd');
      assert.deepEqual([run.code, run.stdout, run.stderr], [0, '', 'No line was rejected\n']);
    });

    for (const [args, message] of [
      [['--limit', '-1'], /--limit is "-1": must be a whole number/],
      [['--reason', 'bad'], /--reason is "bad": must be one of line-too-long, malformed-json/],
    ] as const) {
      it(`refuses ${args.join(' ')}`, async () => {
        const run = await scene.run('rejects', 'd', ...args);
        assert.equal(run.code, 2);
        assert.match(run.stderr, message);
      });
    }
  });

  describe('threadmill report', () => {
    const written = { file: '/out/RC/report.html', bytes: 120_000, looked: 10, rows: 10 };

    it('writes into the dataset and prints where, without a server', async () => {
      const seen: unknown[] = [];
      scene.ports = {
        writeReport: (...args) => {
          seen.push(args);
          return Promise.resolve(written);
        },
      };
      const run = await scene.run('report', 'out/RC');
      assert.deepEqual([run.code, run.stdout, run.calls], [0, '/out/RC/report.html\n', []]);
      assert.equal(run.stderr, '120 KB, from all 10 rows\n');
      assert.deepEqual(seen, [['out/RC', {}]]);
    });

    it('--to, --all and --open are passed on; --json gives the figures', async () => {
      const seen: unknown[] = [];
      scene.ports = {
        writeReport: (...args) => {
          seen.push(args);
          return Promise.resolve({ ...written, looked: 5 });
        },
        openFile: (file) => {
          seen.push(file);
          return Promise.resolve();
        },
      };
      const run = await scene.run('report', 'd', '--to', '/tmp/r.html', '--all', '--open', '--json');
      assert.deepEqual(seen, [['d', { to: '/tmp/r.html', rowsMax: Infinity }], written.file]);
      assert.deepEqual(jsonLines(run.stdout), [{ dataset: 'd', ...written, looked: 5 }]);
      assert.match(run.stderr, /5 of 10 rows/);
    });

    it('says how to go on where the desktop has no program for it', async () => {
      const before = process.env['PATH'];
      process.env['PATH'] = scene.folder;
      try {
        await assert.rejects(openFile('/out/report.html', 'linux'), {
          code: 'USAGE',
          message: /no "xdg-open" here; open it in a browser$/,
        });
      } finally {
        process.env['PATH'] = before;
      }
    });
  });
});
