/** What the server's start and end ask of the machine: processes by id, and ports. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** Whether a process with this id runs. A zombie counts as gone: without a reaping init it would stay for ever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The fields after the command in parentheses, which may itself hold parentheses: state first, threads 18th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A leader that has ended while its threads still end holds their ports and files.
    return fields[0] !== 'Z' || Number(fields[17]) > 1;
  } catch {
    return false;
  }
}

/**
 * Command line of a process, its words joined by spaces; null when it can't be known. Asked before a signal goes to an
 * id from a file: ids are used again after a reboot.
 */
export function commandLine(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    }
    if (process.platform === 'win32') return null;
    return execFileSync('ps', ['-ww', '-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}

/** Sends a signal; a process that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Waits until `done()` or the time is over (ms); says which. */
export async function waitUntil(done: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await done()) return true;
    if (performance.now() >= end) return false;
    // 50 ms: below what a person notices, and a start takes half a second.
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** SIGTERM, then SIGKILL after `graceMs`. Resolves when the process is gone; false when it outlives even that. */
export async function terminate(pid: number, graceMs: number): Promise<boolean> {
  signalProcess(pid, 'SIGTERM');
  if (await waitUntil(() => !isAlive(pid), graceMs)) return true;
  signalProcess(pid, 'SIGKILL');
  return waitUntil(() => !isAlive(pid), 2_000);
}

/** Whether something answers on 127.0.0.1:`port`. */
export function answers(port: number, timeoutMs = 500): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(timeoutMs, () => {
      end(false);
    });
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}

/** Listens on 127.0.0.1:`port` (0: any) for a moment; the port it got, or null when it is taken. */
function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(null);
    });
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = probe.address();
      const got = typeof address === 'object' && address !== null ? address.port : null;
      probe.close(() => {
        resolve(got);
      });
    });
  });
}

/** Whether a server may bind 127.0.0.1:`port`. Asks first: on macOS a bind succeeds beside a wildcard listener. */
export async function isPortFree(port: number): Promise<boolean> {
  return !(await answers(port)) && (await tryPort(port)) !== null;
}

/** `preferred` when it is free and not 0, else a free port that is not in `except`. May be taken again before it is used. */
export async function freePort(preferred: number, except: readonly number[] = []): Promise<number> {
  if (preferred !== 0 && !except.includes(preferred) && (await isPortFree(preferred))) return preferred;
  for (let tries = 0; tries < 20; tries++) {
    const port = await tryPort(0);
    if (port !== null && !except.includes(port)) return port;
  }
  throw new Error('No free port on 127.0.0.1 after 20 tries');
}
