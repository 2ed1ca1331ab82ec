/** A process of the cluster: started, killed by its id, started again; its talk in a file. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface DaemonOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Whose it is: PostgreSQL refuses root. Default: ours. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly log: string;
}

export class Daemon {
  private readonly options: DaemonOptions;
  private child: ChildProcess | null = null;
  private ended: Promise<unknown> = Promise.resolve();

  constructor(options: DaemonOptions) {
    this.options = options;
  }

  start(): void {
    const { command, args, env, cwd, user, log } = this.options;
    const out = openSync(log, 'a');
    const child = spawn(command, args, { env, cwd, ...user, stdio: ['ignore', out, out] });
    closeSync(out);
    this.child = child;
    this.ended = new Promise((resolve) => {
      child.once('close', resolve).once('error', resolve);
    });
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The end of what it said. */
  get said(): string {
    return readFileSync(this.options.log, 'utf8').slice(-3_000);
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.isRunning) this.child?.kill(signal);
    await this.ended;
  }
}
