/** Every setting is a row here: parser, flags, help, `threadmill config` and the messages are made from it. */
import { outputFormats, taskQueueDefault } from '../contract/job.ts';
import { splitKeys } from '../contract/split.ts';
import { listBytesMax } from '../contract/selection.ts';
import { columnNames } from '../core/columns.ts';
import { partBytesDefault, partBytesMax, partBytesMin } from '../core/limits.ts';
import { schemeOf } from '../core/places.ts';
import type { SettingKind } from './kinds.ts';
import { selectionSpecs } from './selection-table.ts';
import { logLevels, type SettingKey, type SettingsValues } from './values.ts';

/** Under which heading a flag stands in the help; `connection` ones exist on every command that needs the server. */
export type SettingGroup =
  'output' | 'columns' | 'filter' | 'selection' | 'processing' | 'checkpoints' | 'connection';

export interface SettingRow<K extends SettingKey = SettingKey> {
  readonly key: K;
  readonly env: string;
  /** Without dashes, e.g. `min-batch-size`; booleans also have `no-…`. Null: a secret, which has none. */
  readonly flag: string | null;
  /** A second spelling of the flag. */
  readonly alias?: string;
  readonly group: SettingGroup;
  /** True where a job carries it, so that one job can override it. */
  readonly job: boolean;
  readonly kind: SettingKind;
  readonly default: SettingsValues[K];
  readonly help: string;
}

export type RowSpec<K extends SettingKey> = Omit<SettingRow<K>, 'key' | 'flag'>;

const MiB = 1024 * 1024;
const boolean: SettingKind = { type: 'boolean' };
/** A batch is the unit of memory: 100,000 lines of 2023 comments are 130 MB, above any sensible batch. */
const batchLines: SettingKind = { type: 'integer', min: 1, max: 100_000, unit: 'lines' };
const intervalLines: SettingKind = { type: 'integer', min: 1, max: 1_000_000_000, unit: 'lines' };
const port: SettingKind = { type: 'integer', min: 1, max: 65_535, auto: true };
const folder: SettingKind = { type: 'text', noun: 'the path of a folder' };
/** Of a web server nobody knows how to write to it. */
const outputFolder: SettingKind = {
  type: 'text',
  noun: 'the path of a folder, or s3://bucket/prefix',
  problem: (text) => (schemeOf(text) === 'https' ? 'a web address can only be read' : null),
};
const dayMs = 86_400_000;
/** 32 bytes are 43 digits of base64 and a sign that may be left out; the newest key first. */
const payloadKeys: SettingKind = {
  type: 'secret',
  noun: '32 bytes as base64 (openssl rand -base64 32), or several of them with commas between, the one to encrypt with first',
  pattern: /^[A-Za-z0-9+/_-]{43}=?(\s*,\s*[A-Za-z0-9+/_-]{43}=?)*$/,
};
const columnList: SettingKind = {
  type: 'list',
  noun: 'names of columns',
  item: (text) => columnNames.find((name) => name === text.trim().toLowerCase()) ?? null,
  all: (names) => columnNames.filter((name) => names.includes(name)),
  bytesMax: listBytesMax,
  wayOut: 'name each once',
};

function guide<K extends SettingKey>(
  env: string,
  group: SettingGroup,
  kind: SettingKind,
  value: SettingsValues[K],
  help: string,
  more: { readonly job?: boolean; readonly alias?: string } = {},
): RowSpec<K> {
  return { env, group, kind, default: value, help, job: true, ...more };
}

function own<K extends SettingKey>(
  env: string,
  group: SettingGroup,
  kind: SettingKind,
  value: SettingsValues[K],
  help: string,
  job = false,
): RowSpec<K> {
  return { env, group, kind, default: value, help, job };
}

