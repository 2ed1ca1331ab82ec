/** The file of a claim: read, and put in place of nothing or of one that was seen there, and of nothing else. */
import { randomUUID } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { ThreadmillError } from '../../core/errors.ts';
import { schemeOf } from '../../core/places.ts';
import { outputError } from '../output/atomic-file.ts';
import { temporarySuffix } from '../storage/file-sink.ts';
import { openOwn, readText } from '../storage/stored-file.ts';
import { manifestBytesMax } from './names.ts';

/** A claim as it was seen. */
export interface FoundClaim {
  /** The job in it; '' where it can't be understood: cut off or foreign, so nobody's. */
  readonly holder: string;
  /** By which a store knows this very claim again; null on a disk. */
  readonly version: string | null;
}

/** The claim (or manifest, which names its job in the same way) in a file; null where there is none. @throws {ThreadmillError} */
export async function readClaim(path: string): Promise<FoundClaim | null> {
  try {
    const found = await ownText(path);
    return { holder: jobIdIn(found.text), version: found.version };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw outputError(path, error);
  }
}

/**
 * Puts a whole claim in place, where `seen` is still what stands there; else leaves it as it is. Read it again to see which.
 *
 * @param seen null: nothing stood there
 * @throws {ThreadmillError}
 */
export async function putClaim(path: string, jobId: string, seen: FoundClaim | null): Promise<void> {
  if (schemeOf(path) === 's3') {
    await putInStore(path, jobId, seen);
    return;
  }
  if (seen !== null) await takeAway(path, seen.holder);
  await create(path, jobId);
}
/** The text of a file of ours; empty where there is another thing, or too much of it. */
async function ownText(path: string): Promise<{ readonly text: string; readonly version: string | null }> {
  const file = await openOwn(path);
  if (file === null) return { text: '', version: null };
  try {
    return { text: file.bytes <= manifestBytesMax ? await readText(file) : '', version: file.version };
  } finally {
    await file.close();
  }
}

/**
 * In a store one conditional request does it, in place of a stale claim as well. A store that ignores conditions would give
 * one folder to two jobs, so each new claim asks for what must be refused.
 */
async function putInStore(path: string, jobId: string, seen: FoundClaim | null): Promise<void> {
  const { s3PutInPlace } = await import('../storage/s3-folder.ts');
  const text = claimText(jobId);
  if (!(await s3PutInPlace(path, text, seen?.version ?? null))) return;
  if (!(await s3PutInPlace(path, text, null))) return;
  throw new ThreadmillError(
    'STORAGE_REFUSED',
    `Cannot claim ${JSON.stringify(path)}: its store ignores conditional writes (If-None-Match), so that two jobs could write one ` +
      'folder; use a store that knows them: see docs/storage.md',
    { facts: { path } },
  );
}

function claimText(jobId: string): string {
  return `${JSON.stringify({ jobId })}\n`;
}

function jobIdIn(text: string): string {
  try {
    const value = JSON.parse(text) as { readonly jobId?: unknown } | null;
    return typeof value?.jobId === 'string' ? value.jobId : '';
  } catch {
    return ''; // cut off or foreign: nobody's, so it is taken over
  }
}

function besides(path: string): string {
  return `${path}.${randomUUID().slice(0, 8)}${temporarySuffix}`;
}

/** Puts a whole claim in place, unless one is there. */
async function create(path: string, jobId: string): Promise<void> {
  const temporary = besides(path);
  const text = claimText(jobId);
  try {
    await writeNew(temporary, text);
    await place(temporary, path, text);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw outputError(path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined); // clean-up finds it by its suffix
  }
}

/** Gives a file that holds `text` its name, unless that is taken (EEXIST). */
async function place(temporary: string, path: string, text: string): Promise<void> {
  await link(temporary, path).catch(async (error: unknown) => {
    // Some file systems (exFAT, network shares) have no links: there the content follows the name by a moment.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(codeOf(error))) throw error;
    await writeNew(path, text);
  });
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a stale claim, and only that: of two jobs that judged it stale, the slower one must not remove the other's. */
async function takeAway(path: string, holder: string): Promise<void> {
  const temporary = besides(path);
  try {
    await rename(path, temporary);
    const { text } = await ownText(temporary);
    if (jobIdIn(text) !== holder) await place(temporary, path, text);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(codeOf(error))) throw outputError(path, error);
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}
