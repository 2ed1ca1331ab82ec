import assert from 'node:assert/strict';
import { commands } from '../../src/cli/commands.ts';
import { ThreadmillError } from '../../src/core/errors.ts';
import { settingRows, type SettingRow } from '../../src/settings.ts';
import { fakeThreadmill, jsonLines, Scene } from './world.ts';

/** A value that is allowed and is not the default. */
function other(row: SettingRow): string {
  const { kind } = row;
  switch (kind.type) {
    case 'integer': {
      const byKey: Partial<Record<SettingRow['key'], string>> = { minBatchSize: '50', baseBatchSize: '200' };
      return byKey[row.key] ?? String(Math.min(kind.max, Math.max(kind.min + 1, 4000)));
    }
    case 'share':
      return '2.5%';
    case 'choice':
      return kind.choices.find((choice) => choice !== row.default) ?? '';
    case 'text':
      if (row.key === 'metricsAddress') return '0.0.0.0:9464';
      if (row.key === 'where') return 'score > 9';
      return row.key === 'address' ? 'temporal.lab:7233' : 'something';
    case 'list':
      return 'score';
    case 'instant':
      return '2019-04-01';
    case 'name-file':
      return 'names.txt';
    case 'boolean':
    case 'secret':
      return '';
  }
}

interface Configured {
  readonly value: unknown;
  readonly source: string;
}

/** The settings that have flags: all but secrets. */
const flagRows = settingRows.flatMap((row) => (row.flag === null ? [] : [{ ...row, flag: row.flag }]));

/** What a setting must go with. */
const company: Readonly<Record<string, readonly string[]>> = { paths: ['--format', 'conversations'] };

