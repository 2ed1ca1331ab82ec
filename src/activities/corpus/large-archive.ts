/** The activities around a large archive of a corpus, which is a job of its own: what to start, and what became of it. */
import { Context } from '@temporalio/activity';
import type {
  CorpusError,
  ListedArchive,
  PrepareInput,
  PreparedArchive,
  RecordInput,
  RecordedArchive,
} from '../../contract/corpus.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { doneEntry, failedEntry, writePiece, type LedgerEntry } from '../../engine/corpus/ledger.ts';
import { readList } from '../../engine/corpus/list.ts';
import { finishedManifest } from '../../engine/dataset/finished-job.ts';
import { identifyAnywhere } from '../../engine/dataset/job-id.ts';
import { readManifest } from '../../engine/dataset/manifest.ts';
import { datasetFolder } from '../../engine/dataset/names.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failureOf, retriedHow } from '../failures.ts';
import { isOpenJob } from '../open-job.ts';
import { recordOf, stoodBefore } from './tally.ts';

async function listedAt({ folder, place }: PrepareInput): Promise<ListedArchive> {
  const listed = (await readList(folder, place)).find(({ index }) => index === place.index);
  if (listed === undefined) throw new RangeError(`The corpus has no archive ${place.index} there`);
  return listed;
}

/** An error that another attempt would meet again, as what the ledger says of it. */
function finalError(error: unknown): CorpusError | null {
  if (!(error instanceof ThreadmillError) || retriedHow(error) !== 'never') return null;
  return { code: error.code, message: error.message };
}

/** Looks whether an archive's dataset stands, or its job runs; reads at most 3 MiB of it. Idempotent; under a second. */
export async function prepareArchive(
  deps: ActivityDependencies,
  input: PrepareInput,
): Promise<PreparedArchive> {
  try {
    const listed = await listedAt(input);
    const { archive, submissions, bytes } = listed;
    let job;
    try {
      job = await identifyAnywhere(archive, input.out, input.settings, submissions ?? null);
    } catch (error) {
      const known = finalError(error);
      if (known === null) throw error;
      return { step: 'ended', ...(await record(input, listed, failedEntry(listed, known))) };
    }
    const { jobId, dataset } = job;
    const known = { jobId, archive, bytes, dataset, ...(submissions === undefined ? {} : { submissions }) };
    if (await isOpenJob(deps.client, jobId)) return { step: 'running', ...known };
    const manifest = await finishedManifest(dataset, jobId);
    if (manifest === null || (input.replace && stoodBefore(manifest, input)))
      return { step: 'start', ...known };
    return {
      step: 'ended',
      ...(await record(input, listed, doneEntry(listed, manifest), stoodBefore(manifest, input))),
    };
  } catch (error) {
    throw failureOf(error, Context.current().info.attempt);
  }
}

/** Writes the line of an archive whose job has ended. Idempotent. */
export async function recordArchive(
  _deps: ActivityDependencies,
  input: RecordInput,
): Promise<RecordedArchive> {
  const { jobId, out, error, retries } = input;
  try {
    const listed = await listedAt(input);
    const recorded =
      error === null
        ? await record(input, listed, doneEntry(listed, await readManifest(datasetFolder(out, listed.name))))
        : await record(input, listed, { ...failedEntry(listed, error), jobId });
    return { ...recorded, tally: { ...recorded.tally, retries } };
  } catch (failure) {
    throw failureOf(failure, Context.current().info.attempt);
  }
}

async function record(
  { folder, place: { index } }: PrepareInput,
  listed: ListedArchive,
  entry: LedgerEntry,
  standing = false,
): Promise<RecordedArchive> {
  await writePiece(folder, index, [[index, entry]]);
  return recordOf(listed, entry, standing);
}
