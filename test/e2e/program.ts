/** The command line as a process that can be watched, frozen and killed. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { cacheFolder, hostEnvironment } from '../../src/server/environment.ts';
import { until } from './until.ts';

/** Shared, because the workflows of this checkout are bundled into it, which takes a process 2 s. */
const userCache = path.dirname(cacheFolder(hostEnvironment()));
const ownClient = path.join(import.meta.dirname, '../../src/client.ts');

export interface ProgramOptions {
  /** Its working folder, and its home: nothing of this machine's settings reaches it. */
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The command line's entry; default: this checkout's. */
  readonly client?: string;
}

export class Program {
  readonly pid: number;
  /** Its end. */
  readonly ended: Promise<number | NodeJS.Signals>;
  stdout = '';
  stderr = '';
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;
  private slowing: NodeJS.Timeout | null = null;

  constructor(args: readonly string[], { folder, env = {}, client = ownClient }: ProgramOptions) {
    this.child = spawn(process.execPath, [client, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, XDG_CACHE_HOME: userCache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.child.pid ?? 0;
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject).once('close', (code, signal) => {
        resolve(signal ?? code ?? -1);
      });
    });
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The first line of its standard output, once it is there. */
  async firstLine(timeoutMs = 30_000): Promise<string> {
    const line = await until(
      'the first line of a program',
      () => /^(.*)\n/.exec(this.stdout)?.[1] ?? (this.isRunning ? null : ''),
      timeoutMs,
    );
    if (line === '') throw new Error(`The program ended before it said anything:\n${this.stderr}`);
    return line;
  }

  /** Log lines with this message, as their fields; the SDK's and ours, from level debug on where it was asked for. */
  logged(message: string): readonly Readonly<Record<string, unknown>>[] {
    return this.stderr
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ msg }) => msg === message);
  }

  /** Stops it where it is; no time passes for it until `thaw`. */
  freeze(): void {
    this.thaw();
    this.child.kill('SIGSTOP');
  }

  /** Lets it run for a tenth of the time until `thaw`: what takes it a second then lasts for ten, on any machine. */
  slow(): void {
    this.freeze();
    let turn = 0;
    this.slowing = setInterval(() => {
      this.child.kill(turn++ % 10 === 0 ? 'SIGCONT' : 'SIGSTOP');
    }, 20);
  }

  thaw(): void {
    if (this.slowing !== null) clearInterval(this.slowing);
    this.slowing = null;
    if (this.isRunning) this.child.kill('SIGCONT');
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    this.thaw();
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** As Ctrl-C does; SIGKILL where that takes longer than a worker may have. */
  async stop(timeoutMs = 30_000): Promise<number | NodeJS.Signals> {
    this.thaw();
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), timeoutMs);
    try {
      return await this.ended;
    } finally {
      clearTimeout(late);
    }
  }
}
