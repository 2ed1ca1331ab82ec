import assert from 'node:assert/strict';
import type { JobState } from '../../src/contract/job.ts';
import { absorbBuckets, absorbSegment, beginJob } from '../../src/contract/job-state.ts';
import {
  completionPercentage,
  progressOf,
  resultOf,
  secondsToGo,
  withAssemblies,
  withHeartbeat,
} from '../../src/contract/progress.ts';
import {
  assemblyBeat,
  behind,
  bucket,
  found,
  foundPair,
  heartbeat,
  jobState,
  live,
  packed,
  segmentResult,
} from './scene.ts';

const running = { jobId: 'j', phase: 'running', archive: 'a.zst', state: jobState(), live } as const;

describe('completionPercentage()', () => {
  it('is the share of the compressed bytes, to a hundredth, from 0 to 100', () => {
    assert.equal(completionPercentage(1, 3), 33.33);
    assert.equal(completionPercentage(4, 3), 100);
    assert.equal(completionPercentage(0, 3), 0);
    assert.equal(completionPercentage(5, 0), 0, 'nothing is known of the archive');
  });
});

describe('secondsToGo()', () => {
  it('assumes that the rest compresses as what was read did', () => {
    // 900 compressed bytes to go, two bytes of text each, 60 a second
    assert.equal(secondsToGo(live, 1000), 30);
  });

  it('is null until there is a rate, and 0 at the end', () => {
    assert.equal(secondsToGo({ ...live, bytesPerSecond: 0 }, 1000), null);
    assert.equal(secondsToGo({ ...live, compressedBytes: 0 }, 1000), null);
    assert.equal(secondsToGo({ ...live, compressedBytes: 1000, bytesPerSecond: 0 }, 1000), 0);
  });
});

describe('progressOf()', () => {
  it('before the inspection is nothing of a named archive', () => {
    const progress = progressOf({ ...running, phase: 'inspecting', state: null, live: null });
    assert.deepEqual(
      [progress.archive, progress.completionPercentage, progress.estimatedTimeRemaining, progress.parts],
      ['a.zst', 0, null, 0],
    );
  });

  it('gives the figures of the last segment', () => {
    const state = absorbSegment(jobState(), jobState(), segmentResult());
    const progress = progressOf({ ...running, state });
    assert.deepEqual(
      [progress.archive, progress.completionPercentage, progress.estimatedTimeRemaining],
      [found.inspection.path, 10, 30],
    );
    assert.deepEqual(
      [progress.processedLines, progress.processedBytes, progress.parts, progress.memoryLimitBytes],
      [20, 200, 2, 512_000_000],
    );
  });

  it('is not 100 % done by reading alone in its state, and 100 % when done', () => {
    const state = jobState({ finishedReading: true });
    const publishing = progressOf({ ...running, phase: 'publishing', state });
    assert.deepEqual([publishing.state, publishing.completionPercentage], ['publishing', 100]);
    const done = progressOf({ ...running, phase: 'done' });
    assert.deepEqual([done.completionPercentage, done.estimatedTimeRemaining], [100, 0]);
  });
});

describe('withHeartbeat()', () => {
  const progress = progressOf({ ...running, live: null });

  it('lays the newest figures over what the workflow knows', () => {
    const merged = withHeartbeat({ ...progress, retries: 2 }, heartbeat(), 1);
    assert.deepEqual(
      [merged.completionPercentage, merged.processedLines, merged.batchSize, merged.retries],
      [10, 20, 640, 3],
    );
    assert.deepEqual([merged.linesPerSecond, merged.memoryBytes], [10, 7_000_000]);
  });

  it('counts the parts that the running segment has committed, once', () => {
    const { parts } = segmentResult();
    const merged = withHeartbeat(progress, { ...heartbeat(), parts }, 0);
    assert.equal(merged.parts, parts.length);
    assert.ok(merged.counters.lines > 0);
    const again = withHeartbeat(
      { ...progress, parts: merged.parts, counters: merged.counters },
      { ...heartbeat(), parts },
      0,
    );
    assert.deepEqual([again.parts, again.counters], [merged.parts, merged.counters]);
  });

  it('never goes back where an attempt starts over', () => {
    const ahead = { ...progress, processedBytes: 500, processedLines: 50, completionPercentage: 25 };
    const merged = withHeartbeat(ahead, heartbeat(), 1);
    assert.deepEqual(
      [merged.processedBytes, merged.processedLines, merged.completionPercentage, merged.compressedBytes],
      [500, 50, 25, progress.compressedBytes],
    );
    assert.equal(merged.linesPerSecond, 10);
  });
});

