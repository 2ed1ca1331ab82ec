import assert from 'node:assert/strict';
import fc from 'fast-check';
import { outputFormats } from '../../src/contract/job.ts';
import {
  packPart,
  packedCounters,
  partFile,
  partNaming,
  rejectsFile,
  unpackPart,
  type PartEntry,
} from '../../src/contract/part.ts';
import { addsUp, excludeRules, rejectReasons, type Counters } from '../../src/core/fates.ts';
import {
  heartbeatBytesMax,
  partBytesDefault,
  partBytesMax,
  partsPerJobMax,
  segmentPartsMax,
} from '../../src/core/limits.ts';
import { heartbeat } from './scene.ts';

const whole = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const sha256 = fc.string({
  unit: fc.constantFrom(...Array.from('0123456789abcdef')),
  minLength: 64,
  maxLength: 64,
});

function countsOf<K extends string>(names: readonly K[]): fc.Arbitrary<Record<K, number>> {
  const record = Object.fromEntries(names.map((name) => [name, whole]));
  return fc.record(record, { noNullPrototype: true });
}

const counters: fc.Arbitrary<Counters> = fc.record(
  {
    lines: whole,
    kept: whole,
    blank: whole,
    excluded: countsOf(excludeRules),
    rejected: countsOf(rejectReasons),
  },
  { noNullPrototype: true },
);
const entry = fc
  .record({
    naming: fc.record(
      {
        stem: fc.constantFrom('part', 'submissions'),
        extension: fc.constantFrom(...outputFormats, 'spill'),
      },
      { noNullPrototype: true },
    ),
    index: fc.nat({ max: partsPerJobMax }),
    start: whole,
    end: whole,
    firstLine: whole,
    bytes: whole,
    sha256,
    counters,
    rejects: fc.option(fc.record({ bytes: whole, sha256 }, { noNullPrototype: true })),
  })
  .map(({ naming, rejects, ...part }) => ({
    naming,
    part: {
      ...part,
      file: partFile(part.index, naming),
      rows: part.counters.kept,
      rejects: rejects === null ? null : { file: rejectsFile(part.index, naming), ...rejects },
    } satisfies PartEntry,
  }));

interface PartSize {
  readonly lines: number;
  readonly partBytes: number;
  /** Share of the lines that each reason has rejected. */
  readonly rejectShare: number;
}

/** A part with the most digits that its size allows, and every count in use. */
function largestPart(index: number, { lines, partBytes, rejectShare }: PartSize): PartEntry {
  const rejected = Math.floor(lines * rejectShare);
  const excluded = Math.floor(lines / 11);
  const blank = lines - rejectReasons.length * rejected - excludeRules.length * excluded - excluded;
  const counters: Counters = {
    lines,
    kept: excluded,
    blank,
    excluded: { deleted: excluded, removed: excluded, 'low-score': excluded, 'not-selected': excluded },
    rejected: {
      'line-too-long': rejected,
      'malformed-json': rejected,
      'not-an-object': rejected,
      'missing-field': rejected,
      'invalid-timestamp': rejected,
    },
  };
  assert.ok(addsUp(counters) && blank >= 0);
  return {
    index,
    file: '',
    start: index * partBytes,
    end: (index + 1) * partBytes,
    firstLine: index * lines,
    rows: counters.kept,
    bytes: partBytes,
    sha256: 'f'.repeat(64),
    counters,
    rejects: { file: '', bytes: partBytes, sha256: 'e'.repeat(64) },
  };
}

const flat = partNaming({ format: 'jsonl.zst', kind: 'submissions', buckets: 0 });

describe('partNaming()', () => {
  it('names spill files where there are buckets, and those of joined submissions apart', () => {
    const named = (kind: 'comments' | 'submissions', buckets: number): string =>
      partFile(3, partNaming({ format: 'csv', kind, buckets }));
    assert.deepEqual(
      [named('comments', 0), named('submissions', 0), named('comments', 1), named('submissions', 1)],
      ['part-00003.csv', 'part-00003.csv', 'part-00003.spill', 'submissions-00003.spill'],
    );
    const joined = partNaming({ format: 'csv', kind: 'submissions', buckets: 7 });
    assert.equal(rejectsFile(3, joined), 'submissions-00003.rejects.jsonl.zst');
  });
});

describe('packPart()', () => {
  it('is undone by unpackPart(), through JSON', () => {
    fc.assert(
      fc.property(entry, ({ naming, part }) => {
        const travelled = JSON.parse(JSON.stringify(packPart(part))) as ReturnType<typeof packPart>;
        assert.deepEqual(unpackPart(travelled, naming), part);
        assert.deepEqual(packedCounters(travelled), part.counters);
      }),
    );
  });

  it('keeps the largest job, rejects in every part, under the 2 MB of one payload', () => {
    const parts = Array.from({ length: partsPerJobMax }, (_, index) =>
      packPart(largestPart(index, { lines: partBytesMax / 2, partBytes: partBytesMax, rejectShare: 1 / 11 })),
    );
    assert.ok(JSON.stringify(parts).length < 2_000_000, String(JSON.stringify(parts).length));
  });

  it('keeps a heartbeat with as many parts as a segment can have inside its bound', () => {
    // the last ones of a job of the most parts, with 200 bytes a line, and as many rejects as a job may have
    const size = {
      lines: Math.floor(partBytesDefault / 200),
      partBytes: partBytesDefault,
      rejectShare: 0.002,
    };
    const parts = Array.from({ length: segmentPartsMax }, (_, index) =>
      packPart(largestPart(partsPerJobMax - 1 - index, size)),
    );
    const bytes = JSON.stringify(heartbeat({ parts })).length;
    assert.ok(bytes <= heartbeatBytesMax, String(bytes));
  });

  it('gives names that sort as parts do', () => {
    const names = [0, 9, 10, 99_999].map((index) => partFile(index, flat));
    assert.deepEqual(names, [...names].sort());
    assert.deepEqual(
      [names[0], rejectsFile(12, flat)],
      ['part-00000.jsonl.zst', 'part-00012.rejects.jsonl.zst'],
    );
  });
});
