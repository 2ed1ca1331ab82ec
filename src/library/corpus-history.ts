/** A corpus's state, rebuilt from its history: no worker has to run for it. */
import type { temporal } from '@temporalio/proto';
import type {
  CorpusJobInput,
  CorpusListing,
  CorpusState,
  PreparedArchive,
  RecordedArchive,
  SmallBatchInput,
  SmallBatchResult,
} from '../contract/corpus.ts';
import { absorbArchive, absorbBatch, beginCorpus } from '../contract/corpus-state.ts';
import type { Decode } from './closed-job.ts';
import { readable } from './readable.ts';

type Event = temporal.api.history.v1.IHistoryEvent;

export interface CorpusFacts {
  readonly input: CorpusJobInput | null;
  /** null: the run ended before its archives were listed. What is still to be done is not in order. */
  readonly state: CorpusState | null;
}

/** Folds the events of one run, as far as counts go. @throws {ThreadmillError} PAYLOAD_UNREADABLE */
export async function corpusFromHistory(events: readonly Event[], decode: Decode): Promise<CorpusFacts> {
  let input: CorpusJobInput | null = null;
  let state: CorpusState | null = null;
  const scheduledById = new Map<string, { readonly type: string; readonly input: unknown }>();
  for (const event of events) {
    const started = event.workflowExecutionStartedEventAttributes;
    const scheduled = event.activityTaskScheduledEventAttributes;
    const completed = event.activityTaskCompletedEventAttributes;
    const nowMs = Number(event.eventTime?.seconds ?? 0) * 1000;
    if (started != null) {
      [input = null] = (await decode(started.input?.payloads)).map(readable) as [CorpusJobInput?];
      state = input?.state ?? null;
    } else if (scheduled != null) {
      const type = scheduled.activityType?.name ?? '';
      // only of batches is the input wanted
      const [given] = type === 'processSmallArchives' ? await decode(scheduled.input?.payloads) : [];
      scheduledById.set(String(event.eventId), { type, input: given });
    } else if (completed != null) {
      const { type, input: given } = scheduledById.get(String(completed.scheduledEventId)) ?? {};
      const [result] = (await decode(completed.result?.payloads)).map(readable);
      if (type === 'listCorpus') state = beginCorpus(result as CorpusListing, input?.concurrency);
      else if (state !== null)
        state = after(state, { type, result, batch: given as SmallBatchInput | undefined, nowMs });
    }
  }
  return { input, state };
}

interface Ended {
  readonly type: string | undefined;
  readonly result: unknown;
  readonly batch: SmallBatchInput | undefined;
  readonly nowMs: number;
}

function after(state: CorpusState, { type, result, batch, nowMs }: Ended): CorpusState {
  if (type === 'processSmallArchives' && batch !== undefined)
    return absorbBatch(state, batch.batch, result as SmallBatchResult, nowMs);
  if (type === 'recordArchive') return absorbArchive(state, result as RecordedArchive, nowMs);
  const prepared = result as PreparedArchive;
  return type === 'prepareArchive' && prepared.step === 'ended'
    ? absorbArchive(state, prepared, nowMs)
    : state;
}
