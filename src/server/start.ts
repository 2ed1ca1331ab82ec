/** The start of an embedded server: share the running one, clear what a crash left, choose ports, spawn, wait. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ThreadmillError } from '../core/errors.ts';
import { findTemporal } from './binary.ts';
import type { EnsureServerOptions } from './server-options.ts';
import { answersHealthCheck } from './health.ts';
import { freePort, isAlive, isPortFree, waitUntil } from './host.ts';
import { takeLease, type Lease } from './lease.ts';
import { withLock } from './lock.ts';
import { clearStale, readServerFile, type ServerFile } from './server-file.ts';
import { serverLogPath, spawnSupervisor } from './spawn.ts';

/** A start takes 0.5 s; a cold disk and two other jobs on two cores still fit. */
const readyMs = 60_000;
/** Another starter's whole start, with a stale server to be ended first. */
const lockMs = 90_000;

/** A running server and the lease that keeps it. */
export interface Held {
  readonly file: ServerFile;
  readonly lease: Lease;
  readonly owned: boolean;
}

function unavailable(message: string, facts: Record<string, string | number | null>): ThreadmillError {
  return new ThreadmillError('SERVER_UNAVAILABLE', message, { facts });
}

async function logText(dataDir: string): Promise<string> {
  return readFile(serverLogPath(dataDir), 'utf8').catch(() => '');
}

/** Waits until the server says that it listens and answers; null when its supervisor went away before. */
async function whenReady(dataDir: string, supervisorPid: number, lease: Lease): Promise<ServerFile | null> {
  let ended = false as boolean;
  void lease.ended.then(() => (ended = true));
  let file: ServerFile | null = null;
  const up = await waitUntil(async () => {
    if (ended) return true;
    file = readServerFile(dataDir);
    return (
      file?.supervisorPid === supervisorPid &&
      file.ready &&
      (await answersHealthCheck(`127.0.0.1:${file.port}`))
    );
  }, readyMs);
  if (ended) return null;
  if (up) return file;
  throw unavailable(
    `The Temporal server did not answer within ${readyMs / 1000} s; see '${serverLogPath(dataDir)}', ` +
      'or set TEMPORAL_ADDRESS to use a running server',
    { log: serverLogPath(dataDir) },
  );
}

async function share(dataDir: string, database: string | null): Promise<Held | null> {
  const found = readServerFile(dataDir);
  if (found === null) return null;
  const lease = await takeLease(found.leasePort, found.token);
  if (lease === null) return null;
  try {
    if (found.database !== database) {
      const [has, wants] = database === null ? ['a file', 'memory'] : ['memory', 'a file'];
      throw unavailable(
        `The server that runs for '${dataDir}' (process ${found.supervisorPid}) keeps its state in ${has}, and ${wants} ` +
          'was asked for; end the processes that use it, or use the same PUSHSHIFT_CHECKPOINT_PERSISTENCE',
        { dataDir, pid: found.supervisorPid },
      );
    }
    const file = await whenReady(dataDir, found.supervisorPid, lease);
    return file === null ? null : { file, lease, owned: false };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function choosePorts(options: EnsureServerOptions): Promise<{ port: number; uiPort: number }> {
  for (const [name, port] of Object.entries({ port: options.port, uiPort: options.uiPort })) {
    // A moment's patience: the kernel may still be closing it for a server that was killed.
    if (port !== undefined && !(await waitUntil(() => isPortFree(port), 2_000))) {
      throw unavailable(
        `Cannot start the Temporal server: ${name} ${port} is taken; give another one, or none`,
        { port },
      );
    }
  }
  const port = options.port ?? (await freePort(7233, [options.uiPort ?? 0]));
  return { port, uiPort: options.uiPort ?? (await freePort(8233, [port])) };
}

async function startOnce(
  program: string,
  options: EnsureServerOptions,
  database: string | null,
): Promise<Held | null> {
  const { dataDir } = options;
  const supervisorPid = await spawnSupervisor(program, {
    ...options,
    ...(await choosePorts(options)),
    database,
  });
  const recorded = (): boolean => readServerFile(dataDir)?.supervisorPid === supervisorPid;
  await waitUntil(() => recorded() || !isAlive(supervisorPid), readyMs);
  const first = readServerFile(dataDir);
  if (first?.supervisorPid !== supervisorPid) return null;
  const lease = await takeLease(first.leasePort, first.token, 10_000);
  if (lease === null) return null;
  try {
    const file = await whenReady(dataDir, supervisorPid, lease);
    return file === null ? null : { file, lease, owned: true };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function startUnderLock(
  program: string,
  options: EnsureServerOptions,
  database: string | null,
): Promise<Held> {
  const { dataDir, onProgress } = options;
  // A port can be lost between choosing and using it; three times in a row is something else.
  for (let tries = 1; ; tries++) {
    const shared = await share(dataDir, database);
    if (shared !== null) return shared;
    const stale = readServerFile(dataDir);
    if (stale !== null) for (const what of await clearStale(dataDir, stale)) onProgress?.(`Ended ${what}`);
    const before = (await logText(dataDir)).length;
    const held = await startOnce(program, options, database);
    if (held !== null) return held;
    // a log that was set aside begins anew; a lost port is followed by a hundred lines of Go's stack
    const log = await logText(dataDir);
    const said = log.slice(before < log.length ? before : 0);
    if (tries < 3 && said.includes('address already in use')) continue;
    const tail = said.trimEnd().split('\n').slice(0, 5).join('\n');
    throw unavailable(
      `Cannot start the Temporal server; '${serverLogPath(dataDir)}' says:\n${tail}\n` +
        'Repair what it names, give another folder (PUSHSHIFT_CHECKPOINT_STORAGE), or set TEMPORAL_ADDRESS',
      { log: serverLogPath(dataDir) },
    );
  }
}

/**
 * A lease on the server of `options.dataDir` (absolute): of the running one, else of a new one.
 *
 * @param database the file that it must use; null: memory
 * @throws ThreadmillError SERVER_UNAVAILABLE, as `ensureServer`
 */
export async function acquire(options: EnsureServerOptions, database: string | null): Promise<Held> {
  const { dataDir, onProgress } = options;
  const shared = await share(dataDir, database);
  if (shared !== null) return shared;
  // Before the lock: a build takes minutes, and has a lock of its own.
  const program = await findTemporal(options);
  const what = 'starting the Temporal server';
  const onWait = (pid: number): void => onProgress?.(`Waiting for process ${pid}, which is ${what}`);
  return withLock(path.join(dataDir, 'server.lock'), { timeoutMs: lockMs, what, onWait }, () =>
    startUnderLock(program, options, database),
  );
}
