import assert from 'node:assert/strict';
import { emptyRun, extendRun, runSamplesMax, thinned, type RunSample } from '../../src/contract/run.ts';
import { RunRecorder } from '../../src/activities/run-recorder.ts';
import { runSeries } from '../../src/report/run-series.ts';

const sample = (seconds: number): RunSample => [seconds, seconds * 10, 10, 100, 1000];
const samples = (from: number, to: number): readonly RunSample[] =>
  Array.from({ length: to - from }, (_, at) => sample(from + at));

describe('extendRun()', () => {
  it('remembers a job of days in 240 looks, the last one among them, evenly', () => {
    let run = emptyRun;
    for (let segment = 0; segment < 20_000; segment++) {
      const more = { samples: samples(segment * 10, segment * 10 + 10), resumptions: [segment] };
      run = extendRun(run, more);
    }
    assert.ok(run.samples.length <= runSamplesMax && run.samples.length > runSamplesMax / 3);
    assert.equal(run.samples.at(-1)?.[0], 199_999);
    assert.equal(run.resumptions.length, 100);
    assert.ok(JSON.stringify(run).length < 16_000);
  });

  it('leaves what fits as it is', () => {
    const first = extendRun(emptyRun, { samples: samples(0, 3), resumptions: [] });
    assert.deepEqual(extendRun(first, { samples: samples(3, 5), resumptions: [4] }), {
      samples: samples(0, 5),
      resumptions: [4],
    });
    assert.deepEqual(thinned(samples(0, 5), 5), samples(0, 5));
    assert.deepEqual(thinned(samples(0, 6), 5), [sample(1), sample(3), sample(5)]);
  });
});

describe('RunRecorder', () => {
  const live = {
    processedLines: 5,
    processedBytes: 50,
    compressedBytes: 5,
    linesPerSecond: 7,
    bytesPerSecond: 70,
    batchSize: 100,
    memoryBytes: 123_456_789,
  };

  it('looks once a second, at the end in any case, and more rarely in a segment that lasts', () => {
    let nowMs = 1_000_000;
    const recorder = new RunRecorder(900, [3], () => nowMs);
    for (let at = 0; at < 10; at++, nowMs += 200) recorder.look(live);
    recorder.look(live, true);
    assert.deepEqual(recorder.record.samples, [
      [100, 5, 7, 123, 100],
      [101, 5, 7, 123, 100],
      [102, 5, 7, 123, 100],
    ]);
    recorder.resumed();
    assert.deepEqual(recorder.record.resumptions, [3, 102]);
    for (let at = 0; at < 100_000; at++, nowMs += 200) recorder.look(live);
    assert.ok(recorder.record.samples.length <= 24);
  });

  it('keeps the last figure of memory where there is none', () => {
    let nowMs = 0;
    const recorder = new RunRecorder(0, [], () => nowMs);
    recorder.look(live);
    nowMs += 1000;
    recorder.look({ ...live, memoryBytes: 0 });
    assert.deepEqual(
      recorder.record.samples.map(([, , , memoryMb]) => memoryMb),
      [123, 123],
    );
  });
});

describe('runSeries()', () => {
  it('cuts out the time between two stretches, and marks where work was taken up again', () => {
    const run = { samples: [...samples(5, 15), ...samples(1000, 1010)], resumptions: [999.5] };
    const series = runSeries(run);
    assert.equal(series?.end.unit, 'seconds');
    assert.equal(series.end.at, 19);
    assert.deepEqual(
      series.points.map(({ at }) => at),
      Array.from({ length: 20 }, (_, at) => at),
    );
    assert.deepEqual(new Set(series.points.map(({ stretch }) => stretch)), new Set([0, 1]));
    assert.deepEqual(series.resumptions, [{ at: 10, title: 'taken up again, 16 min after the last sign' }]);
  });

  it('is in hours where the work took hours', () => {
    const hours = Array.from({ length: 100 }, (_, at) => sample(at * 360));
    const series = runSeries({ samples: hours, resumptions: [] });
    assert.deepEqual(series?.end, { at: 9.9, unit: 'hours' });
  });

  it('is nothing where too little was seen', () => {
    assert.equal(runSeries(emptyRun), null);
    assert.equal(runSeries({ samples: samples(0, 2), resumptions: [] }), null);
  });
});
