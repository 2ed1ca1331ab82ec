/**
 * The process that owns the Temporal server. It starts it, starts it again when it dies, and ends it when no threadmill
 * process holds a lease. Plain Node, no packages: it starts in 50 ms and idles at 40 MB beside every job.
 *
 * Run by `embedded.ts` as its own session (a Ctrl-C in the terminal doesn't reach it), its options as JSON on stdin.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isAlive, signalProcess } from './host.ts';
import { removeServerFile, writeServerFile } from './server-file.ts';

/** What `embedded.ts` hands over. */
export interface SupervisorOptions {
  readonly dataDir: string;
  readonly database: string | null;
  readonly port: number;
  readonly uiPort: number;
  /** Program and arguments; the program may be a wrapper that becomes the server. */
  readonly command: readonly string[];
}

/** Between two commands in a script the server stays up. */
const graceMs = 1_500;
/** The starter connects within milliseconds of server.json; a machine that swaps gets this much. */
const firstLeaseMs = 15_000;
/** Temporal stops in 0.1 to 2 s. */
const stopMs = 10_000;
/** A server that dies more often than this within the window will not come up by being started again. */
const restartsMax = 5;
const restartWindowMs = 60_000;

type Child = ChildProcessByStdio<null, Readable, Readable>;

function log(message: string): void {
  process.stderr.write(`${new Date().toISOString()} supervisor ${process.pid}: ${message}\n`);
}

class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #token = randomBytes(24).toString('hex');
  readonly #leases = new Set<Socket>();
  readonly #listener: Server;
  readonly #restarts: number[] = [];
  #leasePort = 0;
  #child: Child | null = null;
  #ready = false;
  #everReady = false;
  #stopping = false;
  #grace: NodeJS.Timeout | null = null;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#listener = createServer((socket) => {
      this.#greet(socket);
    });
  }

  run(): void {
    this.#listener.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = this.#listener.address();
      if (typeof address === 'object' && address !== null) this.#leasePort = address.port;
      this.#startTemporal();
      this.#startGrace(firstLeaseMs);
    });
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        this.#stop(signal, 0);
      });
    }
  }

  #record(): void {
    const { dataDir, database, port, uiPort } = this.#options;
    writeServerFile(dataDir, {
      version: 1,
      supervisorPid: process.pid,
      temporalPid: this.#child?.pid ?? null,
      port,
      uiPort,
      leasePort: this.#leasePort,
      token: this.#token,
      database,
      ready: this.#ready,
    });
  }

  #startTemporal(): void {
    const [program = '', ...args] = this.#options.command;
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    this.#record();
    child.once('error', (error) => {
      log(`cannot run '${program}': ${error.message}`);
      this.#temporalEnded(child, error.message);
    });
    child.once('exit', (code, signal) => {
      this.#temporalEnded(child, signal ?? `code ${String(code)}`);
    });
    let banner = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      process.stderr.write(text);
      if (this.#ready) return;
      // Its own word that it listens; a port that answers could be someone else's.
      banner = (banner + text).slice(-4_096);
      if (!/^(Temporal )?Server:/m.test(banner)) return;
      this.#ready = true;
      this.#everReady = true;
      this.#record();
    });
    child.stderr.on('data', (bytes: Buffer) => process.stderr.write(bytes));
    log(`server ${String(child.pid)} started on port ${this.#options.port}`);
  }

  #temporalEnded(child: Child, how: string): void {
    if (this.#child !== child) return;
    this.#child = null;
    this.#ready = false;
    log(`server ${String(child.pid)} ended with ${how}`);
    if (this.#stopping) {
      this.#leave(process.exitCode ?? 0);
      return;
    }
    const now = performance.now();
    while (this.#restarts.length > 0 && now - (this.#restarts[0] ?? 0) > restartWindowMs)
      this.#restarts.shift();
    if (!this.#everReady || this.#restarts.length >= restartsMax) {
      this.#stop(`the server ended ${this.#restarts.length + 1} times within a minute`, 1);
      return;
    }
    this.#record();
    // 0.1, 0.2, 0.4 … s: at once after one crash, and not in a tight loop.
    const delayMs = 100 * 2 ** this.#restarts.length;
    this.#restarts.push(now);
    setTimeout(() => {
      if (!this.#stopping) this.#startTemporal();
    }, delayMs);
  }

  #greet(socket: Socket): void {
    let line = '';
    socket.setEncoding('utf8').on('error', () => undefined);
    const late = setTimeout(() => socket.destroy(), 5_000);
    socket.once('close', () => {
      clearTimeout(late);
      if (this.#leases.delete(socket) && this.#leases.size === 0) this.#startGrace(graceMs);
    });
    socket.on('data', (text: string) => {
      line += text;
      if (line.length > 1_024) socket.destroy();
      if (!line.includes('\n')) return;
      const said = line.trim();
      line = '';
      if (this.#leases.has(socket)) {
        if (said === 'release') this.#release(socket);
      } else if (!this.#stopping && this.#opens(said)) {
        clearTimeout(late);
        if (this.#grace !== null) clearTimeout(this.#grace);
        this.#grace = null;
        this.#leases.add(socket);
        socket.write('granted\n');
      } else socket.end('refused\n');
    });
  }

  #opens(said: string): boolean {
    try {
      const token = Buffer.from(String((JSON.parse(said) as { token?: unknown }).token));
      const mine = Buffer.from(this.#token);
      return token.length === mine.length && timingSafeEqual(token, mine);
    } catch {
      return false;
    }
  }

  #release(socket: Socket): void {
    if (this.#leases.size > 1) socket.end();
    // The last one keeps its connection to the end, which tells it that the server is gone.
    else this.#stop('the last user let go', 0);
  }

  #startGrace(ms: number): void {
    if (this.#stopping) return;
    this.#grace = setTimeout(() => {
      this.#stop('no user is left', 0);
    }, ms);
  }

  #stop(why: string, code: number): void {
    if (this.#stopping) return;
    this.#stopping = true;
    process.exitCode = code;
    log(`stopping: ${why}`);
    this.#listener.close();
    const pid = this.#child?.pid;
    if (pid === undefined || !isAlive(pid)) {
      this.#leave(code);
      return;
    }
    signalProcess(pid, 'SIGTERM');
    setTimeout(() => {
      log('the server did not stop; SIGKILL');
      signalProcess(pid, 'SIGKILL');
    }, stopMs);
  }

  #leave(code: number | string): void {
    removeServerFile(this.#options.dataDir, process.pid);
    for (const socket of this.#leases) socket.destroy();
    process.exit(Number(code));
  }
}

let input = '';
process.stdin.setEncoding('utf8');
for await (const text of process.stdin) input += String(text);
// No input: the starter died before it could say what to start.
if (input !== '') new Supervisor(JSON.parse(input) as SupervisorOptions).run();