describe('the parser', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => {
    scene.end();
  });

  const configured = async (...argv: string[]) => {
    const run = await scene.run('config', '--json', ...argv);
    assert.equal(run.code, 0, run.stderr);
    return jsonLines(run.stdout)[0] as unknown as Record<string, Configured>;
  };

  for (const row of flagRows) {
    it(`--${row.flag} reaches the setting ${row.key}`, async () => {
      const argv =
        row.kind.type === 'boolean'
          ? [row.default === true ? `--no-${row.flag}` : `--${row.flag}`]
          : [`--${row.flag}`, other(row)];
      const found = (await configured(...argv, ...(company[row.key] ?? [])))[row.key];
      assert.notEqual(found?.value, row.default);
      assert.equal(found?.source, `flag ${argv[0] ?? ''}`);
    });
  }

  for (const row of flagRows.filter((each) => each.alias !== undefined)) {
    it(`--${row.alias ?? ''} is --${row.flag}`, async () => {
      const found = (await configured(`--${row.alias ?? ''}=${other(row)}`))[row.key];
      assert.equal(found?.value, Number(other(row)));
    });
  }

  for (const row of flagRows.filter((each) => each.kind.type === 'boolean')) {
    it(`--${row.flag} and --no-${row.flag} both beat the environment`, async () => {
      scene.env = { [row.env]: 'false' };
      const given = await configured(`--${row.flag}`, ...(company[row.key] ?? []));
      assert.equal(given[row.key]?.value, true);
      scene.env = { [row.env]: 'true' };
      assert.equal((await configured(`--no-${row.flag}`))[row.key]?.value, false);
    });
  }

  it('takes a negative number with and without an equals sign', async () => {
    for (const argv of [['--quality-min-score', '-7'], ['--quality-min-score=-7']]) {
      assert.equal((await configured(...argv))['qualityMinScore']?.value, -7);
    }
  });

  it('takes the common flags before the command as well', async () => {
    const run = await scene.run('--json', '--log-level', 'debug', 'config');
    assert.equal((jsonLines(run.stdout)[0]?.['logLevel'] as Configured).value, 'debug');
  });

  it('takes what follows -- as an archive, however it begins', async () => {
    const run = await scene.run('run', '--', '--odd.zst');
    assert.equal(run.code, 1);
    assert.match(run.stderr, /Cannot find archive ".*\/--odd\.zst"/);
  });

  for (const [argv, message] of [
    [['rnu'], "Unknown command 'rnu' (Did you mean run?); see threadmill --help"],
    [['RC.zst'], "Unknown command 'RC.zst'; to process an archive: threadmill run RC.zst"],
    [['help', 'ressume'], "Unknown command 'ressume' (Did you mean resume?); see threadmill --help"],
    [['run'], "Missing required argument 'archive'; see threadmill run --help"],
    [['status', 'a', 'b'], /^Too many arguments for 'status'\..*: a, b; see threadmill status --help$/],
    [
      ['run', 'a.zst', '--fromat', 'csv'],
      "Unknown option '--fromat' (Did you mean --format?); see threadmill run --help",
    ],
    [['run', 'a.zst', '--out'], "Option '--out <dir>' argument missing; see threadmill run --help"],
    [
      ['run', 'a.zst', '--salvage=no'],
      "Unknown option '--salvage=no' (Did you mean --salvage?); see threadmill run --help",
    ],
  ] as const) {
    it(`refuses [${argv.join(' ')}] with exit code 2 and the way out`, async () => {
      const run = await scene.run(...argv);
      assert.equal(run.code, 2);
      assert.equal(run.stdout, '');
      const told = run.stderr.replace(/^threadmill: (.*)\n$/, '$1');
      if (typeof message === 'string') assert.equal(told, message);
      else assert.match(told, message);
      assert.deepEqual(run.calls, []);
    });
  }

  it('--json makes a usage error one object on stdout, too', async () => {
    const run = await scene.run('rnu', '--json');
    assert.equal(run.code, 2);
    const [line, ...more] = jsonLines(run.stdout);
    assert.deepEqual(more, []);
    assert.deepEqual([line?.['success'], (line?.['error'] as { code: string }).code], [false, 'USAGE']);
  });

  it('without a command shows the help on stderr, exit code 2', async () => {
    const run = await scene.run();
    assert.deepEqual([run.code, run.stdout], [2, '']);
    assert.match(run.stderr, /^Usage: threadmill/);
  });

  it('a bad setting ends every command before it does anything, and names its source', async () => {
    scene.env = { PUSHSHIFT_MAX_MEMORY_MB: 'much' };
    const run = await scene.run('list');
    assert.equal(run.code, 2);
    assert.match(
      run.stderr,
      /PUSHSHIFT_MAX_MEMORY_MB \(maxMemoryUsage\) is "much".*given by the environment/,
    );
    assert.deepEqual(run.calls, []);
  });

  it('help works though the settings are bad', async () => {
    scene.env = { PUSHSHIFT_MAX_MEMORY_MB: 'much' };
    for (const argv of [['help'], ['--help'], ['help', 'run'], ['run', '--help']]) {
      const run = await scene.run(...argv);
      assert.deepEqual([run.code, run.stderr], [0, '']);
      assert.match(run.stdout, /^Usage: threadmill/);
    }
  });

  it('an unknown PUSHSHIFT_ name is a warning on stderr, also with --quiet, not with --log-level error', async () => {
    scene.env = { PUSHSHIFT_MAX_MEMORY: '1' };
    const warning = /^threadmill: warning: Unknown setting PUSHSHIFT_MAX_MEMORY .*PUSHSHIFT_MAX_MEMORY_MB/;
    assert.match((await scene.run('config', '--quiet')).stderr, warning);
    assert.equal((await scene.run('config', '--log-level', 'error')).stderr, '');
  });

  for (const command of commands) {
    it(`help ${command.name} shows its arguments, its flags and an example`, async () => {
      const run = await scene.run('help', command.name);
      assert.equal(run.code, 0);
      for (const { spec } of command.args) assert.ok(run.stdout.includes(spec));
      for (const { flags } of command.flags ?? []) assert.ok(run.stdout.includes(flags));
      assert.ok(run.stdout.includes(`$ threadmill ${command.example}\n`));
      assert.ok(command.example.startsWith(command.name));
      assert.ok(run.stdout.split('\n').every((line) => line.length <= 110));
    });

    it(`the example of ${command.name} parses`, async () => {
      const run = await scene.run(...command.example.split(' '), '--config', 'none.json');
      assert.equal(run.code, 2);
      assert.match(run.stderr, /Cannot read config file/);
    });
  }

  it('tells a bug with its stack and that nothing is lost; exit code 1', async () => {
    scene.threadmill = fakeThreadmill({ listJobs: () => Promise.reject(new TypeError('x is undefined')) });
    const run = await scene.run('list');
    assert.equal(run.code, 1);
    assert.match(
      run.stderr,
      /a bug in threadmill\nTypeError: x is undefined\n {4}at [^]*Nothing is lost: the same/,
    );
    const json = jsonLines((await scene.run('list', '--json')).stdout);
    assert.deepEqual(json, [
      { success: false, error: { code: 'BUG', message: 'x is undefined', facts: {} } },
    ]);
  });

  for (const [code, exitCode] of [
    ['SETTINGS_INVALID', 2],
    ['USAGE', 2],
    ['SERVER_UNREACHABLE', 3],
    ['SERVER_UNAVAILABLE', 3],
    ['JOB_FAILED', 1],
  ] as const) {
    it(`${code} is exit code ${exitCode}`, async () => {
      scene.ports = { connectThreadmill: () => Promise.reject(new ThreadmillError(code, 'No; do that')) };
      const run = await scene.run('list');
      assert.deepEqual([run.code, run.stdout, run.stderr], [exitCode, '', 'threadmill: No; do that\n']);
    });
  }
});
