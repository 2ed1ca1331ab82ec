/** Runs a program to its end and tells what it cost: wall time, CPU of its whole process tree, the largest process. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Cost {
  readonly seconds: number;
  /** User and system, of all processes that were waited for; null without GNU time. */
  readonly cpuSeconds: number | null;
  /** Resident memory of the largest process at its highest; null without GNU time. */
  readonly peakBytes: number | null;
}

export interface Ran extends Cost {
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Path of GNU time; null: CPU and memory are not told. */
  readonly gnuTime: string | null;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard output goes to nowhere, as `> /dev/null`. */
  readonly discard?: boolean;
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** What a message keeps of a program's standard error. */
const tailChars = 400;

/**
 * Runs a program in a process group of its own, and kills that group by its id on time-out or abort.
 *
 * @throws {Error} with the end of its standard error where it fails
 */
export async function run(command: readonly [string, ...string[]], options: RunOptions): Promise<Ran> {
  const { gnuTime } = options;
  const report = path.join(tmpdir(), `threadmill-bench-${randomBytes(6).toString('hex')}`);
  const timed: readonly [string, ...string[]] =
    gnuTime === null ? command : [gnuTime, '-o', report, '-f', '%U %S %M', ...command];
  try {
    const ran = await spawned(timed, options);
    return { ...ran, ...(gnuTime === null ? { cpuSeconds: null, peakBytes: null } : readReport(report)) };
  } finally {
    rmSync(report, { force: true });
  }
}

/** The same for a pipeline of a shell, which fails where any part of it fails; `$1`, `$2` … are the arguments. */
export function runShell(script: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  return run(['bash', '-c', `set -o pipefail; ${script}`, 'bench', ...args], options);
}

function spawned(
  [program, ...args]: readonly [string, ...string[]],
  { timeoutMs, signal, cwd, env, discard = false, onOutput }: RunOptions,
): Promise<{ readonly seconds: number; readonly stdout: string; readonly stderr: string }> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const output = { stdout: '', stderr: '' };
    const child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', discard ? 'ignore' : 'pipe', 'pipe'],
    });
    let why: string | null = null;
    const kill = (reason: string): void => {
      why ??= reason;
      // the group, which is this child and what it started
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const timer = setTimeout(kill, timeoutMs, `no end after ${Math.round(timeoutMs / 1000)} s`);
    const abort = (): void => {
      kill('interrupted');
    };
    signal.addEventListener('abort', abort, { once: true });
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text;
        onOutput?.(stream, text);
      });
    }
    child.once('error', reject).once('close', (code, ended) => {
      const seconds = (performance.now() - started) / 1000;
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (why === null && code === 0) resolve({ seconds, ...output });
      else reject(new Error(why ?? `exit ${ended ?? String(code)}: ${tailOf(output.stderr)}`));
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

/** The line that names the error, else the end. */
function tailOf(text: string): string {
  const lines = text.trim().split('\n');
  const found = lines.findLast((line) => /error|exception|cannot/i.test(line));
  return found === undefined ? lines.join(' ').slice(-tailChars) : found.slice(0, tailChars);
}

function readReport(file: string): Pick<Cost, 'cpuSeconds' | 'peakBytes'> {
  // a line on a bad exit may stand before it
  const [user = NaN, system = NaN, kib = NaN] = (readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number);
  return { cpuSeconds: user + system, peakBytes: kib * 1024 };
}

/** What a process that goes on has used so far; null where the machine does not tell (Linux does). */
export function usageOf(
  pid: number,
): { readonly cpuSeconds: number; readonly peakBytes: number; readonly residentBytes: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // behind the name, which may hold spaces; fields 14 and 15 of proc(5), in ticks of 1/100 s
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]);
    return {
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
      peakBytes: kib('VmHWM') * 1024,
      residentBytes: kib('VmRSS') * 1024,
    };
  } catch {
    return null;
  }
}