const specs: { readonly [K in SettingKey]: RowSpec<K> } = {
  out: own('THREADMILL_OUT', 'output', outputFolder, './out', 'folder for datasets, or s3://bucket/prefix'),
  confineOut: own(
    'THREADMILL_CONFINE_OUT',
    'output',
    boolean,
    false,
    "refuse jobs that name a folder outside of this worker's own",
  ),
  format: own(
    'THREADMILL_FORMAT',
    'output',
    { type: 'choice', choices: outputFormats },
    'parquet',
    'output format',
    true,
  ),
  partMib: own(
    'THREADMILL_PART_MIB',
    'output',
    { type: 'integer', min: partBytesMin / MiB, max: partBytesMax / MiB, unit: 'MiB' },
    partBytesDefault / MiB,
    'decompressed input of one part file, MiB',
    true,
  ),
  splitBy: own(
    'THREADMILL_SPLIT_BY',
    'output',
    { type: 'choice', choices: splitKeys, optional: true },
    null,
    'a file for each subreddit, author or month instead of parts',
    true,
  ),
  columns: own(
    'THREADMILL_COLUMNS',
    'columns',
    columnList,
    null,
    'columns that are wanted, with commas; they keep the order of the table',
    true,
  ),
  keepRaw: own('THREADMILL_KEEP_RAW', 'columns', boolean, false, 'add the original line as a column', true),
  extra: own(
    'THREADMILL_EXTRA',
    'columns',
    boolean,
    false,
    'add the fields that have no column as one column of JSON',
    true,
  ),
  preserveThreads: guide(
    'PUSHSHIFT_PRESERVE_THREADS',
    'output',
    boolean,
    true,
    'comments: group the output into threads',
  ),
  paths: own(
    'THREADMILL_PATHS',
    'output',
    boolean,
    false,
    'conversations: a line for each path from the top to a leaf, not for each thread',
    true,
  ),

  validateTimestamps: guide(
    'PUSHSHIFT_VALIDATE_TIMESTAMPS',
    'filter',
    boolean,
    true,
    'reject lines with an impossible created_utc',
  ),
  qualityMinScore: guide(
    'PUSHSHIFT_QUALITY_MIN_SCORE',
    'filter',
    { type: 'integer', min: -2_147_483_648, max: 2_147_483_647 },
    -5,
    'exclude lower scores',
  ),
  excludeDeleted: guide(
    'PUSHSHIFT_EXCLUDE_DELETED',
    'filter',
    boolean,
    true,
    'exclude what its author deleted',
  ),
  excludeRemoved: guide(
    'PUSHSHIFT_EXCLUDE_REMOVED',
    'filter',
    boolean,
    true,
    'exclude what moderators or Reddit removed',
  ),
  salvage: own(
    'THREADMILL_SALVAGE',
    'filter',
    boolean,
    false,
    'after damage go on at the next frame and report the hole',
    true,
  ),
  maxRejectRate: own(
    'THREADMILL_MAX_REJECT_RATE',
    'filter',
    { type: 'share' },
    0.01,
    'share of rejected lines above which the job stops',
    true,
  ),

  ...selectionSpecs,

  minBatchSize: guide('PUSHSHIFT_MIN_BATCH_SIZE', 'processing', batchLines, 100, 'smallest batch, lines'),
  maxBatchSize: guide('PUSHSHIFT_MAX_BATCH_SIZE', 'processing', batchLines, 5000, 'largest batch, lines'),
  baseBatchSize: guide(
    'PUSHSHIFT_BASE_BATCH_SIZE',
    'processing',
    { ...batchLines, auto: true },
    null,
    "first batch size, lines; auto: by the archive's size",
    { alias: 'batch-size' },
  ),
  maxMemoryUsage: guide(
    'PUSHSHIFT_MAX_MEMORY_MB',
    'processing',
    { type: 'integer', min: 64, max: 1_048_576, unit: 'MB' },
    512,
    "memory for a job beyond the decoder's window, MB",
    { alias: 'max-memory' },
  ),
  enableResourceMonitoring: guide(
    'PUSHSHIFT_ENABLE_RESOURCE_MONITORING',
    'processing',
    boolean,
    true,
    'sample memory, CPU and rates',
  ),
  adaptiveBatchSizing: guide(
    'PUSHSHIFT_ADAPTIVE_BATCH_SIZING',
    'processing',
    boolean,
    true,
    'move the batch size with memory pressure',
  ),
  progressReportingInterval: guide(
    'PUSHSHIFT_PROGRESS_REPORTING_INTERVAL',
    'processing',
    intervalLines,
    10_000,
    'lines between progress reports',
  ),
  resourceCheckInterval: guide(
    'PUSHSHIFT_RESOURCE_CHECK_INTERVAL',
    'processing',
    intervalLines,
    1000,
    'lines between resource checks',
  ),
  memoryCheckInterval: guide(
    'PUSHSHIFT_MEMORY_CHECK_INTERVAL',
    'processing',
    intervalLines,
    5000,
    'lines between memory checks',
  ),
  threads: own(
    'THREADMILL_THREADS',
    'processing',
    { type: 'integer', min: 1, max: 256, unit: 'threads', auto: true },
    null,
    "mill threads; auto: by the machine's cores",
  ),

  enableCheckpoints: guide(
    'PUSHSHIFT_ENABLE_CHECKPOINTS',
    'checkpoints',
    boolean,
    true,
    'a lost attempt goes on at its last committed part',
  ),
  // A segment is about six history events; 5000 of them stay under Temporal's 51,200.
  maxCheckpointsPerJob: guide(
    'PUSHSHIFT_MAX_CHECKPOINTS_PER_JOB',
    'checkpoints',
    { type: 'integer', min: 1, max: 5000, unit: 'segments' },
    50,
    'segments before the workflow continues as new',
  ),
  checkpointPersistence: guide(
    'PUSHSHIFT_CHECKPOINT_PERSISTENCE',
    'checkpoints',
    boolean,
    true,
    'the embedded server keeps its state in a file',
    { job: false },
  ),
  checkpointStorage: guide(
    'PUSHSHIFT_CHECKPOINT_STORAGE',
    'checkpoints',
    folder,
    './data/checkpoints',
    "folder of the embedded server's file",
    { job: false },
  ),
  checkpointCleanupInterval: guide(
    'PUSHSHIFT_CHECKPOINT_CLEANUP_INTERVAL',
    'checkpoints',
    { type: 'integer', min: 1000, max: 365 * dayMs, unit: 'milliseconds' },
    3_600_000,
    'between clean-ups, ms',
    { job: false },
  ),
  // Temporal refuses a retention under an hour for a local namespace.
  checkpointRetentionPeriod: guide(
    'PUSHSHIFT_CHECKPOINT_RETENTION_PERIOD',
    'checkpoints',
    { type: 'integer', min: 3_600_000, max: 3650 * dayMs, unit: 'milliseconds' },
    7 * dayMs,
    'how long closed jobs are kept, ms',
    { job: false },
  ),

  address: own(
    'TEMPORAL_ADDRESS',
    'connection',
    {
      type: 'text',
      noun: 'host:port of a Temporal server',
      optional: true,
      pattern: /^(\[[0-9a-f:.]+\]|[^\s:/]+):\d{1,5}$/i,
    },
    null,
    'Temporal server, host:port; without: the embedded one',
  ),
  namespace: own(
    'TEMPORAL_NAMESPACE',
    'connection',
    { type: 'text', noun: 'the name of a namespace', optional: true },
    null,
    "Temporal namespace; without: the Temporal profile's, else default",
  ),
  taskQueue: own(
    'TEMPORAL_TASK_QUEUE',
    'connection',
    { type: 'text', noun: 'the name of a task queue' },
    taskQueueDefault,
    'Temporal task queue',
  ),
  port: own(
    'THREADMILL_PORT',
    'connection',
    port,
    null,
    'port of the embedded server; auto: 7233, or a free one',
  ),
  uiPort: own(
    'THREADMILL_UI_PORT',
    'connection',
    port,
    null,
    "port of the embedded server's Web UI; auto: 8233, or a free one",
  ),
  dataDir: own(
    'THREADMILL_DATA_DIR',
    'connection',
    folder,
    './data',
    "folder for the embedded server's things",
  ),
  temporalCli: own(
    'TEMPORAL_CLI',
    'connection',
    { type: 'text', noun: 'the path of a Temporal CLI', optional: true },
    null,
    'Temporal CLI to run as the embedded server; without: found or fetched',
  ),
  payloadKey: own(
    'THREADMILL_PAYLOAD_KEY',
    'connection',
    payloadKeys,
    null,
    'key to encrypt what Temporal keeps of jobs; without: it is plain',
  ),
  logLevel: own(
    'THREADMILL_LOG_LEVEL',
    'connection',
    { type: 'choice', choices: logLevels },
    'info',
    'how much to say',
  ),
  metricsAddress: own(
    'THREADMILL_METRICS_ADDRESS',
    'connection',
    {
      type: 'text',
      noun: 'a port, or host:port of an address of this machine',
      optional: true,
      pattern: /^((\[[0-9a-f:.]+\]|(\d{1,3}\.){3}\d{1,3}|localhost):)?\d{1,5}$/i,
    },
    null,
    'where a worker serves Prometheus metrics, [host:]port; without: nowhere',
  ),
};

function flagOf(env: string): string {
  const stem = env === 'TEMPORAL_CLI' ? 'temporal-cli' : env.replace(/^(PUSHSHIFT|THREADMILL|TEMPORAL)_/, '');
  return stem.toLowerCase().replaceAll('_', '-');
}

/** All settings, in the order of the help and of `threadmill config`. */
export const settingRows: readonly SettingRow[] = (Object.keys(specs) as SettingKey[]).map((key) => ({
  ...specs[key],
  key,
  flag: specs[key].kind.type === 'secret' ? null : flagOf(specs[key].env),
}));

const byKey = new Map<string, SettingRow>(settingRows.map((row) => [row.key, row]));
const byEnv = new Map<string, SettingRow>(settingRows.map((row) => [row.env, row]));

/** The row of a camelCase key, if there is one. */
export function settingByKey(key: string): SettingRow | undefined {
  return byKey.get(key);
}

/** The row of an environment variable, if there is one. */
export function settingByEnv(env: string): SettingRow | undefined {
  return byEnv.get(env);
}