describe('resultOf()', () => {
  it('tells every line, the time, and the memory in MB', () => {
    const state = absorbSegment(jobState(), jobState(), segmentResult({ retries: 1 }));
    const result = resultOf('j', state, found.nowMs + 4000);
    assert.deepEqual([result.jobId, result.success, result.dataset], ['j', true, found.dataset]);
    const { totalProcessedLines, kept, rejected, blank, seconds, linesPerSecond, retries } = result.metrics;
    assert.deepEqual([totalProcessedLines, kept, rejected['malformed-json'], blank], [20, 16, 2, 2]);
    assert.deepEqual([seconds, linesPerSecond, result.metrics.peakMemoryMb, retries], [4, 5, 50, 1]);
  });

  it('has a finite rate where no time has passed', () => {
    const { metrics } = resultOf('j', jobState(), found.nowMs);
    assert.deepEqual([metrics.seconds, metrics.linesPerSecond], [0.001, 0]);
  });

  it('names every hole that was gone over', () => {
    const hole = {
      kind: 'truncated',
      compressedFrom: 500,
      compressedTo: 1000,
      decompressed: 900,
      message: 'x',
    } as const;
    const { warnings } = resultOf('j', jobState({ holes: [hole], warnings: ['w'] }), found.nowMs);
    assert.equal(warnings.length, 2);
    assert.match(
      warnings[1] ?? '',
      /truncated at compressed byte 500 \(decompressed byte 900\): up to byte 1000 /,
    );
  });
});

