import assert from 'node:assert/strict';
import fc from 'fast-check';
import { zeroCounters } from '../../src/core/fates.ts';
import { merged, type Stretch } from '../../src/report/dataset-facts.ts';
import {
  dateText,
  dayOf,
  lengthHistogram,
  Ranking,
  scoreHistogram,
  startOf,
  timeline,
} from '../../src/report/tallies.ts';

describe('Histogram', () => {
  it('counts every score once, in the bin whose label says so', () => {
    const histogram = scoreHistogram();
    const scores = [-2_000_000, -31, -30, -5, 0, 1, 1, 9, 10, 29, 999, 1000, 2_147_483_647];
    for (const score of scores) histogram.add(score);
    const bins = histogram.bins().filter(({ count }) => count > 0);
    assert.deepEqual(
      bins.map(({ label, count }) => [label, count]),
      [
        ['below −30', 2],
        ['−30–−11', 1],
        ['−5', 1],
        ['0', 1],
        ['1', 2],
        ['5–9', 1],
        ['10–29', 2],
        ['300–999', 1],
        ['1000–2999', 1],
        ['10k+', 1],
      ],
    );
  });

  it('puts a length under the power of two that is not above it', () => {
    const all = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(all, (length) => {
        const histogram = lengthHistogram();
        histogram.add(length);
        const [bin, ...more] = histogram.bins();
        assert.deepEqual(more, []);
        assert.equal(bin?.from, Math.min(2 ** Math.floor(Math.log2(length)), 65_536));
      }),
    );
  });

  it('has no bin where nothing was counted', () => {
    assert.deepEqual(scoreHistogram().bins(), []);
  });
});

describe('Ranking', () => {
  it('is exact while the names fit', () => {
    const ranking = new Ranking();
    for (const name of ['b', 'a', 'b', 'c', 'a', 'b']) ranking.add(name);
    assert.deepEqual(ranking.top(2), [
      { name: 'b', count: 3 },
      { name: 'a', count: 2 },
    ]);
    assert.deepEqual([ranking.names, ranking.errorMax], [3, 0]);
  });

  it('keeps no more names than it may, and no count is off by more than it says', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 }), { maxLength: 2_000 }), (names) => {
        const ranking = new Ranking(20);
        const truth = new Map<string, number>();
        for (const name of names.map(String)) {
          ranking.add(name);
          truth.set(name, (truth.get(name) ?? 0) + 1);
          assert.ok(ranking.names <= 20);
        }
        const told = new Map(ranking.top(100).map(({ name, count }) => [name, count]));
        for (const [name, count] of truth) {
          const found = told.get(name) ?? 0;
          assert.ok(found <= count && found >= count - ranking.errorMax, `${name}: ${found} of ${count}`);
        }
      }),
    );
  });
});

describe('timeline()', () => {
  const day = (text: string): number => dayOf(Date.parse(text));

  it('is by day within a hundred days, else by month, and scales', () => {
    const days = new Map([
      [day('2015-02-28'), 3],
      [day('2015-03-01T23:59:59.999Z'), 4],
    ]);
    assert.deepEqual(timeline(days, 1).rows, [
      [day('2015-02-28'), 3],
      [day('2015-03-01'), 4],
    ]);
    days.set(day('2016-03-31'), 5).set(day('2016-03-01'), 1);
    const { calendar, rows } = timeline(days, 10);
    assert.equal(calendar, 'month');
    assert.deepEqual(
      rows.map(([at, count]) => [dateText(calendar, at), count]),
      [
        ['2015-02', 30],
        ['2015-03', 40],
        ['2016-03', 60],
      ],
    );
    assert.equal(startOf('month', (rows[2]?.[0] ?? 0) + 1).toISOString(), '2016-04-01T00:00:00.000Z');
  });

  it('is empty where no row has a time', () => {
    assert.deepEqual(timeline(new Map(), 1).rows, []);
  });
});

describe('merged()', () => {
  const stretch = (at: number, lines = 10): Stretch => ({
    firstLine: at * 10,
    counters: { ...zeroCounters, lines, kept: lines },
  });

  it('puts neighbours together until they are few enough, and loses no line', () => {
    const all = Array.from({ length: 1_001 }, (_, at) => stretch(at));
    const found = merged(all, 100);
    assert.equal(found.length, 91);
    assert.deepEqual(found[1], { firstLine: 110, counters: { ...zeroCounters, lines: 110, kept: 110 } });
    assert.equal(
      found.reduce((sum, { counters }) => sum + counters.lines, 0),
      10_010,
    );
  });

  it('leaves few alone, and those without a line out', () => {
    assert.deepEqual(merged([stretch(0), stretch(1, 0), stretch(1)], 100), [stretch(0), stretch(1)]);
    assert.deepEqual(merged([], 100), []);
  });
});
