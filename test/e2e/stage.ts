/** What a file of end-to-end tests plays on: one Temporal server, workers as processes, and a folder that goes with it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { WorkflowHandle } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import type { JobSettings } from '../../src/contract/job.ts';
import { connectThreadmill, type ConnectedThreadmill } from '../../src/index.ts';
import { findTemporal } from '../../src/server/binary.ts';
import { ensureServer, type EmbeddedServer } from '../../src/server/embedded.ts';
import { freePort, isAlive, terminate } from '../../src/server/host.ts';
import { readServerFile } from '../../src/server/server-file.ts';
import { resolveSettings } from '../../src/settings.ts';
import type { Archive } from './archives.ts';
import { partsIn } from './datasets.ts';
import { Program } from './program.ts';
import { until } from './until.ts';

export type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

const MiB = 2 ** 20;
const run = promisify(execFile);

/** Under a test that waits for heartbeat time-outs of 5 s, on two busy cores. */
export const slowMs = 120_000;

export interface StageOptions {
  /** The server keeps its state in a file; default false, which is faster. */
  readonly persistence?: boolean;
}

/** A started job. */
export interface StagedJob {
  readonly jobId: string;
  readonly dataset: string;
  readonly handle: WorkflowHandle;
}

export class Stage {
  readonly folder: string;
  readonly server: EmbeddedServer;
  readonly threadmill: ConnectedThreadmill;
  readonly taskQueue = 'threadmill';
  private readonly programs: Program[] = [];
  private outs = 0;

  private constructor(folder: string, server: EmbeddedServer, threadmill: ConnectedThreadmill) {
    this.folder = folder;
    this.server = server;
    this.threadmill = threadmill;
  }

  static async open({ persistence = false }: StageOptions = {}): Promise<Stage> {
    const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-e2e-'));
    const port = await freePort(0);
    const uiPort = await freePort(0, [port]);
    const dataDir = path.join(folder, 'server');
    const server = await ensureServer({ dataDir, persistence, retentionMs: 86_400_000, port, uiPort });
    const flags = { address: server.address };
    const { values } = resolveSettings({ env: {}, cwd: folder, flags });
    return new Stage(folder, server, await connectThreadmill({ values }));
  }

  /** Ends every process that was started, by its id, and removes the folder. */
  async end(): Promise<void> {
    await Promise.all(this.programs.map((program) => program.kill()));
    await this.threadmill.close();
    await this.server.stop();
    // of a killed `threadmill run` in this folder; it goes by itself a moment later, but then its folder is gone
    const left = readServerFile(path.join(this.folder, 'data', 'checkpoints'));
    for (const pid of [left?.supervisorPid, left?.temporalPid ?? undefined])
      if (pid !== undefined && isAlive(pid)) await terminate(pid, 5_000);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A process `threadmill …args`; it ends with the stage at the latest. */
  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const program = new Program(args, { folder: this.folder, env });
    this.programs.push(program);
    return program;
  }

  /** A worker process with one mill thread that polls. */
  async worker(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Program> {
    const { address } = this.server;
    const fixed = ['--address', address, '--task-queue', this.taskQueue, '--threads', '1'];
    const program = this.start(['worker', '--json', '--log-level', 'debug', ...fixed, ...args], env);
    await program.firstLine();
    return program;
  }

  /** A path for datasets that nobody has used. */
  freshOut(): string {
    return path.join(this.folder, `out-${this.outs++}`);
  }

  /** A folder for files of a test. */
  freshFolder(name: string): string {
    const folder = path.join(this.folder, `${name}-${this.outs++}`);
    mkdirSync(folder);
    return folder;
  }

  /** Starts a job with small parts. */
  async job(
    archive: Archive | string,
    { partMib = 2, ...settings }: Partial<JobSettings> & { readonly partMib?: number } = {},
    out = this.freshOut(),
  ): Promise<StagedJob> {
    const file = typeof archive === 'string' ? archive : archive.path;
    const overrides = { preserveThreads: false, partBytes: partMib * MiB, ...settings };
    const { jobId, dataset } = await this.threadmill.startJob(file, overrides, { out });
    return { jobId, dataset, handle: this.handle(jobId) };
  }

  handle(jobId: string, runId?: string): WorkflowHandle {
    return this.threadmill.client.workflow.getHandle(jobId, runId);
  }

  /** Runs the official command line on this server; gives its standard output. */
  async temporal(...args: readonly string[]): Promise<string> {
    const program = await findTemporal();
    const { stdout } = await run(program, [...args, '--address', this.server.address], {
      env: { PATH: process.env['PATH'] ?? '', HOME: this.folder },
      maxBuffer: 2 ** 26,
    });
    return stdout;
  }
}

/** Resolves when the folder has so many committed parts. */
export async function committed(dataset: string, count: number, timeoutMs = 30_000): Promise<void> {
  await until(`${count} parts in ${dataset}`, () => partsIn(dataset).length >= count, timeoutMs);
}

/** All events of a run's history. */
export async function eventsOf(handle: WorkflowHandle): Promise<readonly HistoryEvent[]> {
  return (await handle.fetchHistory()).events ?? [];
}
