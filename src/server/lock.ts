/** A lock file between processes, for what must be done by one of them: start a server, build a binary. */
import { mkdir, readFile, rename, rm, stat, utimes, writeFile, link } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import path from 'node:path';
import { ThreadmillError } from '../core/errors.ts';
import { isAlive, waitUntil } from './host.ts';

/** A live holder touches its file this often... */
const touchMs = 2_000;
/** ...so a file this old is nobody's, whatever its process id says (ids are used again; containers have their own). */
const staleMs = 30_000;

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly id: string;
}

async function holderOf(file: string): Promise<Holder | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return null;
  }
}

async function isStale(file: string, holder: Holder): Promise<boolean> {
  if (holder.host === hostname() && !isAlive(holder.pid)) return true;
  try {
    return Date.now() - (await stat(file)).mtimeMs > staleMs;
  } catch {
    return false;
  }
}

/** Moves a stale lock away. What was moved is looked at again: another process may have been quicker. */
async function breakStale(file: string, stale: Holder): Promise<void> {
  const aside = `${file}.${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return;
  }
  const moved = await holderOf(aside);
  if (moved !== null && moved.id !== stale.id) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function tryTake(file: string, mine: Holder): Promise<boolean> {
  const draft = `${file}.${mine.id}`;
  await writeFile(draft, JSON.stringify(mine), { flag: 'wx' });
  try {
    // A hard link appears whole or not at all and fails when the name exists: O_EXCL without an empty moment.
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

/**
 * Runs `work` while this process alone holds the lock `file`. A holder that died, or has not touched its file for
 * 30 s, is set aside.
 *
 * @param options.timeoutMs how long to wait for another holder
 * @param options.what for the message: what the holder is doing
 * @param options.onWait called once, with the holder's process id, when there is a wait
 * @throws ThreadmillError SERVER_UNAVAILABLE when the other holder takes longer than that
 */
export async function withLock<T>(
  file: string,
  options: { readonly timeoutMs: number; readonly what: string; readonly onWait?: (pid: number) => void },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(path.dirname(file), { recursive: true });
  const mine: Holder = { pid: process.pid, host: hostname(), id: randomUUID() };
  let waitedFor = null as number | null;
  const taken = await waitUntil(async () => {
    if (await tryTake(file, mine)) return true;
    const holder = await holderOf(file);
    if (holder === null) return false;
    if (await isStale(file, holder)) {
      await breakStale(file, holder);
      return tryTake(file, mine);
    }
    if (waitedFor === null) options.onWait?.(holder.pid);
    waitedFor = holder.pid;
    return false;
  }, options.timeoutMs);
  if (!taken) {
    throw new ThreadmillError(
      'SERVER_UNAVAILABLE',
      `Waited ${Math.round(options.timeoutMs / 1000)} s for process ${waitedFor ?? 'unknown'}, which is ${options.what}; ` +
        `wait for it or end it, and if there is no such process remove '${file}'`,
      { facts: { lock: file, pid: waitedFor } },
    );
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, touchMs);
  touch.unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    if ((await holderOf(file))?.id === mine.id) await rm(file, { force: true });
  }
}
