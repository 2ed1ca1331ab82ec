/** One task queue with two workers, on which jobs are tortured one after another; several lanes share a server. */
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JobResult, JobSettings } from '../../src/contract/job.ts';
import { connectThreadmill, type ConnectedThreadmill } from '../../src/index.ts';
import { resolveSettings } from '../../src/settings.ts';
import type { Archive } from '../e2e/archives.ts';
import { Program } from '../e2e/program.ts';
import type { Stage } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import { runVariable, trapVariable, type Trap } from './trap.ts';

const preload = pathToFileURL(path.join(import.meta.dirname, 'preload.ts')).href;
/** Two heartbeat time-outs, ten retries of a full disk, a worker's start on two busy cores: a job that takes longer hangs. */
const jobMs = 180_000;

export interface LaneJob {
  readonly jobId: string;
  readonly dataset: string;
  readonly result: Promise<JobResult>;
}

export interface WorkerOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Another build's entry. */
  readonly client?: string;
}

export class Lane {
  readonly stage: Stage;
  readonly threadmill: ConnectedThreadmill;
  readonly taskQueue: string;
  private readonly run: string;
  private readonly lair: string;
  private workers: Program[] = [];
  private readonly everyone: Program[] = [];
  private outs: string[] = [];
  private jobs: string[] = [];

  private constructor(stage: Stage, threadmill: ConnectedThreadmill, taskQueue: string, run: string) {
    this.stage = stage;
    this.threadmill = threadmill;
    this.taskQueue = taskQueue;
    this.run = run;
    this.lair = path.join(stage.folder, `${taskQueue}.trap`);
  }

  static async open(stage: Stage, taskQueue: string, run: string): Promise<Lane> {
    const { values } = resolveSettings({
      env: {},
      cwd: stage.folder,
      flags: { address: stage.server.address, taskQueue },
    });
    return new Lane(stage, await connectThreadmill({ values }), taskQueue, run);
  }

  /** A process of this lane. */
  program(args: readonly string[], { env = {}, client }: WorkerOptions = {}): Program {
    const marks = { [runVariable]: this.run, [trapVariable]: this.lair };
    const options = {
      folder: this.stage.folder,
      env: { ...marks, NODE_OPTIONS: `--import=${preload}`, ...env },
      ...(client === undefined ? {} : { client }),
    };
    const program = new Program(args, options);
    this.everyone.push(program);
    return program;
  }

  /** A process that does nothing, as hard as it can. */
  hog(): Program {
    const file = path.join(this.stage.folder, 'hog.mjs');
    writeFileSync(file, 'for (;;);');
    return this.program([], { client: file });
  }

  /** A worker that polls. */
  async worker(options: WorkerOptions = {}): Promise<Program> {
    const fixed = ['--address', this.stage.server.address, '--task-queue', this.taskQueue, '--threads', '1'];
    const program = this.program(['worker', '--json', '--log-level', 'debug', ...fixed], options);
    const first = await program.firstLine(60_000);
    if (first.includes('"success":false')) throw new Error(`The worker could not start: ${first}`);
    this.workers.push(program);
    return program;
  }

  /** Sees to it that so many workers are there, none of them frozen or trapped, and forgets what they have said. */
  async ready(count = 2): Promise<readonly Program[]> {
    this.disarm();
    for (const worker of this.workers) {
      worker.thaw();
      worker.stdout = worker.stderr = '';
    }
    this.workers = this.workers.filter((worker) => worker.isRunning);
    for (const surplus of this.workers.splice(count)) await surplus.kill();
    while (this.workers.length < count) await this.worker();
    return this.workers;
  }

  get running(): readonly Program[] {
    return this.workers.filter((worker) => worker.isRunning);
  }

  async start(
    archive: Archive,
    settings: Partial<JobSettings>,
    out = this.stage.freshOut(),
  ): Promise<LaneJob> {
    const { jobId, dataset } = await this.threadmill.startJob(archive.path, settings, { out });
    this.outs.push(out);
    this.jobs.push(jobId);
    return { jobId, dataset, result: this.wait(jobId) };
  }

