/** What the figures must show, each beside what they do show: minima of the same rounds. */
import type { BenchArchive } from './archives.ts';
import type { Figures, Results } from './results.ts';
import type { StartUp } from './start-up.ts';
import { fixed, markdownTable } from './tables.ts';

interface Target {
  readonly what: string;
  readonly value: number;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly digits?: number;
  readonly unit?: string;
}

const divided = (one: number | undefined, other: number | undefined): number => (one ?? NaN) / (other ?? NaN);
const seconds = (figures: Figures | null): number | undefined => figures?.seconds.min;

export function targetsTable(
  results: Results,
  {
    main,
    growth,
    startUp,
  }: {
    readonly main: BenchArchive;
    readonly growth: readonly BenchArchive[];
    readonly startUp: readonly StartUp[];
  },
): string {
  const row = (id: string): Figures | null => results.figures(`${id}@${main.name}`);
  const floor = seconds(row('zstd'));
  const job = row('job-parquet');
  const command = row('run');
  const engine = row('engine-parquet');
  const faster = (than: string): number => divided(seconds(row(than)), seconds(job));
  const batches = [100, 1000, 5000].map((size) => seconds(row(`engine-parquet-batch-${size}`)) ?? NaN);
  const jobs = growth
    .map(({ name }) => results.figures(`job-parquet@${name}`))
    .filter((each) => each !== null);
  const beyond = jobs.map(({ beyondWindowBytes }) => (beyondWindowBytes ?? NaN) / 1e6);
  const selected = (id: string): number | undefined => seconds(row(`select-${id}`));
  const targets: readonly Target[] = [
    { what: 'job → parquet, × `zstd -dc`', value: divided(seconds(job), floor), atMost: 1.5 },
    {
      what: 'job → jsonl.zst, × `zstd -dc`',
      value: divided(seconds(row('job-jsonl.zst')), floor),
      atMost: 2,
    },
    { what: 'speed of the job, × polars over a pipe', value: faster('polars'), atLeast: 1.3 },
    { what: 'speed of the job, × DuckDB over a pipe', value: faster('duckdb'), atLeast: 1.6 },
    { what: 'speed of the job, × ClickHouse', value: faster('chdb'), atLeast: 1 },
    { what: 'speed of the job, × Python loop with json', value: faster('python-json'), atLeast: 5 },
    { what: 'speed of the job, × Python loop with orjson', value: faster('python-orjson'), atLeast: 5 },
    {
      what: 'job over the engine’s process, %',
      value: (divided(seconds(job), seconds(engine)) - 1) * 100,
      atMost: 5,
      digits: 1,
    },
    {
      what: 'job over the engine without start-up, %',
      value: (divided(seconds(job), engine?.fact('ownSeconds')) - 1) * 100,
      atMost: 5,
      digits: 1,
    },
    {
      what: 'what `run` adds to its job',
      value: (command?.seconds.median ?? NaN) - (command?.fact('jobSeconds') ?? NaN),
      atMost: 2,
      unit: ' s',
    },
    {
      what: 'memory beyond the window, highest',
      value: Math.max(...beyond),
      atMost: 450,
      digits: 0,
      unit: ' MB',
    },
    {
      what: 'events a segment, highest',
      value: Math.max(...jobs.map((each) => each.fact('eventsPerSegment'))),
      atMost: 6,
      digits: 1,
    },
    {
      what: 'events of a run, highest',
      value: Math.max(...jobs.map((each) => each.fact('eventsOfRunMax'))),
      atMost: 2000,
      digits: 0,
    },
    {
      what: 'Parquet bytes, × DuckDB’s',
      value: divided(engine?.bytesOut ?? NaN, row('duckdb')?.bytesOut ?? NaN),
      atMost: 1.1,
    },
    {
      what: 'batch sizes, slowest × fastest',
      value: Math.max(...batches) / Math.min(...batches),
      atMost: 1.1,
    },
    { what: 'one subreddit → jsonl, × `zstd -dc`', value: divided(selected('one'), floor), atMost: 1.25 },
    { what: '500 subreddits, × one', value: divided(selected('500'), selected('one')), atMost: 1.05 },
    { what: 'two keywords → jsonl, × `zstd -dc`', value: divided(selected('keyword'), floor), atMost: 1.4 },
    {
      what: 'three columns → parquet, × `zstd -dc`',
      value: divided(selected('columns'), floor),
      atMost: 1.3,
    },
    {
      what: 'split by subreddit, × flat parts',
      value: divided(seconds(row('split-flat')), seconds(job)),
      atMost: 2,
    },
    {
      what: 'threads split by subreddit, × threads',
      value: divided(seconds(row('split-threads')), seconds(row('unsplit-threads'))),
      atMost: 2,
    },
    { what: '`npm start`, cold server', value: startUp[0]?.summarySeconds ?? NaN, atMost: 6, unit: ' s' },
  ];
  return markdownTable(['', 'measured', 'wanted', 'note'], targets.map(cells));
}

function cells({ what, value, atMost, atLeast, digits = 2, unit = '' }: Target): readonly string[] {
  const known = Number.isFinite(value);
  const reached = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast);
  const wanted = atMost === undefined ? `≥ ${atLeast ?? ''}${unit}` : `≤ ${atMost}${unit}`;
  return [
    what,
    known ? fixed(value, digits) + unit : '–',
    wanted,
    !known ? '' : reached ? 'reached' : '**missed**',
  ];
}
