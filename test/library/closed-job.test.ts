import assert from 'node:assert/strict';
import { defaultPayloadConverter } from '@temporalio/common';
import {
  absorbAssembly,
  absorbBuckets,
  absorbParts,
  absorbSegment,
  beginJob,
} from '../../src/contract/job-state.ts';
import {
  inputToGoOn,
  stateFromHistory,
  type Decode,
  type HistoryFacts,
} from '../../src/library/closed-job.ts';
import {
  assemblyBeat,
  assemblyResult,
  behind,
  bucket,
  found,
  foundPair,
  heartbeat,
  jobState,
  packed,
  segmentResult,
} from '../contract/scene.ts';

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
function signal(signalName: string, ...values: readonly unknown[]): Event {
  return { workflowExecutionSignaledEventAttributes: { signalName, input: payloads(...values) } };
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

  it('reads a second archive after the first, then takes over the buckets of assemblies', async () => {
    const begun = beginJob(foundPair);
    const first = segmentResult({ finished: true });
    const second = segmentResult({ parts: packed(0), next: behind(0), finished: true });
    const read = [
      started(),
      completed('inspectArchive', foundPair),
      completed('processSegment', first),
      completed('processSegment', second),
    ];
    const one = absorbSegment(begun, begun, first);
    const two = absorbSegment(one, one, second);
    const { state } = await facts(...read, completed('assembleThreads', assemblyResult()));
    assert.deepEqual(state, absorbAssembly(two, assemblyResult()));
    const lost = await facts(...read, failed({}, { built: [bucket(1)] }), silent(assemblyBeat()));
    assert.deepEqual(lost.state, absorbBuckets(two, { built: [bucket(1), bucket(0)] }));
  });

  it('knows the assemblies of several that ran at once by their own events', async () => {
    const [a, ...aEnds] = completed('assembleThreads', assemblyResult({ built: [bucket(0)] }));
    const [b, ...bEnds] = completed('assembleThreads', assemblyResult({ built: [bucket(1)] }));
    assert.ok(a !== undefined && b !== undefined);
    const { state } = await facts(
      started(jobState({ buckets: 2, finishedReading: true })),
      a,
      b,
      bEnds,
      aEnds,
    );
    assert.deepEqual(
      state?.threads.map(([index]) => index),
      [1, 0],
    );
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

  it('takes over what was asked for while a job that is resumed was inspected, as the workflow does', async () => {
    const { state } = await facts(
      started(jobState()),
      signal('pause'),
      signal('setBatchSize', 200),
      completed('inspectArchive', found),
    );
    assert.deepEqual([state?.paused, state?.batchSize], [true, 200]);
  });

  it('passes over signals that the workflow passed over: a run that goes on would be refused for them', async () => {
    const { state } = await facts(
      started(),
      completed('inspectArchive', found),
      signal('setMaxMemory', 10),
      signal('setMaxMemory', 'much'),
      signal('setBatchSize', 0),
      signal('setBatchSize', 1.5),
    );
    assert.deepEqual(state, beginJob(found));
  });

  it('keeps a batch size that was set while a segment ran, as the workflow does', async () => {
    const [scheduled, ...ended] = completed('processSegment', segmentResult());
    assert.ok(scheduled !== undefined);
    const { state } = await facts(
      started(),
      completed('inspectArchive', found),
      scheduled,
      signal('setBatchSize', 321),
      ended,
    );
    assert.equal(state?.batchSize, 321);
  });
});

describe('inputToGoOn()', () => {
  it("keeps the settings that the job was inspected with, whatever the worker's are now", () => {
    const state = jobState({ settings: { ...found.settings, qualityMinScore: 3, maxMemoryUsage: 99 } });
    assert.deepEqual(inputToGoOn({ ...input, settings: { qualityMinScore: 3 } }, state), {
      ...input,
      settings: state.settings,
      state,
    });
    assert.deepEqual(inputToGoOn(input, null), input);
  });
});
