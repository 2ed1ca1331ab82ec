import assert from 'node:assert/strict';
import { RateWindow } from '../../../src/engine/pipeline/rate-window.ts';

describe('RateWindow', () => {
  const none = { linesPerSecond: 0, bytesPerSecond: 0 };

  it('is zero until two samples lie apart', () => {
    const rates = new RateWindow();
    assert.deepEqual(rates.perSecond(), none);
    rates.add(1000, 10, 100);
    assert.deepEqual(rates.perSecond(), none);
    rates.add(1000, 20, 200);
    assert.deepEqual(rates.perSecond(), none);
  });

  it('is per second, over counters that only grow', () => {
    const rates = new RateWindow();
    rates.add(1000, 10, 1000);
    rates.add(3000, 30, 9000);
    assert.deepEqual(rates.perSecond(), { linesPerSecond: 10, bytesPerSecond: 4000 });
  });

  it('follows a change within five seconds', () => {
    const rates = new RateWindow();
    let lines = 0;
    for (let second = 0; second <= 20; second++) rates.add(second * 1000, (lines += 1000), lines);
    for (let second = 21; second <= 27; second++) rates.add(second * 1000, (lines += 10), lines);
    assert.equal(rates.perSecond().linesPerSecond, 10);
  });

  it('comes down to zero where nothing moves', () => {
    const rates = new RateWindow();
    for (let second = 0; second <= 10; second++) rates.add(second * 1000, Math.min(second, 2), 0);
    assert.equal(rates.perSecond().linesPerSecond, 0);
  });

  it('keeps a rate where samples are rarer than its window', () => {
    const rates = new RateWindow();
    for (const ms of [0, 60_000, 120_000]) rates.add(ms, ms, ms);
    assert.equal(rates.perSecond().linesPerSecond, 1000);
  });
});
