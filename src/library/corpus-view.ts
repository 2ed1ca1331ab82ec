/** A corpus as it is now: what its workflow remembers, with the newest heartbeats of its batches and its jobs' progress. */
import type { Client } from '@temporalio/client';
import type { CorpusProgress } from '../contract/corpus.ts';
import { corpusProgressOf, withLive, type LiveJob } from '../contract/corpus-state.ts';
import { queryNames } from '../contract/job.ts';
import { corpusFromHistory } from './corpus-history.ts';
import { beatsOf, closedPhases, decoderOf, failuresOf, progressNow, query } from './job-view.ts';

/** More jobs under way are not asked: each costs a call or two. */
const jobsAskedMax = 16;

/** @throws WorkflowNotFoundError */
export async function corpusProgressNow(client: Client, jobId: string): Promise<CorpusProgress> {
  const description = await client.workflow.getHandle(jobId).describe();
  const closed = closedPhases[description.status.name];
  const asked = closed === undefined ? await query<CorpusProgress>(client, jobId, queryNames.progress) : null;
  const progress = asked ?? (await fromHistory(client, jobId, closed));
  if (closed !== undefined) return progress;
  const { beats } = await beatsOf(client, description, 'processSmallArchives');
  const waiting = (await failuresOf(client, description)).find(({ waits }) => waits);
  const jobs = await Promise.all(
    progress.jobs.slice(0, jobsAskedMax).map((job) => liveJob(client, job.jobId)),
  );
  const live = withLive(progress, beats, { jobs: jobs.flatMap((job) => job ?? []), nowMs: Date.now() });
  return waiting === undefined ? live : { ...live, trouble: waiting.why };
}

async function liveJob(client: Client, jobId: string): Promise<LiveJob | null> {
  try {
    return { jobId, bytes: (await progressNow(client, jobId)).compressedBytes };
  } catch {
    return null; // not begun yet, or over
  }
}

async function fromHistory(
  client: Client,
  jobId: string,
  closed: string | undefined,
): Promise<CorpusProgress> {
  const { events } = await client.workflow.getHandle(jobId).fetchHistory();
  const { input, state } = await corpusFromHistory(events ?? [], decoderOf(client));
  const phase = (closed ?? (state === null ? 'listing' : 'running')) as CorpusProgress['state'];
  const view = { jobId, phase, out: input?.out ?? '', state, jobs: [], batches: [] };
  // a workflow that is closed has no rate any more
  return {
    ...corpusProgressOf({ ...view, nowMs: Date.now() }),
    ...(closed === undefined ? {} : { bytesPerSecond: 0 }),
  };
}
