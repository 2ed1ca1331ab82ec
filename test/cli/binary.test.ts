import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { threadmill } from './binary.ts';
import { jsonLines } from './world.ts';

/** Makes loading any Temporal package an error. */
const noTemporal =
  'data:text/javascript,' +
  encodeURIComponent(`
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        if (found.url.includes('/@temporalio/')) throw new Error('loaded ' + found.url);
        return found;
      },
    });`);
const nodeArgs = ['--import', noTemporal];

describe('the binary threadmill', () => {
  it('--help is on stdout, exit code 0, without a Temporal package', async () => {
    const run = await threadmill(['--help'], { nodeArgs });
    assert.deepEqual([run.code, run.stderr, run.files], [0, '', []]);
    assert.match(run.stdout, /^Usage: threadmill \[options\] \[command\]\n/);
  });

  it('the guard against Temporal packages does notice one', async () => {
    const temporal = import.meta.resolve('@temporalio/client');
    const run = await threadmill(['--help'], { nodeArgs: [...nodeArgs, '--import', temporal] });
    assert.equal(run.code, 1);
    assert.match(run.stderr, /loaded file:.*@temporalio/);
  });

  it('--version is that of the package', async () => {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    const run = await threadmill(['--version']);
    assert.deepEqual([run.code, run.stdout, run.stderr], [0, `${version}\n`, '']);
  });

  it('config shows every source, without a Temporal package', async () => {
    const run = await threadmill(['config', '--config', 'lab.json', '--max-memory', '2048'], {
      nodeArgs,
      env: { PUSHSHIFT_MIN_BATCH_SIZE: '200' },
      prepare: (folder) => {
        writeFileSync(path.join(folder, 'lab.json'), '{"format": "csv"}');
        writeFileSync(path.join(folder, '.env'), 'PUSHSHIFT_QUALITY_MIN_SCORE=-9\n');
      },
    });
    assert.equal(run.code, 0);
    assert.match(run.stdout, /^PUSHSHIFT_MAX_MEMORY_MB +maxMemoryUsage +2048 +flag --max-memory-mb$/m);
    assert.match(run.stdout, /^THREADMILL_FORMAT +format +csv +config file .*lab\.json$/m);
    assert.match(run.stdout, /^PUSHSHIFT_MIN_BATCH_SIZE +minBatchSize +200 +the environment$/m);
    assert.match(run.stdout, /^PUSHSHIFT_QUALITY_MIN_SCORE +qualityMinScore +-9 +\.env file/m);
    assert.match(run.stdout, /^PUSHSHIFT_MAX_BATCH_SIZE +maxBatchSize +5000 +default$/m);
  });

  it('tells all that is wrong with the settings at once, exit code 2, and leaves nothing behind', async () => {
    const run = await threadmill(['run', 'a.zst', '--format', 'xml'], {
      env: { PUSHSHIFT_PRESERVE_THREADS: 'perhaps' },
    });
    assert.deepEqual([run.code, run.stdout, run.files], [2, '', []]);
    assert.match(run.stderr, /2 problems:\n {2}- .*"xml".*\n {2}- .*"perhaps".*\n$/);
  });

  it('refuses an unknown flag, exit code 2', async () => {
    const run = await threadmill(['run', 'a.zst', '--outt', 'x']);
    assert.deepEqual([run.code, run.stdout, run.files], [2, '', []]);
    assert.equal(
      run.stderr,
      "threadmill: Unknown option '--outt' (Did you mean --out?); see threadmill run --help\n",
    );
  });

  for (const command of ['run', 'start', 'inspect']) {
    for (const [what, prepare, code, message] of [
      ['a missing file', () => undefined, 'ARCHIVE_MISSING', /check the path$/],
      [
        'a folder',
        (file: string) => {
          mkdirSync(file);
        },
        command === 'inspect' ? 'ARCHIVE_UNREADABLE' : 'ARCHIVE_MISSING',
        command === 'inspect' ? /it is a folder; name the files in it/ : /holds no archive/,
      ],
      [
        'an empty file',
        (file: string) => {
          writeFileSync(file, '');
        },
        'ARCHIVE_EMPTY',
        /0 bytes; was its download cut off\?$/,
      ],
      [
        'a FIFO',
        (file: string) => {
          execFileSync('mkfifo', [file]);
        },
        'ARCHIVE_UNREADABLE',
        /no regular file/,
      ],
    ] as const) {
      it(`${command} refuses ${what} at once, exit code 1, and leaves nothing behind`, async () => {
        const run = await threadmill([command, 'RC.zst', '--json'], {
          nodeArgs,
          prepare: (folder) => {
            prepare(path.join(folder, 'RC.zst'));
          },
        });
        assert.equal(run.code, 1);
        assert.deepEqual(
          run.files.filter((name) => !name.startsWith('RC.zst')),
          [],
        );
        const [line, ...more] = jsonLines(run.stdout);
        assert.deepEqual(more, []);
        const error = line?.['error'] as { code: string; message: string; facts: { path: string } };
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.ok(path.isAbsolute(error.facts.path));
        assert.equal(run.stderr, `threadmill: ${code}: ${error.message}\n`);
      });
    }
  }

  it('inspect looks at the bundled sample, without a Temporal package', async () => {
    const sample = path.join(import.meta.dirname, '../../samples/austinfood_comments.zst');
    const run = await threadmill(['inspect', sample, '--json'], { nodeArgs });
    assert.deepEqual([run.code, run.stderr, run.files], [0, '', []]);
    assert.equal(jsonLines(run.stdout)[0]?.['kind'], 'comments');
  });

  for (const command of ['verify', 'rejects', 'report']) {
    it(`${command} says that a folder is no dataset, without a Temporal package`, async () => {
      const run = await threadmill([command, 'none', '--json'], { nodeArgs });
      assert.deepEqual([run.code, run.files], [1, []]);
      const error = jsonLines(run.stdout)[0]?.['error'] as { code: string };
      assert.equal(error.code, 'DATASET_INVALID');
    });
  }

  it('ends quietly when the reader of its output goes away', () => {
    const client = path.join(import.meta.dirname, '../../src/client.ts');
    const shell = `set -o pipefail; "$0" "$1" config | true; echo "$?"`;
    const text = execFileSync('bash', ['-c', shell, process.execPath, client], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    assert.match(text, /^(0|141)\n$/);
  });
});
