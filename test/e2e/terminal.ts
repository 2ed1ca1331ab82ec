/** The command line, or another program, on a real pseudo-terminal, and what a terminal shows of it. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Screen } from '../screen.ts';
import { until } from './until.ts';

const client = path.join(import.meta.dirname, '../../src/client.ts');

export interface TerminalOptions {
  readonly folder: string;
  readonly columns: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** What is run with the arguments; default: this checkout's command line. */
  readonly command?: readonly string[];
}

export class TerminalProgram {
  readonly screen: Screen;
  readonly ended: Promise<number>;
  /** All that was written to the terminal. */
  written = '';
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;

  constructor(
    args: readonly string[],
    { folder, columns, rows = 30, env = {}, command = [process.execPath, client] }: TerminalOptions,
  ) {
    this.screen = new Screen(columns, rows);
    const pty = path.join(import.meta.dirname, 'on-a-pty.py');
    this.child = spawn('python3', [pty, String(columns), String(rows), ...command, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, TERM: 'xterm-256color', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.written += text;
      this.screen.write(text);
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject).once('close', (code) => {
        resolve(code ?? -1);
      });
    });
  }

  press(keys: string): void {
    this.child.stdin.write(`keys ${Buffer.from(keys).toString('hex')}\n`);
  }

  /** What a window does that is dragged: what stands there is wrapped anew, then the program is told. */
  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.child.stdin.write(`size ${String(columns)} ${String(rows)}\n`);
  }

  /** Waits until the screen shows it; gives its lines. */
  async shows(what: string, good: (lines: readonly string[]) => boolean): Promise<readonly string[]> {
    try {
      return await until(
        what,
        async () => {
          const lines = await this.screen.lines();
          return good(lines) && lines;
        },
        30_000,
      );
    } catch (cause) {
      throw new Error(`The screen never showed ${what}:\n${(await this.screen.lines()).join('\n')}`, {
        cause,
      });
    }
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}
