import assert from 'node:assert/strict';
import { MonitorScene, monitorSettings } from './scene.ts';

describe('ResourceMonitor', () => {
  let scene: MonitorScene;
  beforeEach(() => {
    scene = new MonitorScene();
  });
  afterEach(() => {
    scene.monitor.close();
  });

  it('warns at 80 % of the limit with the figures and the way out, once', () => {
    scene.at(79);
    assert.equal(scene.warnings.length, 0);
    scene.at(81);
    scene.at(85);
    scene.at(99);
    assert.equal(scene.warnings.length, 1);
    assert.match(
      scene.warnings[0] ?? '',
      /^Memory is at 81 % of its limit of 100 MB .*PUSHSHIFT_MAX_MEMORY_MB/,
    );
    assert.equal(scene.monitor.stats()?.warnings, 1);
  });

  it('warns again after a minute', () => {
    scene.at(81);
    scene.at(81, 59_000);
    assert.equal(scene.warnings.length, 1);
    scene.at(81, 1_000);
    assert.equal(scene.warnings.length, 2);
  });

  it('halves batches and the blocks in flight from 80 % on, and grows again when memory has fallen', () => {
    scene.at(85);
    scene.at(85);
    assert.deepEqual(
      [scene.sizes, scene.shares],
      [
        [500, 250],
        [0.5, 0.5],
      ],
    );
    scene.at(70);
    assert.deepEqual([scene.batchSize, scene.shares.at(-1)], [250, 1]);
    scene.at(20);
    scene.at(20);
    assert.equal(scene.batchSize, 392);
    for (let block = 0; block < 50; block++) scene.at(20);
    assert.equal(scene.batchSize, 5000);
  });

  it('holds the decoder at 95 %, with the smallest batches, and lets go below', () => {
    scene.at(94);
    assert.deepEqual(scene.holds, []);
    scene.at(96);
    assert.deepEqual([scene.holds, scene.batchSize, scene.shares.at(-1)], [[true], 100, 0.125]);
    assert.equal(scene.monitor.stats()?.decoderHeld, true);
    scene.residentMb = 50;
    scene.nowMs += 200;
    scene.monitor.tick();
    assert.deepEqual(scene.holds, [true, false]);
    assert.equal(scene.monitor.stats()?.decoderHeld, false);
  });

  it('holds no longer than two seconds, though memory does not fall and no block comes, then lets two seconds pass', () => {
    scene.at(120);
    const heldMs = scene.nowMs;
    while (scene.holds.length < 2 && scene.nowMs < heldMs + 60_000) {
      scene.nowMs += 200;
      scene.monitor.tick();
    }
    assert.ok(scene.nowMs - heldMs <= 2_200, `held for ${scene.nowMs - heldMs} ms`);
    scene.at(120, 1_000);
    assert.deepEqual(scene.holds, [true, false]);
    scene.at(120, 1_000);
    assert.deepEqual(scene.holds, [true, false, true]);
  });

  it('lets go where monitoring is turned off while it holds', () => {
    scene.at(120);
    scene.monitor.update({ settings: { ...monitorSettings, enableResourceMonitoring: false } });
    assert.deepEqual(scene.holds, [true, false]);
  });

  it('tick() samples nothing while nothing is held', () => {
    scene.monitor.tick();
    assert.equal(scene.samples, 0);
  });

  it('changes the batch size at most twice a second: a change must have had its effect', () => {
    scene.at(10, 499);
    assert.deepEqual(scene.sizes, []);
    scene.at(10, 1);
    scene.at(10, 100);
    assert.deepEqual(scene.sizes, [1250]);
  });

  it('makes batches smaller that take over a second each', () => {
    scene.mill(5000, { busyMs: 1500 });
    assert.equal(scene.batchSize, 500);
  });

  it('update() takes what a person set at once, and goes no higher than it', () => {
    scene.monitor.update({ batchSize: 300, batchCeiling: 300 });
    assert.deepEqual([scene.batchSize, scene.sizes], [300, [300]]);
    scene.at(10);
    assert.equal(scene.batchSize, 300);
    scene.monitor.update({ batchCeiling: null });
    scene.at(10);
    assert.equal(scene.batchSize, 375);
  });

  it('update() of the limit moves the thresholds at once', () => {
    scene.at(70);
    scene.monitor.update({ settings: { ...monitorSettings, maxMemoryUsage: 80 } });
    assert.deepEqual([scene.shares.at(-1), scene.monitor.stats()?.memoryUsagePercentage], [0.5, 87.5]);
  });

  it('gives the figures of the last samples', () => {
    scene.mill(1000, { ms: 500, busyMs: 20, batches: 2, rejects: 3 });
    scene.residentMb = 40;
    scene.mill(4000, { ms: 500, busyMs: 80, batches: 8, rejects: 1 });
    const stats = scene.monitor.stats();
    assert.deepEqual(
      {
        memoryUsagePercentage: stats?.memoryUsagePercentage,
        processingRate: stats?.processingRate,
        residentBytes: stats?.residentBytes,
        heapBytes: stats?.heapBytes,
        externalBytes: stats?.externalBytes,
        windowBytes: stats?.windowBytes,
        limitBytes: stats?.limitBytes,
        batchMs: stats?.batchMs,
        errorsPerBatch: stats?.errorsPerBatch,
        blocksInFlight: stats?.blocksInFlight,
      },
      {
        memoryUsagePercentage: 40,
        processingRate: 8000,
        residentBytes: 40_000_000,
        heapBytes: 2,
        externalBytes: 1,
        windowBytes: 7,
        limitBytes: 100_000_000,
        batchMs: 10,
        errorsPerBatch: 0.125,
        blocksInFlight: 3,
      },
    );
    assert.ok((stats?.cpuPercentage ?? -1) >= 0 && (stats?.eventLoopDelayMs ?? -1) >= 0);
  });

  it('remembers the peak', () => {
    scene.at(60);
    scene.at(30);
    assert.equal(scene.monitor.stats()?.peakResidentBytes, 60_000_000);
    assert.equal(scene.monitor.peakBytesBeyondWindow, 60_000_000);
  });
});
