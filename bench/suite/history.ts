/** What a job's history tells: its time as Temporal records it, its events, and when each step of it happened. */
import type { Client } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

type HistoryEvent = temporal.api.history.v1.IHistoryEvent;

export interface JobHistory {
  /** From its start to its close, over all runs. */
  readonly seconds: number;
  readonly startedMs: number;
  readonly closedMs: number;
  /** Of all runs. */
  readonly events: number;
  /** Of the longest run. */
  readonly eventsOfRunMax: number;
  readonly segments: number;
  /**
   * Mean over the segments, from the scheduling of the first one to that of what comes after the last, without the search
   * marks: 6 is an activity and the workflow task that takes its result.
   */
  readonly eventsPerSegment: number;
  /** Upserts of search attributes: one at each tenth of the way and for each state, however many segments there are. */
  readonly marks: number;
  /** Time of the first event of each kind, ms since 1970. */
  readonly firstWorkflowTaskMs: number;
  readonly inspectedMs: number;
  readonly readMs: number;
}

/** The history of a closed job, followed back over continue-as-new. */
export async function historyOf(client: Client, jobId: string): Promise<JobHistory> {
  const runs: HistoryEvent[][] = [];
  let description = await client.workflow.getHandle(jobId).describe();
  const closedMs = description.closeTime?.getTime() ?? NaN;
  for (let runId: string | undefined = description.runId; ;) {
    const events: HistoryEvent[] =
      (await client.workflow.getHandle(jobId, runId).fetchHistory()).events ?? [];
    runs.unshift(events);
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
    if (runId === '') break;
    description = await client.workflow.getHandle(jobId, runId).describe();
  }
  const startedMs = description.startTime.getTime();
  const all = runs.flat();
  const scheduled = (activity: string): readonly number[] =>
    all.flatMap((event, at) =>
      event.activityTaskScheduledEventAttributes?.activityType?.name === activity ? [at] : [],
    );
  const segmentsAt = scheduled('processSegment');
  const first = segmentsAt[0] ?? 0;
  const publish = scheduled('publishDataset')[0] ?? all.length;
  const isMark = (event: HistoryEvent): boolean =>
    event.upsertWorkflowSearchAttributesEventAttributes != null;
  const between = all.slice(first, publish).filter((event) => !isMark(event));
  const firstTask = all.find((event) => event.workflowTaskStartedEventAttributes != null);
  return {
    seconds: (closedMs - startedMs) / 1000,
    startedMs,
    closedMs,
    events: all.length,
    eventsOfRunMax: Math.max(...runs.map((events) => events.length)),
    segments: segmentsAt.length,
    eventsPerSegment: between.length / Math.max(1, segmentsAt.length),
    marks: all.filter(isMark).length,
    firstWorkflowTaskMs: msOf(firstTask),
    inspectedMs: msOf(all[first]),
    readMs: msOf(all[publish]),
  };
}

function msOf(event: HistoryEvent | undefined): number {
  const { seconds, nanos } = event?.eventTime ?? {};
  return Number(seconds ?? NaN) * 1000 + (nanos ?? 0) / 1e6;
}
