/** Which job a dataset's folder belongs to: one file, made whole or not at all, checked against who is still running. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ThreadmillError } from '../../core/errors.ts';
import { outputError, temporarySuffix } from '../output/atomic-file.ts';
import { checkOwnFolder } from '../output/confine.ts';
import { openOwn } from '../output/own-file.ts';
import { claimName, datasetFolder, manifestBytesMax, manifestName } from './names.ts';

export { datasetFolder };

/** Each round means that another job won a race that lasts microseconds. */
const roundsMax = 8;

export interface ClaimOptions {
  /** Whether a job is still open, by whoever knows; may throw, which leaves everything as it was. */
  readonly isRunning: (jobId: string) => Promise<boolean>;
  /** Give up a finished dataset that stands there: its manifest goes first. */
  readonly replace: boolean;
}

/**
 * Makes the folder and claims it for a job. A claim of a job that is no longer running is taken over. Idempotent for one
 * job, and of several at once exactly one gets it.
 *
 * @throws {ThreadmillError} DATASET_IN_USE where another running job holds it, or a finished dataset of another job
 *   stands there and `replace` is false; OUTPUT_DENIED, where the folder is a link too; DISK_FULL
 */
export async function claimDataset(folder: string, jobId: string, options: ClaimOptions): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw outputError(folder, error);
  });
  await checkOwnFolder(folder);
  const path = join(folder, claimName);
  for (let round = 0; ; round++) {
    const holder = await holderOf(path);
    if (holder === jobId) break;
    if (holder !== null && holder !== '' && (await options.isRunning(holder))) throw inUse(folder, holder);
    if (!options.replace) await refuseFinished(folder, jobId);
    if (round === roundsMax) throw inUse(folder, holder ?? 'unknown');
    if (holder !== null) await takeAway(path, holder);
    await create(path, jobId); // the next round sees whether it is still there
  }
  if (options.replace) {
    await rm(join(folder, manifestName), { force: true }).catch((error: unknown) => {
      throw outputError(join(folder, manifestName), error);
    });
  } else await refuseFinished(folder, jobId);
}

/** The job that claims the folder; null where none does, or nobody can tell which. */
export async function claimHolder(folder: string): Promise<string | null> {
  const holder = await holderOf(join(folder, claimName));
  return holder === '' ? null : holder;
}

/**
 * Whether the folder is claimed by this job now.
 *
 * @throws {ThreadmillError} OUTPUT_DENIED where it has become a link
 */
export async function holdsClaim(folder: string, jobId: string): Promise<boolean> {
  if ((await holderOf(join(folder, claimName))) !== jobId) return false;
  await checkOwnFolder(folder);
  return true;
}

/**
 * Goes on only where the folder is claimed by this job: an attempt that the server has given up may wake when it is another's.
 *
 * @throws {ThreadmillError} DATASET_IN_USE; as {@link holdsClaim}
 */
export async function requireClaim(folder: string, jobId: string): Promise<void> {
  if (await holdsClaim(folder, jobId)) return;
  throw new ThreadmillError(
    'DATASET_IN_USE',
    `Cannot go on with dataset "${folder}": it no longer belongs to job "${jobId}"; run the job again`,
    { facts: { dataset: folder } },
  );
}

/** Gives the folder up, if it is this job's. Idempotent; a folder that is gone is given up. */
export async function releaseClaim(folder: string, jobId: string): Promise<void> {
  const path = join(folder, claimName);
  if ((await holderOf(path)) !== jobId) return;
  await rm(path, { force: true }).catch((error: unknown) => {
    throw outputError(path, error);
  });
}

/** The job in a claim; null where there is none, '' where it can't be understood. */
async function holderOf(path: string): Promise<string | null> {
  try {
    return jobIdIn(await ownText(path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw outputError(path, error);
  }
}

/** The text of a file of ours; empty where there is another thing, or too much of it. */
async function ownText(path: string): Promise<string> {
  const file = await openOwn(path);
  if (file === null) return '';
  try {
    return (await file.stat()).size <= manifestBytesMax ? await file.readFile('utf8') : '';
  } finally {
    await file.close();
  }
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
  const text = `${JSON.stringify({ jobId })}\n`;
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
    const text = await ownText(temporary);
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

function inUse(folder: string, holder: string): ThreadmillError {
  const name = JSON.stringify(folder);
  return new ThreadmillError(
    'DATASET_IN_USE',
    `Cannot write dataset ${name}: job "${holder}" is writing it; wait for it, end it with threadmill cancel ${holder}, ` +
      'or choose another folder with --out',
    { facts: { path: folder, jobId: holder } },
  );
}

/** A dataset that can't be read may be anybody's: it is not overwritten either. */
async function refuseFinished(folder: string, jobId: string): Promise<void> {
  const path = join(folder, manifestName);
  const holder = await holderOf(path);
  if (holder === null || holder === jobId) return;
  const whose = holder === '' ? 'a dataset of an unknown job' : `the finished dataset of job "${holder}"`;
  throw new ThreadmillError(
    'DATASET_IN_USE',
    `Cannot write dataset ${JSON.stringify(folder)}: ${whose} stands there; choose another folder with --out, ` +
      'or replace it with --again',
    { facts: { path: folder, jobId: holder } },
  );
}