/** A job of two archives (1000 and 500 compressed bytes) and three buckets. */
describe('the progress of a job that makes threads', () => {
  const begun = beginJob(foundPair);
  const afterComments = absorbSegment(
    begun,
    begun,
    segmentResult({ finished: true, live: { ...live, compressedBytes: 1000 } }),
  );
  const allRead = absorbSegment(
    afterComments,
    afterComments,
    segmentResult({
      parts: packed(0),
      next: behind(0),
      finished: true,
      live: { ...live, processedLines: 30, processedBytes: 300, compressedBytes: 1500 },
    }),
  );
  const shown = (state: JobState, change: Partial<Parameters<typeof progressOf>[0]> = {}) =>
    progressOf({ ...running, state, live: null, ...change });

  it('is two thirds when all is read, and grows with each bucket', () => {
    assert.equal(shown(begun).completionPercentage, 0);
    assert.equal(shown(afterComments).completionPercentage, 44.44, '1000 of 1500 bytes, of two thirds');
    assert.equal(shown(allRead).completionPercentage, 66.67);
    const one = shown(absorbBuckets(allRead, { built: [bucket(0)] }), { phase: 'assembling' });
    assert.deepEqual([one.completionPercentage, one.bucketsDone, one.buckets], [77.78, 1, 3]);
    const all = absorbBuckets(allRead, { built: [bucket(0), bucket(1), bucket(2)] });
    assert.equal(shown(all, { phase: 'publishing' }).completionPercentage, 100);
  });

  it('counts lines, bytes and parts of both archives', () => {
    const { processedLines, processedBytes, compressedBytes, compressedTotalBytes, parts, counters } =
      shown(allRead);
    assert.deepEqual(
      [processedLines, processedBytes, compressedBytes, compressedTotalBytes, parts, counters.lines],
      [30, 300, 1500, 1500, 3, 30],
    );
  });

  it('never goes back at the end of the first archive, whose figures the last segment left', () => {
    const last = { ...live, compressedBytes: 1000 };
    assert.equal(shown(afterComments, { live: last }).compressedBytes, 1000);
  });

  it('has no reading rate while it assembles, and the time to go by its own', () => {
    const figures = { bucketsPerSecond: 0.5, memoryBytes: 9_000_000 };
    const progress = shown(absorbBuckets(allRead, { built: [bucket(0)] }), { live, assembly: figures });
    assert.deepEqual(
      [progress.linesPerSecond, progress.bytesPerSecond, progress.memoryBytes, progress.windowBytes],
      [0, 0, 9_000_000, 0],
    );
    assert.equal(progress.estimatedTimeRemaining, 4);
    assert.equal(shown(allRead).estimatedTimeRemaining, null);
  });

  it('counts assembling into the time to go while it reads: half as long as all the reading', () => {
    // 1800 bytes of text to go, at 60 a second; 2000 in all make 16.7 s more
    assert.equal(secondsToGo(live, 1000, { buckets: 3 }), 47);
  });

  it('takes parts of the second archive in a heartbeat as new, though they count from 0', () => {
    const progress = shown(afterComments);
    const beat = heartbeat({
      parts: packed(0),
      partsBefore: 2,
      live: { ...live, processedLines: 30, processedBytes: 300, compressedBytes: 1250 },
    });
    const merged = withHeartbeat(progress, beat, 0);
    assert.deepEqual([merged.parts, merged.counters.lines, merged.completionPercentage], [3, 30, 55.56]);
    const known = withHeartbeat(shown(allRead), beat, 0);
    assert.deepEqual([known.parts, known.counters.lines], [3, 30]);
  });

  it('adds up what the assemblies that run have built', () => {
    const progress = shown(allRead, { phase: 'assembling' });
    const other = assemblyBeat({
      built: [bucket(2)],
      figures: { bucketsPerSecond: 0, memoryBytes: 12_000_000 },
    });
    const merged = withAssemblies(progress, [assemblyBeat(), other], 1);
    assert.deepEqual(
      [merged.bucketsDone, merged.completionPercentage, merged.estimatedTimeRemaining],
      [2, 88.89, 2],
    );
    assert.deepEqual([merged.memoryBytes, merged.retries], [12_000_000, 1]);
    const twice = withAssemblies(merged, [assemblyBeat(), other], 0);
    assert.equal(twice.bucketsDone, 3, 'never more than there are');
  });

  it('passes over the heartbeat of an assembly that has ended since: its buckets are counted already', () => {
    const one = absorbBuckets(allRead, { built: [bucket(0)] });
    const progress = shown(one, { phase: 'assembling', groups: [1] });
    const ended = assemblyBeat();
    const runs = assemblyBeat({ group: 1, built: [bucket(1)] });
    assert.equal(withAssemblies(progress, [ended, runs], 0).bucketsDone, 2);
    assert.equal(withAssemblies(shown(one, { groups: [] }), [ended], 0).bucketsDone, 1);
  });

  it('ends in a result with the counts of all buckets; flat parts have none', () => {
    const state = absorbBuckets(allRead, { built: [bucket(0), bucket(1), bucket(2)] });
    const { threads, kept, totalProcessedLines } = resultOf('j', state, found.nowMs).metrics;
    assert.deepEqual(
      [threads?.threads, threads?.rows, threads?.tombstones, threads?.maxDepth],
      [6, 33, 3, 2],
    );
    assert.deepEqual([kept, totalProcessedLines], [24, 30]);
    assert.equal(resultOf('j', jobState(), found.nowMs).metrics.threads, null);
  });

  it('names the archive that a hole is in', () => {
    const hole = {
      kind: 'corrupt',
      compressedFrom: 5,
      compressedTo: 9,
      decompressed: 1,
      message: 'm',
    } as const;
    const { joined } = allRead;
    assert.ok(joined !== null);
    const { warnings } = resultOf('j', { ...allRead, joined: { ...joined, holes: [hole] } }, found.nowMs);
    assert.match(warnings.join(), /^The submissions archive is corrupt at compressed byte 5 /);
  });
});
