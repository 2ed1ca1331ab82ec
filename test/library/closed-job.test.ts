import assert from 'node:assert/strict';
import { defaultPayloadConverter } from '@temporalio/common';
import { absorbParts, absorbSegment, beginJob } from '../../src/contract/job-state.ts';
import { stateFromHistory, type Decode, type HistoryFacts } from '../../src/library/closed-job.ts';
import { behind, found, heartbeat, jobState, packed, segmentResult } from '../contract/scene.ts';

type Event = Parameters<typeof stateFromHistory>[0][number];

const payloads = (...values: readonly unknown[]) => ({
  payloads: values.map((value) => defaultPayloadConverter.toPayload(value)),
});
const decode: Decode = (encoded) =>
  Promise.resolve((encoded ?? []).map((payload) => defaultPayloadConverter.fromPayload(payload)));

const input = { archive: '/dumps/RC_2005-12.zst', out: '/out' };
const started = (state?: unknown): Event => ({
  workflowExecutionStartedEventAttributes: {
    input: payloads(state === undefined ? input : { ...input, state }),
  },
});
let lastId = 0;
/** The three events of an activity that ended in the way that `end` says. */
function activity(name: string, end: (scheduledEventId: number) => Event): readonly Event[] {
  const eventId = ++lastId;
  return [
    { eventId, activityTaskScheduledEventAttributes: { activityType: { name } } } as unknown as Event,
    { activityTaskStartedEventAttributes: {} },
    end(eventId),
  ];
}
function completed(name: string, result: unknown): readonly Event[] {
  return activity(name, (scheduledEventId) => ({
    activityTaskCompletedEventAttributes: { scheduledEventId, result: payloads(result) } as never,
  }));
}
function failed(...details: readonly unknown[]): readonly Event[] {
  return activity('processSegment', () => ({
    activityTaskFailedEventAttributes: {
      failure: { applicationFailureInfo: { details: payloads(...details) } },
    },
  }));
}
function silent(beat: unknown): readonly Event[] {
  return activity('processSegment', () => ({
    activityTaskTimedOutEventAttributes: {
      failure: { timeoutFailureInfo: { lastHeartbeatDetails: payloads(beat) } },
    },
  }));
}
function facts(...events: readonly (Event | readonly Event[])[]): Promise<HistoryFacts> {
  return stateFromHistory(events.flat(), decode);
}

describe('stateFromHistory()', () => {
  it('knows the input, and no state, of a run that ended before its inspection', async () => {
    assert.deepEqual(await facts(started()), { state: null, input });
    assert.deepEqual(await facts(), { state: null, input: null });
  });

  it('takes the same steps as the workflow: inspection, then segments', async () => {
    const begun = beginJob(found);
    const { state } = await facts(
      started(),
      completed('inspectArchive', found),
      completed('processSegment', segmentResult()),
      completed('processSegment', segmentResult({ parts: packed(2), next: behind(2), finished: true })),
      completed('publishDataset', undefined),
    );
    const one = absorbSegment(begun, begun, segmentResult());
    const two = absorbSegment(one, one, segmentResult({ parts: packed(2), next: behind(2), finished: true }));
    assert.deepEqual(state, two);
    assert.equal(state.counters.lines, 30);
  });

  it('keeps what a failed segment tells in its details, and a silent one in its last heartbeat', async () => {
    const begun = beginJob(found);
    const part = { parts: packed(0), next: behind(0) };
    const after = await facts(started(), completed('inspectArchive', found), failed({ path: '/a' }, part));
    assert.deepEqual(after.state, absorbParts(begun, part));
    const { state } = await facts(
      started(),
      completed('inspectArchive', found),
      failed({}, part),
      silent(heartbeat()),
    );
    assert.deepEqual(
      state?.parts.map(([index]) => index),
      [0, 1],
      'part 0 is told twice and counted once',
    );
    assert.deepEqual(state.next, behind(1));
  });

  it('passes over failures that tell nothing', async () => {
    const { state } = await facts(
      started(),
      failed({}, null),
      completed('inspectArchive', found),
      failed(),
      failed({}, null),
      silent(undefined),
      silent(null),
    );
    assert.deepEqual(state, beginJob(found));
  });

  it('goes on from the state that continue-as-new carried, and inspects again only what was resumed', async () => {
    const carried = jobState({ parts: packed(0, 1), next: behind(1), segments: 50, paused: true });
    const continued = await facts(
      started(carried),
      completed('processSegment', segmentResult({ parts: packed(2), next: behind(2) })),
    );
    assert.deepEqual([continued.state?.segments, continued.state?.parts.length], [51, 3]);
    const resumed = await facts(
      started(carried),
      completed('inspectArchive', { ...found, dataset: '/moved' }),
    );
    assert.deepEqual(
      [resumed.state?.dataset, resumed.state?.parts.length, resumed.state?.paused],
      ['/moved', 2, false],
    );
  });
});
