/** `npm start` from keypress to summary, split into what happens meanwhile. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { historyOf } from './history.ts';
import { run } from './measure.ts';
import { median } from './results.ts';
import { Stage, plainEnvironment } from './stage.ts';

const root = path.resolve(import.meta.dirname, '../..');
/** A cold start takes five seconds. */
const timeoutMs = 120_000;

export interface StartUp {
  readonly title: string;
  /** Seconds of each stage, in order; medians, so they need not add up to the hundredth. */
  readonly stages: Readonly<Record<string, number>>;
  /** Until the first byte of the summary. */
  readonly summarySeconds: number;
  /** Until the command has ended: the worker has stopped, and the server if nobody else uses it. */
  readonly endSeconds: number;
}

export interface StartUpOptions {
  readonly rounds: number;
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/**
 * With a server that has to be started in a new data folder, and with one that runs. The server is built and the workflow
 * bundle made before.
 */
export async function measureStartUp(options: StartUpOptions): Promise<readonly StartUp[]> {
  const { rounds, scratch, signal } = options;
  const cold: Run[] = [];
  const warm: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    const dataDir = path.join(scratch, `start-${round}`);
    mkdirSync(dataDir, { recursive: true });
    const help = await helpSeconds(signal);
    const first = await start(dataDir, path.join(dataDir, 'cold'), signal);
    // its server has stopped with it; the folder keeps what it knew
    const stage = await Stage.open(dataDir, signal);
    try {
      cold.push(await explained(stage, first, help));
      warm.push(await explained(stage, await start(dataDir, path.join(dataDir, 'warm'), signal), help));
    } finally {
      await stage.close();
    }
  }
  return [summed('cold server', cold), summed('warm server', warm)];
}

interface Started {
  readonly jobId: string;
  readonly startedMs: number;
  readonly summaryMs: number;
  readonly endMs: number;
}

interface Run {
  readonly started: Started;
  readonly stages: Readonly<Record<string, number>>;
}

async function start(dataDir: string, out: string, signal: AbortSignal): Promise<Started> {
  const startedMs = Date.now();
  let summaryMs = NaN;
  const { stderr } = await run(['npm', 'start', '--silent', '--', '--out', out, '--data-dir', dataDir], {
    timeoutMs,
    signal,
    gnuTime: null,
    cwd: root,
    env: plainEnvironment(),
    onOutput: (stream) => {
      if (stream === 'stdout' && Number.isNaN(summaryMs)) summaryMs = Date.now();
    },
  });
  const endMs = Date.now();
  const jobId = /^(?:\S+: )?Job (\S+)/m.exec(stderr)?.[1];
  if (jobId === undefined) throw new Error(`npm start named no job: ${stderr.slice(0, 400)}`);
  return { jobId, startedMs, summaryMs, endMs };
}

/** What npm, Node and the command line take before anything of a job is loaded. */
async function helpSeconds(signal: AbortSignal): Promise<number> {
  const options = { timeoutMs, signal, gnuTime: null, cwd: root, env: plainEnvironment() };
  return (await run(['npm', 'start', '--silent', '--', '--help'], options)).seconds;
}

async function explained(stage: Stage, started: Started, help: number): Promise<Run> {
  const history = await historyOf(stage.threadmill.client, started.jobId);
  const times: readonly (readonly [string, number])[] = [
    ['npm, Node, command line (as with --help)', started.startedMs + help * 1000],
    ['modules, server, connection: to the job’s start', history.startedMs],
    ['worker: to the first workflow task', history.firstWorkflowTaskMs],
    ['inspection', history.inspectedMs],
    ['reading and writing', history.readMs],
    ['publication, to the job’s close', history.closedMs],
    ['to the summary', started.summaryMs],
  ];
  let before = started.startedMs;
  const stages = times.map(([name, ms]) => {
    const seconds = (ms - before) / 1000;
    before = ms;
    return [name, seconds] as const;
  });
  return { started, stages: Object.fromEntries(stages) };
}

function summed(title: string, runs: readonly Run[]): StartUp {
  const over = (value: (run: Run) => number): number => median(runs.map(value));
  const names = Object.keys(runs[0]?.stages ?? {});
  return {
    title,
    stages: Object.fromEntries(names.map((name) => [name, over(({ stages }) => stages[name] ?? NaN)])),
    summarySeconds: over(({ started }) => (started.summaryMs - started.startedMs) / 1000),
    endSeconds: over(({ started }) => (started.endMs - started.startedMs) / 1000),
  };
}
