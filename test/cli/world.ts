/** A run of the command line with everything outside it made up: streams, clock, Ctrl-C, server, worker. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Interrupts, Io, TextStream } from '../../src/cli/context.ts';
import { main } from '../../src/cli/main.ts';
import type { JobSummary, Ports, StartedJob, Threadmill, WorkerHandle } from '../../src/cli/ports.ts';
import { unicodeGlyphs } from '../../src/cli/render/panel.ts';
import type { Keys } from '../../src/cli/terminal/keys.ts';
import type { ArchiveInspection, JobProgress, JobResult } from '../../src/contract/job.ts';
import { zeroCounters } from '../../src/core/fates.ts';

/** Fails a test that reaches what it did not make up. */
function unexpected(name: string) {
  return (): never => {
    throw new Error(`${name} was not expected to be called`);
  };
}

export const result: JobResult = {
  jobId: 'job-1',
  success: true,
  archive: '/archives/RC.zst',
  dataset: '/out/RC',
  metrics: {
    totalProcessedLines: 10,
    kept: 7,
    excluded: { ...zeroCounters.excluded, deleted: 2 },
    rejected: { ...zeroCounters.rejected, 'malformed-json': 1 },
    blank: 0,
    threads: null,
    seconds: 2,
    linesPerSecond: 5,
    peakMemoryMb: 100,
    retries: 0,
  },
  warnings: [],
};

export const progress: JobProgress = {
  jobId: 'job-1',
  archive: '/archives/RC.zst',
  dataset: '/out/RC',
  state: 'running',
  completionPercentage: 40,
  estimatedTimeRemaining: 3,
  processedLines: 4,
  processedBytes: 400,
  compressedBytes: 40,
  compressedTotalBytes: 100,
  linesPerSecond: 5,
  bytesPerSecond: 500,
  counters: zeroCounters,
  parts: 1,
  buckets: 0,
  bucketsDone: 0,
  batchSize: 1000,
  memoryBytes: 1_000_000,
  memoryLimitBytes: 512_000_000,
  windowBytes: 8_000_000,
  retries: 0,
  segments: 1,
  warnings: [],
};

export const started: StartedJob = {
  jobId: 'job-1',
  runId: 'run-1',
  alreadyDone: false,
  alreadyRunning: false,
  dataset: '/out/RC',
  webUrl: 'http://ui/job-1',
};

export const summary: JobSummary = {
  jobId: 'job-1',
  runId: 'run-1',
  kind: 'job',
  status: 'running',
  archive: '/archives/RC.zst',
  startedMs: 0,
  closedMs: null,
  percent: 40,
};

/** A client of which only what is given may be used. */
export function fakeThreadmill(given: Partial<Threadmill> = {}): Threadmill {
  return {
    uiUrl: 'http://ui',
    namespace: 'default',
    server: 'the server',
    startJob: unexpected('startJob'),
    startReframe: unexpected('startReframe'),
    waitForJob: unexpected('waitForJob'),
    listJobs: unexpected('listJobs'),
    describeJob: () => Promise.resolve(summary),
    getJobProgress: unexpected('getJobProgress'),
    getCurrentStats: unexpected('getCurrentStats'),
    getResult: unexpected('getResult'),
    resumeJob: unexpected('resumeJob'),
    pauseJob: unexpected('pauseJob'),
    unpauseJob: unexpected('unpauseJob'),
    cancelJob: unexpected('cancelJob'),
    setBatchSize: unexpected('setBatchSize'),
    setMaxMemory: unexpected('setMaxMemory'),
    corpora: {
      start: unexpected('corpora.start'),
      waitFor: unexpected('corpora.waitFor'),
      getProgress: unexpected('corpora.getProgress'),
      restart: unexpected('corpora.restart'),
      setConcurrency: unexpected('corpora.setConcurrency'),
    },
    close: () => Promise.resolve(),
    ...given,
  };
}

/** A worker that runs until it is shut down, or fails. */
class FakeWorker implements WorkerHandle {
  readonly #end = Promise.withResolvers<undefined>();
  readonly run: Promise<void> = this.#end.promise;
  shutdowns = 0;

  shutdown(): Promise<void> {
    this.shutdowns++;
    this.#end.resolve(undefined);
    return Promise.resolve();
  }

  fail(error: Error): void {
    this.#end.reject(error);
  }
}

class Sink implements TextStream {
  text = '';
  readonly isTTY: boolean;
  readonly columns = 100;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** Keys that are pressed as soon as the listening has begun. */
function pressing(keys: readonly string[]) {
  return (press: (key: string) => void): Keys => {
    for (const key of keys) setImmediate(press, key);
    return { end: () => undefined };
  };
}

/** Streams, clock and Ctrl-C of one run. */
export class Scene {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'threadmill-cli-'));
  /** In order: what was called of the outside. */
  readonly calls: string[] = [];
  readonly worker = new FakeWorker();
  threadmill: Threadmill = fakeThreadmill();
  ports: Partial<Ports> = {};
  env: Record<string, string> = {};
  isTTY = false;
  /** Pressed as soon as somebody listens; null: no terminal to draw on. */
  keys: readonly string[] | null = null;
  nowMs = 1_000_000;
  readonly #interrupt = new AbortController();

  /** Makes an archive that may be read; gives its path. */
  archive(name: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, '{}\n');
    return file;
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    this.#interrupt.abort();
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #ports(): Ports {
    const ports: Ports = {
      connectThreadmill: () => {
        this.calls.push('connect');
        const { threadmill } = this;
        return Promise.resolve({
          ...threadmill,
          close: () => {
            this.calls.push('close');
            return threadmill.close();
          },
        });
      },
      startWorker: ({ server, values }) => {
        this.calls.push(`worker of ${String(server)}, log level ${values.logLevel}`);
        return Promise.resolve(this.worker);
      },
      startServer: unexpected('startServer'),
      // the commands that start jobs look at no more of it
      inspectArchive: (found) => {
        const kind = path.basename(found).startsWith('RS') ? 'submissions' : 'comments';
        return Promise.resolve({ path: found, kind } as ArchiveInspection);
      },
      checkSelection: () => Promise.resolve(),
      peekArchive: unexpected('peekArchive'),
      verifyDataset: unexpected('verifyDataset'),
      isCorpus: () => Promise.resolve(false),
      verifyCorpus: unexpected('verifyCorpus'),
      meansMany: () => Promise.resolve(false),
      findArchives: ({ archives }) => Promise.resolve(archives),
      readInput: unexpected('readInput'),
      readRejects: unexpected('readRejects'),
      writeReport: unexpected('writeReport'),
      openFile: unexpected('openFile'),
    };
    return { ...ports, ...this.ports };
  }

  /** Runs the command line to its end. */
  async run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string; calls: string[] }> {
    const stdout = new Sink(this.isTTY);
    const stderr = new Sink(this.isTTY);
    const interrupts = (): Interrupts => ({ signal: this.#interrupt.signal, dispose: () => undefined });
    const { keys } = this;
    const io: Io = {
      stdout,
      stderr,
      color: true,
      nowMs: () => this.nowMs,
      interrupts,
      terminal: keys === null ? undefined : { glyphs: unicodeGlyphs, keys: pressing(keys) },
    };
    const code = await main(argv, { io, ports: this.#ports(), env: this.env, cwd: this.folder });
    return { code, stdout: stdout.text, stderr: stderr.text, calls: this.calls };
  }
}

/** The JSON objects of an output, one a line. */
export function jsonLines(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
