import assert from 'node:assert/strict';
import type { JobState } from '../../src/contract/job.ts';
import {
  absorbAssembly,
  absorbBuckets,
  absorbParts,
  absorbSegment,
  applyChange,
  beginJob,
  bucketsToDo,
  carriedState,
  finishedReading,
  readBefore,
  resumeJob,
  sourceAt,
  spillsOf,
  type JobChange,
} from '../../src/contract/job-state.ts';
import { addsUp } from '../../src/core/fates.ts';
import { defaultJobSettings } from '../../src/settings/job-settings.ts';
import {
  assemblyResult,
  behind,
  bucket,
  found,
  foundPair,
  jobState,
  live,
  packed,
  segmentResult,
} from './scene.ts';

describe('beginJob()', () => {
  it("starts at the archive's beginning with nothing counted", () => {
    const { next, parts, counters, startedMs, finishedReading } = beginJob(found);
    assert.deepEqual(next, { part: 0, offset: 0, line: 0, frame: { compressed: 0, decompressed: 0 } });
    assert.deepEqual([parts, counters.lines, startedMs, finishedReading], [[], 0, found.nowMs, false]);
  });

  it('takes the batch size from the size on disk, or the one that was set, inside the bounds', () => {
    const sized = (compressedBytes: number, settings = found.settings): number =>
      beginJob({ ...found, settings, inspection: { ...found.inspection, compressedBytes } }).batchSize;
    assert.deepEqual([sized(49e6), sized(50e6), sized(500e6), sized(501e6)], [5000, 1000, 1000, 500]);
    assert.equal(sized(1, { ...found.settings, baseBatchSize: 700 }), 700);
    assert.equal(sized(1, { ...found.settings, maxBatchSize: 2000 }), 2000);
    assert.equal(sized(600e6, { ...found.settings, minBatchSize: 800 }), 800);
    assert.equal(sized(1, { ...found.settings, baseBatchSize: 9999 }), 5000);
  });
});

describe('absorbParts()', () => {
  it('adds up the counters and moves on', () => {
    const state = absorbParts(jobState(), { parts: packed(0, 1), next: behind(1) });
    assert.deepEqual([state.parts.length, state.counters.lines, state.counters.kept], [2, 20, 16]);
    assert.deepEqual(state.next, behind(1));
    assert.ok(addsUp(state.counters));
  });

  it('counts a part once, however often it is told', () => {
    const once = absorbParts(jobState(), { parts: packed(0, 1), next: behind(1) });
    assert.equal(absorbParts(once, { parts: packed(0, 1), next: behind(1) }), once);
    assert.equal(absorbParts(once, { parts: packed(0), next: behind(0) }), once);
    const more = absorbParts(once, { parts: packed(0, 1, 2), next: behind(2) });
    assert.deepEqual(
      more.parts.map(([index]) => index),
      [0, 1, 2],
    );
    assert.equal(more.counters.lines, 30);
  });

  it('gives the very same state for nothing', () => {
    const state = jobState();
    assert.equal(absorbParts(state, { parts: [], next: state.next }), state);
  });
});

describe('absorbSegment()', () => {
  it('takes over what the segment did, and its figures', () => {
    const begun = jobState({ retries: 1, peakMemoryBytes: 60_000_000, warnings: ['first'] });
    const example = { line: 3, offset: 30, reason: 'malformed-json', raw: '{' };
    const state = absorbSegment(
      begun,
      begun,
      segmentResult({ retries: 2, warnings: ['second'], rejectExamples: [example], finished: true }),
    );
    assert.deepEqual([state.retries, state.segments, state.peakMemoryBytes], [3, 1, 60_000_000]);
    assert.deepEqual([state.batchSize, state.workerQueue], [live.batchSize, 'threadmill@here']);
    assert.deepEqual([state.warnings, state.rejectExamples], [['first', 'second'], [example]]);
    assert.equal(state.finishedReading, true);
  });

  it('lets a batch size stand that was set while the segment ran', () => {
    const begun = jobState();
    const set = applyChange(begun, { batchSize: 300 });
    const state = absorbSegment(set, begun, segmentResult());
    assert.deepEqual([state.batchSize, state.batchCeiling], [300, 300]);
  });

  it('keeps five examples of rejects and the last ten warnings, however many segments there are', () => {
    const example = { line: 3, offset: 30, reason: 'malformed-json', raw: '{' };
    let state = jobState();
    for (let segment = 0; segment < 30; segment++) {
      const result = segmentResult({ warnings: [`w${segment}`], rejectExamples: [example, example] });
      state = absorbSegment(state, state, result);
    }
    assert.deepEqual([state.rejectExamples.length, state.warnings.length], [5, 10]);
    assert.equal(state.warnings.at(-1), 'w29');
    assert.equal(state.counters.lines, 20, 'the same two parts');
  });
});

describe('applyChange()', () => {
  const nothing: readonly (readonly [string, JobChange])[] = [
    ['no change', {}],
    ['the batch size that was set already', { batchSize: 300 }],
    ['the memory limit that holds', { maxMemoryUsage: found.settings.maxMemoryUsage }],
    ['resume of what runs', { paused: false }],
  ];
  for (const [name, change] of nothing) {
    it(`gives the very same state for ${name}, so that no segment is cut short`, () => {
      const state = applyChange(jobState(), { batchSize: 300 });
      assert.equal(applyChange(state, change), state);
    });
  }

  it('makes a batch size a ceiling as well, inside the bounds', () => {
    for (const [asked, got] of [
      [300, 300],
      [1, 100],
      [1e6, 5000],
    ] as const) {
      const { batchSize, batchCeiling } = applyChange(jobState(), { batchSize: asked });
      assert.deepEqual([batchSize, batchCeiling], [got, got]);
    }
  });

  it('makes the present adaptive size a ceiling where it is asked for', () => {
    const state = jobState({ batchSize: 640 });
    assert.equal(applyChange(state, { batchSize: 640 }).batchCeiling, 640);
  });

  it('changes the memory limit and the pause, each alone', () => {
    const state = applyChange(jobState(), { maxMemoryUsage: 128 });
    assert.deepEqual([state.settings.maxMemoryUsage, state.batchCeiling, state.paused], [128, null, false]);
    assert.equal(applyChange(state, { paused: true }).paused, true);
    assert.equal(applyChange(state, { paused: true }).settings.maxMemoryUsage, 128);
  });
});

