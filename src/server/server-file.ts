/** `server.json` beside the database: which server runs for this folder. Written by the supervisor, read by all. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandLine, isAlive, terminate, waitUntil } from './host.ts';

export interface ServerFile {
  readonly version: 1;
  readonly supervisorPid: number;
  /** Null until it is spawned, and between a crash and the restart. */
  readonly temporalPid: number | null;
  readonly port: number;
  readonly uiPort: number;
  /** Where the supervisor takes leases, on 127.0.0.1, and the secret that opens one. */
  readonly leasePort: number;
  readonly token: string;
  /** Absolute path of the database; null: in memory. */
  readonly database: string | null;
  /** Whether the server has said that it listens (false again during a restart). */
  readonly ready: boolean;
}

/** Longer than the supervisor's own SIGTERM, 10 s, SIGKILL. */
const stopMsMax = 13_000;

/** Path of the file for a data folder. */
function serverFilePath(dataDir: string): string {
  return path.join(dataDir, 'server.json');
}

/** The file's content; null when there is none or it is no such file (a crash can't tear it: it is renamed). */
export function readServerFile(dataDir: string): ServerFile | null {
  try {
    const value = JSON.parse(readFileSync(serverFilePath(dataDir), 'utf8')) as Partial<ServerFile>;
    const pids = [value.supervisorPid, value.port, value.uiPort, value.leasePort];
    if (value.version !== 1 || !pids.every(Number.isInteger) || typeof value.token !== 'string') return null;
    return value as ServerFile;
  } catch {
    return null;
  }
}

/** Replaces the file at once. Readable by its owner only: the token in it keeps a server alive. */
export function writeServerFile(dataDir: string, content: ServerFile): void {
  const draft = `${serverFilePath(dataDir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(content), { mode: 0o600 });
  renameSync(draft, serverFilePath(dataDir));
}

/** Removes the file, if it is the given supervisor's. */
export function removeServerFile(dataDir: string, supervisorPid: number): void {
  if (readServerFile(dataDir)?.supervisorPid === supervisorPid)
    rmSync(serverFilePath(dataDir), { force: true });
}

function isSupervisor(pid: number): boolean {
  return isAlive(pid) && /supervisor\.[jt]s/.test(commandLine(pid) ?? '');
}

function isTemporalOf(file: ServerFile): boolean {
  if (file.temporalPid === null || !isAlive(file.temporalPid)) return false;
  const line = commandLine(file.temporalPid) ?? '';
  const marks = [
    'server start-dev',
    `--port ${file.port}`,
    ...(file.database === null ? [] : [file.database]),
  ];
  return marks.every((mark) => line.includes(mark));
}

/**
 * Makes sure that nothing of a server whose supervisor gives no lease is left: waits for a supervisor that is stopping,
 * ends one that hangs, ends a server that lost its supervisor (two servers on one database corrupt it), and removes
 * the file. Processes are touched only when their command line is ours. Call it under the start lock.
 *
 * @returns what was ended, for the log; empty when all was gone
 */
export async function clearStale(dataDir: string, file: ServerFile): Promise<readonly string[]> {
  const ended: string[] = [];
  if (isSupervisor(file.supervisorPid)) {
    const gone = await waitUntil(() => !isSupervisor(file.supervisorPid), stopMsMax);
    if (!gone) {
      await terminate(file.supervisorPid, 1_000);
      ended.push(`supervisor ${file.supervisorPid}, which did not answer`);
    }
  }
  const pid = file.temporalPid;
  // A process that is ending has no command line any more, and still its ports.
  if (pid !== null) await waitUntil(() => !isAlive(pid) || commandLine(pid) !== '', 2_000);
  if (pid !== null && isTemporalOf(file)) {
    await terminate(pid, 10_000);
    ended.push(`server ${pid}, which had lost its supervisor`);
  }
  rmSync(serverFilePath(dataDir), { force: true });
  return ended;
}
