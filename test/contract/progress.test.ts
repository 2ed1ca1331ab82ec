import assert from 'node:assert/strict';
import { absorbSegment } from '../../src/contract/job-state.ts';
import {
  completionPercentage,
  progressOf,
  resultOf,
  secondsToGo,
  withHeartbeat,
} from '../../src/contract/progress.ts';
import { found, heartbeat, jobState, live, segmentResult } from './scene.ts';

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