  /** The job's end; one that never comes is told. */
  wait(jobId: string): Promise<JobResult> {
    const result = this.threadmill.waitForJob(jobId, { signal: AbortSignal.timeout(jobMs) });
    result.catch(() => undefined); // whoever waits for it is told
    return result;
  }

  async resume(jobId: string): Promise<JobResult> {
    return this.threadmill.resumeJob(jobId, { signal: AbortSignal.timeout(jobMs) });
  }

  /** The worker that began a segment last; waits for the first one. */
  async busy(): Promise<Program> {
    return until('a worker to begin', () =>
      this.running.find((worker) => worker.stderr.includes('Segment begins')),
    );
  }

  arm(trap: Trap): void {
    rmSync(`${this.lair}.sprung`, { force: true });
    writeFileSync(this.lair, JSON.stringify(trap));
  }

  disarm(): void {
    rmSync(this.lair, { force: true });
  }

  /** The worker that went into the trap; a trap that can no longer spring says why. */
  async sprung(job: LaneJob): Promise<Program> {
    let ended: string | null = null;
    job.result.then(
      () => (ended = 'the job is done'),
      (error: unknown) => (ended = `the job ended: ${String(error)}`),
    );
    const pid = await until(
      'the trap to spring',
      () => {
        const sprung = this.sprungPids().at(-1);
        if (sprung !== undefined) return sprung;
        if (ended === null && this.running.length > 0) return null;
        throw new Error(`The trap did not spring: ${ended ?? 'no worker is left'}; ${this.trapFacts(job)}`);
      },
      jobMs,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}; ${this.trapFacts(job)}`, { cause: error });
    });
    return until('the worker in the trap', () => this.everyone.find((program) => program.pid === pid));
  }

  /** What may tell why a trap did not spring. */
  private trapFacts({ jobId, dataset }: LaneJob): string {
    const trap = existsSync(this.lair) ? readFileSync(this.lair, 'utf8') : 'none (it was taken)';
    const said = this.workers.map(({ pid, isRunning, stderr }) => {
      const lines = stderr.split('\n').filter((line) => line.includes(jobId));
      return `worker ${pid}, ${isRunning ? 'running' : 'gone'}: ${lines.slice(-5).join('\n')}`;
    });
    const files = existsSync(dataset) ? readdirSync(dataset) : [];
    return [`it lies there: ${trap}`, `in the folder: ${files.join(', ')}`, ...said].join('\n');
  }

  sprungPids(): readonly number[] {
    if (!existsSync(`${this.lair}.sprung`)) return [];
    return readFileSync(`${this.lair}.sprung`, 'utf8').split('\n').filter(Boolean).map(Number);
  }

  /** How often each part was committed, by what the workers have said since the last `ready()`. */
  commits(jobId: string): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    for (const worker of this.everyone) {
      for (const { job, part } of worker.logged('Part committed')) {
        if (job === jobId) counts.set(Number(part), (counts.get(Number(part)) ?? 0) + 1);
      }
    }
    return counts;
  }

  /** Folders of the jobs since the last call. */
  takeOuts(): readonly string[] {
    const { outs } = this;
    this.outs = [];
    this.jobs = [];
    return outs;
  }

  /** After a cycle that went wrong: nothing of it may disturb the next. */
  async giveUp(): Promise<void> {
    this.disarm();
    for (const jobId of this.jobs) {
      await this.threadmill.client.workflow
        .getHandle(jobId)
        .terminate('torture')
        .catch(() => undefined);
    }
    this.takeOuts();
    await Promise.all(this.workers.map((worker) => worker.kill()));
  }

  async end(): Promise<void> {
    await Promise.all(this.everyone.map((program) => program.kill()));
    await this.threadmill.close();
  }
}