describe('resumeJob()', () => {
  it('keeps what was committed, under what is set now', () => {
    const old = absorbSegment(jobState({ paused: true }), jobState(), segmentResult({ warnings: ['old'] }));
    const settings = { ...defaultJobSettings(), maxMemoryUsage: 99 };
    const state = resumeJob(old, { ...found, settings, dataset: '/elsewhere', nowMs: found.nowMs + 1 });
    assert.deepEqual([state.parts, state.next, state.counters], [old.parts, old.next, old.counters]);
    assert.deepEqual([state.settings.maxMemoryUsage, state.dataset], [99, '/elsewhere']);
    assert.deepEqual([state.paused, state.workerQueue, state.warnings], [false, null, []]);
    assert.equal(state.startedMs, old.startedMs, 'timestamps are judged by the first start');
  });
});

/** Both archives read: three parts of the first, one of the second. */
function pairRead(): JobState {
  const begun = beginJob(foundPair);
  const first = absorbSegment(
    begun,
    begun,
    segmentResult({ parts: packed(0, 1, 2), next: behind(2), finished: true }),
  );
  return absorbSegment(
    first,
    first,
    segmentResult({
      parts: packed(0),
      next: behind(0),
      finished: true,
      live: { ...live, compressedBytes: 1000 + 500 },
    }),
  );
}

describe('a job of two archives', () => {
  it('reads the comments to their end, then the submissions from their beginning', () => {
    const begun = beginJob(foundPair);
    assert.deepEqual([sourceAt(begun).inspection.kind, readBefore(begun).parts], ['comments', 0]);
    const parts = packed(0, 1, 2);
    const first = absorbSegment(begun, begun, segmentResult({ parts, next: behind(2), finished: true }));
    const { inspection, next } = sourceAt(first);
    assert.deepEqual([inspection.kind, next.part, finishedReading(first)], ['submissions', 0, false]);
    assert.deepEqual(readBefore(first), { parts: 3, lines: 30, bytes: 300, compressedBytes: 1000 });
  });

  it('keeps what is of each apart', () => {
    const state = pairRead();
    assert.ok(state.joined !== null && finishedReading(state));
    assert.deepEqual([state.parts.length, state.joined.parts.length], [3, 1]);
    assert.deepEqual([state.counters.lines, state.joined.counters.lines], [30, 10]);
    assert.deepEqual([state.next, state.joined.next], [behind(2), behind(0)]);
    assert.equal(state.joined.compressedBytes, 500, 'of this archive alone');
    assert.deepEqual(spillsOf(state), { comments: [77, 77, 77], submissions: [77] });
  });

  it('counts what a lost segment told to the archive that it read', () => {
    const begun = beginJob(foundPair);
    const first = absorbSegment(begun, begun, segmentResult({ finished: true }));
    const state = absorbParts(first, { parts: packed(0), next: behind(0) });
    assert.deepEqual([state.parts.length, state.joined?.parts.length], [2, 1]);
  });

  it('keeps the holes of each apart', () => {
    const hole = {
      kind: 'corrupt',
      compressedFrom: 5,
      compressedTo: 9,
      decompressed: 1,
      message: 'm',
    } as const;
    const begun = beginJob(foundPair);
    const first = absorbSegment(begun, begun, segmentResult({ finished: true, holes: [hole] }));
    const state = absorbSegment(first, first, segmentResult({ finished: true, holes: [hole] }));
    assert.deepEqual([state.holes, state.joined?.holes], [[hole], [hole]]);
  });
});

describe('buckets', () => {
  it('are to be done until they are built, and counted once, however often they are told', () => {
    const read = pairRead();
    assert.deepEqual(bucketsToDo(read), [0, 1, 2]);
    const some = absorbBuckets(read, { built: [bucket(2), bucket(0)] });
    assert.deepEqual(bucketsToDo(some), [1]);
    assert.equal(absorbBuckets(some, { built: [bucket(0)] }), some);
    const all = absorbAssembly(some, assemblyResult({ built: [bucket(0), bucket(1)], retries: 2 }));
    assert.deepEqual([bucketsToDo(all), all.threads.length], [[], 3]);
    assert.deepEqual([all.retries, all.segments, all.peakMemoryBytes], [2, 3, 50_000_000]);
  });

  it('are none of a job of flat parts, and stay as they are in a job that is resumed', () => {
    assert.deepEqual(bucketsToDo(jobState()), []);
    const old = absorbBuckets(pairRead(), { built: [bucket(1)] });
    const resumed = resumeJob(old, { ...foundPair, buckets: 9 });
    assert.deepEqual([resumed.buckets, resumed.threads, resumed.joined], [3, old.threads, old.joined]);
  });
});

describe('carriedState()', () => {
  it('gives a state of an early run what it lacks, and changes no other', () => {
    const { joined: _joined, buckets: _buckets, threads: _threads, ...early } = jobState();
    assert.deepEqual(carriedState(early as JobState), jobState());
    const state = absorbBuckets(pairRead(), { built: [bucket(1)] });
    assert.deepEqual(carriedState(state), state);
  });
});
