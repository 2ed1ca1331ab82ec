/** An embedded server that is warm, and worker processes on it: what jobs of the bench run on. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { JobSettings } from '../../src/contract/job.ts';
import { connectThreadmill, type ConnectedThreadmill } from '../../src/index.ts';
import { resolveSettings } from '../../src/settings.ts';
import { historyOf, type JobHistory } from './history.ts';
import { usageOf } from './measure.ts';

export const clientProgram = path.resolve(import.meta.dirname, '../../src/client.ts');

/** A worker from sources whose workflow bundle is not yet made takes three seconds to its first poll. */
const workerReadyMs = 60_000;
/** What a worker may take to stop when nothing runs. */
const workerEndMs = 10_000;

/** The environment of everything that the bench starts: none of the user's settings of threadmill reach it. */
export function plainEnvironment(): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(PUSHSHIFT|THREADMILL|TEMPORAL)_(?!CLI$)/.test(name)),
  );
}

export interface JobRun {
  readonly history: JobHistory;
  readonly workerCpuSeconds: number | null;
  readonly serverCpuSeconds: number | null;
  /** The worker's, before the job. */
  readonly idleBytes: number | null;
  readonly peakBytes: number | null;
  readonly peakBeyondWindowMb: number;
  readonly kept: number;
  readonly bytesOut: number;
}

interface RunJobOptions {
  readonly settings: Partial<JobSettings>;
  readonly out: string;
  readonly timeoutMs: number;
  /** The worker's. */
  readonly pid: number;
}

export class Stage {
  readonly dataDir: string;
  readonly threadmill: ConnectedThreadmill;
  private readonly signal: AbortSignal;

  private constructor(dataDir: string, threadmill: ConnectedThreadmill, signal: AbortSignal) {
    this.dataDir = dataDir;
    this.threadmill = threadmill;
    this.signal = signal;
  }

  /** Starts the server of a data folder, with its state in a file as it is by default. */
  static async open(dataDir: string, signal: AbortSignal): Promise<Stage> {
    const { values } = resolveSettings({ env: plainEnvironment(), cwd: dataDir, flags: { dataDir } });
    return new Stage(dataDir, await connectThreadmill({ values }), signal);
  }

  /** The server stops when nobody else uses it. */
  close(): Promise<void> {
    return this.threadmill.close();
  }

  get serverPid(): number {
    return this.threadmill.server.embedded?.pid ?? 0;
  }

  /** One job on a worker process of its own, which polls before the job starts. */
  async job(
    archive: string,
    settings: Partial<JobSettings>,
    { out, timeoutMs }: { readonly out: string; readonly timeoutMs: number },
  ): Promise<JobRun> {
    const worker = spawn(
      process.execPath,
      [clientProgram, 'worker', '--json', '--address', this.threadmill.server.address],
      { cwd: this.dataDir, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    let stderr = '';
    worker.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-2_000)));
    const pid = worker.pid ?? 0;
    const gone = Promise.withResolvers<never>();
    gone.promise.catch(() => undefined); // told to whoever waits below
    const ended = new Promise<void>((resolve) => {
      worker.once('error', gone.reject).once('close', (code) => {
        gone.reject(new Error(`The worker ended with ${String(code)}: ${stderr.slice(-400)}`));
        resolve();
      });
    });
    const abort = (): void => {
      worker.kill('SIGKILL');
    };
    this.signal.addEventListener('abort', abort, { once: true });
    const late = setTimeout(abort, workerReadyMs);
    try {
      await Promise.race([once(worker.stdout, 'data'), gone.promise]);
      clearTimeout(late);
      return await Promise.race([this.runJob(archive, { settings, out, timeoutMs, pid }), gone.promise]);
    } finally {
      clearTimeout(late);
      worker.kill('SIGTERM');
      const stuck = setTimeout(abort, workerEndMs);
      await ended;
      clearTimeout(stuck);
      this.signal.removeEventListener('abort', abort);
    }
  }

  private async runJob(archive: string, { settings, out, timeoutMs, pid }: RunJobOptions): Promise<JobRun> {
    const before = { worker: usageOf(pid), server: usageOf(this.serverPid) };
    const overrides = { preserveThreads: false, ...settings };
    const { jobId, dataset } = await this.threadmill.startJob(archive, overrides, { out, again: true });
    const signal = AbortSignal.any([this.signal, AbortSignal.timeout(timeoutMs)]);
    const { metrics } = await this.threadmill.waitForJob(jobId, { signal }).catch(async (error: unknown) => {
      // else the next row's worker would go on with it
      await this.threadmill.client.workflow
        .getHandle(jobId)
        .terminate()
        .catch(() => undefined);
      throw error;
    });
    const after = { worker: usageOf(pid), server: usageOf(this.serverPid) };
    return {
      history: await historyOf(this.threadmill.client, jobId),
      workerCpuSeconds: difference(before.worker, after.worker),
      serverCpuSeconds: difference(before.server, after.server),
      idleBytes: before.worker?.residentBytes ?? null,
      peakBytes: after.worker?.peakBytes ?? null,
      peakBeyondWindowMb: metrics.peakMemoryMb,
      kept: metrics.kept,
      bytesOut: datasetBytes(dataset),
    };
  }
}

/** The files with rows of a dataset, by its manifest, or by its list of values. */
export function datasetBytes(dataset: string): number {
  type Sized = readonly { readonly bytes: number }[];
  const textOf = (name: string): string => readFileSync(path.join(dataset, name), 'utf8');
  const manifest = JSON.parse(textOf('manifest.json')) as {
    readonly parts: Sized;
    readonly threads: Sized | null;
    readonly split?: { readonly list: { readonly file: string } };
  };
  const { parts, threads, split } = manifest;
  const files: Sized =
    split === undefined
      ? (threads ?? parts)
      : textOf(split.list.file)
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Sized[number]);
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function difference(before: ReturnType<typeof usageOf>, after: ReturnType<typeof usageOf>): number | null {
  return before === null || after === null ? null : after.cpuSeconds - before.cpuSeconds;
}

/** CPU seconds of the server so far. */
export function usageOfServer(stage: Stage): number | null {
  return usageOf(stage.serverPid)?.cpuSeconds ?? null;
}
