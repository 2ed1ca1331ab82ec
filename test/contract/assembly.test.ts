import assert from 'node:assert/strict';
import {
  assembliesInFlight,
  assemblyGroups,
  groupBucketsMax,
  isAssemblyProgress,
} from '../../src/contract/assembly.ts';
import { isProgress } from '../../src/contract/job-state.ts';
import { bucketsMax, packThreads } from '../../src/contract/threads.ts';
import { heartbeatBytesMax, partsPerJobMax } from '../../src/core/limits.ts';
import { assemblyBeat, heartbeat } from './scene.ts';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('assemblyGroups()', () => {
  it('has every bucket once, in order, and none in a group too many', () => {
    for (const count of [0, 1, 3, 4, 5, 12, 13, 16, 36, 37, 100, bucketsMax]) {
      const groups = assemblyGroups(upTo(count));
      assert.deepEqual(groups.flat(), upTo(count));
      assert.ok(groups.every(({ length }) => length > 0 && length <= groupBucketsMax));
    }
  });

  it('makes few buckets one activity, and shares more among those that may be in flight', () => {
    const sizes = (count: number): readonly number[] =>
      assemblyGroups(upTo(count)).map(({ length }) => length);
    assert.deepEqual([sizes(1), sizes(4), sizes(5)], [[1], [4], [4, 1]]);
    assert.deepEqual(
      [sizes(16), sizes(36)],
      [
        [6, 6, 4],
        [12, 12, 12],
      ],
    );
    assert.equal(sizes(18).length, assembliesInFlight);
  });
});

/** The last buckets there can be, with the most digits that counts and sizes may have. */
const largest = Array.from({ length: groupBucketsMax }, (_, at) => {
  const count = 9_999_999_999;
  const sha256 = 'f'.repeat(64);
  return packThreads({
    index: bucketsMax - 1 - at,
    threads: count,
    rows: count,
    tombstones: count,
    orphans: count,
    duplicates: count,
    cycles: count,
    maxDepth: count,
    file: '',
    bytes: 99_999_999_999,
    sha256,
    table: { file: '', bytes: 99_999_999_999, sha256 },
  });
});

describe('a heartbeat of an assembly', () => {
  it('fits its bound with as many buckets as a group can have', () => {
    const bytes = JSON.stringify(assemblyBeat({ built: largest })).length;
    assert.ok(bytes <= heartbeatBytesMax, String(bytes));
  });

  it('leaves the largest job under the 2 MiB of one payload', () => {
    const perBucket = JSON.stringify(largest).length / groupBucketsMax;
    // as in part.test.ts: packed to at most 300 bytes
    const bytes = bucketsMax * perBucket + partsPerJobMax * 300;
    assert.ok(bytes < 2 * 2 ** 20, String(bytes));
  });

  it('is told from the progress of a segment, and from anything else', () => {
    assert.deepEqual([isAssemblyProgress(assemblyBeat()), isProgress(assemblyBeat())], [true, false]);
    assert.equal(isAssemblyProgress(heartbeat()), false);
    for (const value of [null, undefined, 5, 'built', {}, { built: 5 }])
      assert.equal(isAssemblyProgress(value), false);
  });
});
