/** Which job a dataset's folder belongs to: one file, made whole or not at all, checked against who is still running. */
import { ThreadmillError } from '../../core/errors.ts';
import { outputError } from '../output/atomic-file.ts';
import { checkOwnFolder } from '../output/confine.ts';
import { makeFolder, removeFile } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { putClaim, readClaim } from './claim-file.ts';
import { claimName, datasetFolder, manifestName } from './names.ts';

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
  await makeFolder(folder).catch((error: unknown) => {
    throw outputError(folder, error);
  });
  await checkOwnFolder(folder);
  const path = placeIn(folder, claimName);
  for (let round = 0; ; round++) {
    const found = await readClaim(path);
    const holder = found?.holder ?? null;
    if (holder === jobId) break;
    if (holder !== null && holder !== '' && (await options.isRunning(holder))) throw inUse(folder, holder);
    if (!options.replace) await refuseFinished(folder, jobId);
    if (round === roundsMax) throw inUse(folder, holder ?? 'unknown');
    await putClaim(path, jobId, found); // the next round sees whether it is still there
  }
  if (options.replace) {
    await removeFile(placeIn(folder, manifestName)).catch((error: unknown) => {
      throw outputError(placeIn(folder, manifestName), error);
    });
  } else await refuseFinished(folder, jobId);
}

/** The job that claims the folder; null where none does, or nobody can tell which. */
export async function claimHolder(folder: string): Promise<string | null> {
  const holder = await holderOf(placeIn(folder, claimName));
  return holder === '' ? null : holder;
}

/**
 * Whether the folder is claimed by this job now.
 *
 * @throws {ThreadmillError} OUTPUT_DENIED where it has become a link
 */
export async function holdsClaim(folder: string, jobId: string): Promise<boolean> {
  if ((await holderOf(placeIn(folder, claimName))) !== jobId) return false;
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
  const path = placeIn(folder, claimName);
  if ((await holderOf(path)) !== jobId) return;
  await removeFile(path).catch((error: unknown) => {
    throw outputError(path, error);
  });
}

/** The job in a claim; null where there is none, '' where it can't be understood. */
async function holderOf(path: string): Promise<string | null> {
  return (await readClaim(path))?.holder ?? null;
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
  const path = placeIn(folder, manifestName);
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
