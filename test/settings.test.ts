import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseBatchSizeFor } from '../src/core/batch-size.ts';
import { ThreadmillError } from '../src/core/errors.ts';
import { resolveSettings, settingRows, toJobSettings, type SettingsInput } from '../src/settings.ts';

let cwd = '';

function file(name: string, content: unknown): string {
  const path = join(cwd, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function messageOf(input: SettingsInput): string {
  try {
    resolveSettings({ env: {}, cwd, ...input });
  } catch (error) {
    assert.ok(error instanceof ThreadmillError);
    assert.equal(error.code, 'SETTINGS_INVALID');
    return error.message;
  }
  return assert.fail('settings were accepted');
}

describe('settings', () => {
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'threadmill-settings-'));
  });
  afterEach(() => {
    rmSync(cwd, { recursive: true, force: true });
  });

  it('the table has the nineteen names of the guide with its defaults', () => {
    const guide: Record<string, unknown> = {
      PUSHSHIFT_MIN_BATCH_SIZE: 100,
      PUSHSHIFT_MAX_BATCH_SIZE: 5000,
      PUSHSHIFT_MAX_MEMORY_MB: 512,
      PUSHSHIFT_ENABLE_CHECKPOINTS: true,
      PUSHSHIFT_ENABLE_RESOURCE_MONITORING: true,
      PUSHSHIFT_ADAPTIVE_BATCH_SIZING: true,
      PUSHSHIFT_PROGRESS_REPORTING_INTERVAL: 10000,
      PUSHSHIFT_RESOURCE_CHECK_INTERVAL: 1000,
      PUSHSHIFT_MEMORY_CHECK_INTERVAL: 5000,
      PUSHSHIFT_PRESERVE_THREADS: true,
      PUSHSHIFT_VALIDATE_TIMESTAMPS: true,
      PUSHSHIFT_QUALITY_MIN_SCORE: -5,
      PUSHSHIFT_EXCLUDE_DELETED: true,
      PUSHSHIFT_EXCLUDE_REMOVED: true,
      PUSHSHIFT_CHECKPOINT_PERSISTENCE: true,
      PUSHSHIFT_CHECKPOINT_STORAGE: './data/checkpoints',
      PUSHSHIFT_MAX_CHECKPOINTS_PER_JOB: 50,
      PUSHSHIFT_CHECKPOINT_CLEANUP_INTERVAL: 3600000,
      PUSHSHIFT_CHECKPOINT_RETENTION_PERIOD: 604800000,
    };
    const { values, sources, warnings } = resolveSettings({ env: {}, cwd });
    for (const [env, value] of Object.entries(guide)) {
      const row = settingRows.find((each) => each.env === env);
      assert.ok(row, env);
      assert.equal(values[row.key], value, env);
      assert.equal(sources[row.key].kind, 'default');
    }
    assert.deepEqual(warnings, []);
  });

  it('the table gives every setting its own key, variable and flag', () => {
    for (const names of [
      settingRows.map((row) => row.key),
      settingRows.map((row) => row.env),
      settingRows.map((row) => row.flag ?? row.key),
    ]) {
      assert.equal(new Set(names).size, settingRows.length);
    }
  });

  it('a flag beats the config file, which beats the environment, which beats .env, which beats the default', () => {
    const configFile = file('c.json', { maxBatchSize: 3000 });
    const flags = { maxBatchSize: '4000' };
    const env = { PUSHSHIFT_MAX_BATCH_SIZE: '2000' };
    file('.env', 'PUSHSHIFT_MAX_BATCH_SIZE=1000\n');
    const seen = (input: SettingsInput): [number, string] => {
      const { values, sources } = resolveSettings({ cwd, env: {}, ...input });
      return [values.maxBatchSize, sources.maxBatchSize.text];
    };
    assert.deepEqual(seen({ flags, configFile, env }), [4000, 'flag --max-batch-size']);
    assert.deepEqual(seen({ configFile, env }), [3000, `config file ${configFile}`]);
    assert.deepEqual(seen({ env }), [2000, 'the environment']);
    assert.deepEqual(seen({}), [1000, `.env file ${join(cwd, '.env')}`]);
    rmSync(join(cwd, '.env'));
    assert.deepEqual(seen({}), [5000, 'default']);
  });

  it('a config file takes environment names and camelCase keys, numbers and texts', () => {
    const configFile = file('c.json', {
      PUSHSHIFT_MAX_MEMORY_MB: '1024',
      qualityMinScore: -1,
      preserveThreads: false,
      address: null,
    });
    const { values } = resolveSettings({ cwd, env: { TEMPORAL_ADDRESS: 'far:7233' }, configFile });
    assert.deepEqual(
      [values.maxMemoryUsage, values.qualityMinScore, values.preserveThreads, values.address],
      [1024, -1, false, null],
    );
  });

  it('an empty variable counts as not set, a folder named .env as no .env', () => {
    mkdirSync(join(cwd, '.env'));
    assert.equal(resolveSettings({ cwd, env: { PUSHSHIFT_MAX_MEMORY_MB: '' } }).values.maxMemoryUsage, 512);
  });

  it('checkpointStorage follows dataDir unless it is given', () => {
    assert.equal(
      resolveSettings({ cwd, env: {}, flags: { dataDir: '/d' } }).values.checkpointStorage,
      join('/d', 'checkpoints'),
    );
    const env = { PUSHSHIFT_CHECKPOINT_STORAGE: '/s', THREADMILL_DATA_DIR: '/d' };
    assert.equal(resolveSettings({ cwd, env }).values.checkpointStorage, '/s');
  });

  it('booleans, shares and choices are read whatever the case', () => {
    const env = {
      PUSHSHIFT_EXCLUDE_DELETED: 'No',
      THREADMILL_KEEP_RAW: '1',
      THREADMILL_MAX_REJECT_RATE: '2.5%',
      THREADMILL_LOG_LEVEL: 'WARN',
      THREADMILL_THREADS: 'auto',
    };
    const { values } = resolveSettings({ cwd, env });
    assert.deepEqual(
      [values.excludeDeleted, values.keepRaw, values.maxRejectRate, values.logLevel, values.threads],
      [false, true, 0.025, 'warn', null],
    );
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    [
      'PUSHSHIFT_MIN_BATCH_SIZE',
      '0',
      'minBatchSize) is "0": must be a whole number of lines from 1 to 100000',
    ],
    [
      'PUSHSHIFT_MAX_BATCH_SIZE',
      '1.5',
      'maxBatchSize) is "1.5": must be a whole number of lines from 1 to 100000',
    ],
    [
      'PUSHSHIFT_BASE_BATCH_SIZE',
      'big',
      'baseBatchSize) is "big": must be a whole number of lines from 1 to 100000, or auto',
    ],
    [
      'PUSHSHIFT_MAX_MEMORY_MB',
      '512MB',
      'maxMemoryUsage) is "512MB": must be a whole number of MB from 64 to 1048576',
    ],
    ['PUSHSHIFT_ENABLE_CHECKPOINTS', 'maybe', 'enableCheckpoints) is "maybe": must be true or false'],
    [
      'PUSHSHIFT_MEMORY_CHECK_INTERVAL',
      '-1',
      'memoryCheckInterval) is "-1": must be a whole number of lines from 1 to 1000000000',
    ],
    [
      'PUSHSHIFT_QUALITY_MIN_SCORE',
      '1e3',
      'qualityMinScore) is "1e3": must be a whole number from -2147483648 to 2147483647',
    ],
    [
      'PUSHSHIFT_CHECKPOINT_RETENTION_PERIOD',
      '1',
      'checkpointRetentionPeriod) is "1": must be a whole number of milliseconds from 3600000',
    ],
    [
      'PUSHSHIFT_MAX_CHECKPOINTS_PER_JOB',
      '0',
      'maxCheckpointsPerJob) is "0": must be a whole number of segments from 1 to 5000',
    ],
    ['THREADMILL_FORMAT', 'xml', 'format) is "xml": must be one of parquet, jsonl.zst, jsonl, csv'],
    ['THREADMILL_PART_MIB', '5000', 'partMib) is "5000": must be a whole number of MiB from 1 to 4096'],
    [
      'THREADMILL_MAX_REJECT_RATE',
      '101%',
      'maxRejectRate) is "101%": must be a share from 0 to 1, such as 0.01, or a percentage such as 1%',
    ],
    ['THREADMILL_PORT', '70000', 'port) is "70000": must be a whole number from 1 to 65535, or auto'],
    ['TEMPORAL_ADDRESS', 'http://x', 'address) is "http://x": must be host:port of a Temporal server'],
    ['THREADMILL_LOG_LEVEL', 'loud', 'logLevel) is "loud": must be one of debug, info, warn, error, silent'],
  ];
  for (const [env, value, expected] of wrong) {
    it(`${env}=${value} gets one message that says what is allowed and where it came from`, () => {
      const message = messageOf({ env: { [env]: value } });
      assert.ok(message.startsWith(`Settings are invalid: ${env} (${expected}`), message);
      assert.ok(message.endsWith('; given by the environment'), message);
      assert.ok(!message.includes('\n'));
    });
  }

  it('all problems of all sources come in one error', () => {
    const configFile = file('c.json', {
      exludeDeleted: true,
      port: 'x',
      PUSHSHIFT_MAX_MEMORY_MB: 99999999,
      maxMemoryUsage: 1,
    });
    const message = messageOf({
      configFile,
      flags: { format: 'xml' },
      env: { PUSHSHIFT_PRESERVE_THREADS: 'q' },
    });
    assert.match(message, /6 problems/);
    assert.match(message, /"exludeDeleted" is not a setting: did you mean excludeDeleted\?/);
    assert.match(message, /PUSHSHIFT_MAX_MEMORY_MB \(maxMemoryUsage\) is given twice/);
    assert.match(message, /THREADMILL_PORT \(port\) is "x".*given by config file/);
    assert.match(message, /is "xml".*given by flag --format/);
    assert.match(message, /is "q".*given by the environment/);
  });

  it('settings are checked against each other, with both sources', () => {
    assert.match(
      messageOf({ flags: { minBatchSize: '6000' } }),
      /minBatchSize\) is "6000": must be at most PUSHSHIFT_MAX_BATCH_SIZE \(maxBatchSize\), which is "5000"; given by flag --min-batch-size and default/,
    );
    assert.match(
      messageOf({ flags: { baseBatchSize: '50' } }),
      /baseBatchSize\) is "50": must be from 100 .* to 5000/,
    );
    assert.match(
      messageOf({ flags: { port: '8233', uiPort: '8233' } }),
      /uiPort\) is "8233": must differ from THREADMILL_PORT/,
    );
    assert.ok(
      !messageOf({ flags: { minBatchSize: 'x', maxBatchSize: '5' } }).includes('problems'),
      'one mistake, one message',
    );
  });

  it('a config file that is missing, no JSON or no object is one clear problem', () => {
    assert.match(
      messageOf({ configFile: 'nowhere.json' }),
      /Cannot read config file ".*nowhere\.json": ENOENT/,
    );
    assert.match(messageOf({ configFile: file('y.json', 'a: 1') }), /must be one JSON object/);
    assert.match(messageOf({ configFile: file('l.json', [1]) }), /must be one JSON object/);
  });

  it('an unknown PUSHSHIFT_* name is a warning with the nearest known name, wherever it stands', () => {
    file('.env', 'PUSHSHIFT_QUALITY_SCORE=1\nOTHER=2\n');
    const configFile = file('c.json', { PUSHSHIFT_EXCLUDE_DELETE: true });
    const { warnings } = resolveSettings({
      cwd,
      configFile,
      env: { PUSHSHIFT_MAX_BATCHSIZE: '1', PATH: '/bin' },
    });
    assert.equal(warnings.length, 3);
    assert.match(
      warnings[0] ?? '',
      /PUSHSHIFT_EXCLUDE_DELETE in config file .* did you mean PUSHSHIFT_EXCLUDE_DELETED\?/,
    );
    assert.match(
      warnings[1] ?? '',
      /PUSHSHIFT_MAX_BATCHSIZE in the environment .* did you mean PUSHSHIFT_MAX_BATCH_SIZE\?/,
    );
    assert.match(
      warnings[2] ?? '',
      /PUSHSHIFT_QUALITY_SCORE in \.env file .* did you mean PUSHSHIFT_QUALITY_MIN_SCORE\?/,
    );
  });

  it('toJobSettings() turns partMib into bytes and leaves an automatic batch size out', () => {
    const { values } = resolveSettings({ cwd, env: {}, flags: { partMib: '2' } });
    const job = toJobSettings(values);
    assert.equal(job.partBytes, 2 * 1024 * 1024);
    assert.ok(!('baseBatchSize' in job));
    assert.equal(toJobSettings({ ...values, baseBatchSize: 700 }).baseBatchSize, 700);
  });

  it('baseBatchSizeFor() follows the sizes of the guide and the bounds', () => {
    assert.deepEqual(
      [0, 49_999_999, 50_000_000, 500_000_000, 500_000_001].map((bytes) => baseBatchSizeFor(bytes)),
      [5000, 5000, 1000, 1000, 500],
    );
    assert.equal(baseBatchSizeFor(1, { minBatchSize: 100, maxBatchSize: 2000 }), 2000);
    assert.equal(baseBatchSizeFor(1e12, { minBatchSize: 800, maxBatchSize: 2000 }), 800);
  });
});
