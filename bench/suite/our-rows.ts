/** The floor and threadmill: the engine alone, jobs through Temporal, and the whole command. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { outputFormats, type JobSettings, type OutputFormat } from '../../src/contract/job.ts';
import { keepCompiledCode } from '../../src/compile-cache.ts';
import type { EngineReport } from '../engine-run.ts';
import { checkRows, type BenchArchive } from './archives.ts';
import { historyOf } from './history.ts';
import { run } from './measure.ts';
import type { Row, RunContext, Sample } from './row.ts';
import { clientProgram, datasetBytes, plainEnvironment, usageOfServer, type Stage } from './stage.ts';

const engineProgram = path.resolve(import.meta.dirname, '../engine-run.ts');
const batchSizes = [100, 1000, 5000];

/** `zstd -dc --long=31 > /dev/null`. */
export function floorRow(archive: BenchArchive): Row {
  return {
    id: `zstd@${archive.name}`,
    title: '`zstd -dc --long=31`',
    archive,
    run: async (context) => {
      const cost = await run(['zstd', '-dcq', '--long=31', archive.path], { ...context, discard: true });
      return { ...cost, bytesOut: null };
    },
  };
}

/** The engine's process with these arguments; `whole`: all rows that the rules keep have to come. */
export async function runEngine(
  archive: BenchArchive,
  { folder, ...context }: RunContext,
  args: readonly string[],
  { whole = true }: { readonly whole?: boolean } = {},
): Promise<Sample> {
  // as the command line has it
  const env = { ...plainEnvironment() };
  keepCompiledCode(env);
  const command = [process.execPath, engineProgram, archive.path, folder, ...args] as const;
  const ran = await run([...command], { ...context, env });
  const report = JSON.parse(ran.stdout) as EngineReport;
  if (whole) checkRows(archive, report.rows);
  else if (report.rows === 0) throw new Error('Nothing was selected, so nothing was measured');
  return {
    ...ran,
    bytesOut: report.bytes,
    beyondWindowBytes: report.beyondWindowBytes,
    facts: { ownSeconds: report.seconds },
  };
}

/** The engine in a format; with a batch size the row is one of the third table. */
export function engineRow(archive: BenchArchive, format: OutputFormat, batchSize?: number): Row {
  const batch = batchSize === undefined ? '' : ` batch ${batchSize}`;
  return {
    id: `engine-${format}${batch.replace(' batch ', '-batch-')}@${archive.name}`,
    title: `engine alone → ${format}${batch}`,
    archive,
    run: (context) =>
      runEngine(archive, context, [format, ...(batchSize === undefined ? [] : [String(batchSize)])]),
  };
}

export const engineRows = (archive: BenchArchive): readonly Row[] =>
  outputFormats.filter((format) => format !== 'conversations').map((format) => engineRow(archive, format));

export const batchRows = (archive: BenchArchive): readonly Row[] =>
  batchSizes.map((batchSize) => engineRow(archive, 'parquet', batchSize));

interface JobRowOptions {
  readonly format?: OutputFormat;
  readonly once?: boolean;
  readonly settings?: Partial<JobSettings>;
  readonly id?: string;
  readonly title?: string;
}

/** Jobs whose rows are split, and the one with threads to hold it against; flat, that is the ordinary row. */
export function splitRows(stage: Stage, archive: BenchArchive): readonly Row[] {
  const [threads, splitBy] = [{ preserveThreads: true }, 'subreddit'] as const;
  return [
    jobRow(stage, archive, {
      id: 'split-flat',
      title: 'job → parquet, a file a subreddit',
      settings: { splitBy },
    }),
    jobRow(stage, archive, { id: 'unsplit-threads', title: 'job → parquet, threads', settings: threads }),
    jobRow(stage, archive, {
      id: 'split-threads',
      title: 'job → parquet, threads, a file a subreddit',
      settings: { ...threads, splitBy },
    }),
  ];
}

/** A job on a worker that polls already: its time is Temporal's, from start to close. */
export function jobRow(
  stage: Stage,
  archive: BenchArchive,
  {
    format = 'parquet',
    once = false,
    settings = {},
    id = `job-${format}`,
    title = `**job → ${format}**`,
  }: JobRowOptions = {},
): Row {
  return {
    id: `${id}@${archive.name}`,
    title,
    archive,
    once,
    run: async ({ folder: out, timeoutMs }) => {
      const job = await stage.job(archive.path, { format, ...settings }, { out, timeoutMs });
      const { history } = job;
      checkRows(archive, job.kept);
      return {
        seconds: history.seconds,
        cpuSeconds: sum(job.workerCpuSeconds, job.serverCpuSeconds),
        peakBytes: job.peakBytes,
        beyondWindowBytes: job.peakBeyondWindowMb * 1e6,
        bytesOut: job.bytesOut,
        facts: {
          events: history.events,
          eventsOfRunMax: history.eventsOfRunMax,
          segments: history.segments,
          eventsPerSegment: history.eventsPerSegment,
          marks: history.marks,
          idleBytes: job.idleBytes ?? NaN,
          serverCpuSeconds: job.serverCpuSeconds ?? NaN,
        },
      };
    },
  };
}

/** `threadmill run` from nothing but a warm server to its end: client, worker and job in one process. */
export function commandRow(stage: Stage, archive: BenchArchive): Row {
  return {
    id: `run@${archive.name}`,
    title: '`threadmill run` (whole command)',
    archive,
    run: async ({ folder, ...context }) => {
      const cwd = path.join(folder, 'cwd');
      mkdirSync(cwd);
      const server = usageOfServer(stage);
      const ran = await run(
        [
          process.execPath,
          ...[clientProgram, 'run', archive.path, '--json', '--no-preserve-threads'],
          ...['--out', folder, '--data-dir', stage.dataDir],
        ],
        { ...context, cwd, env: plainEnvironment() },
      );
      const { jobId, dataset, metrics } = JSON.parse(ran.stdout) as {
        readonly jobId: string;
        readonly dataset: string;
        readonly metrics: { readonly kept: number; readonly peakMemoryMb: number };
      };
      checkRows(archive, metrics.kept);
      const history = await historyOf(stage.threadmill.client, jobId);
      return {
        ...ran,
        cpuSeconds: sum(ran.cpuSeconds, server === null ? null : (usageOfServer(stage) ?? NaN) - server),
        bytesOut: datasetBytes(dataset),
        beyondWindowBytes: metrics.peakMemoryMb * 1e6,
        facts: {
          jobSeconds: history.seconds,
          workStartSeconds: (history.firstWorkflowTaskMs - history.startedMs) / 1000,
        },
      };
    },
  };
}

function sum(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
