import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { absorbSegment, beginJob, bucketsToDo, carriedState } from '../../src/contract/job-state.ts';
import { isJobState } from '../../src/contract/state-check.ts';
import { progressOf } from '../../src/contract/progress.ts';
import { detailsMarkdown } from '../../src/workflows/details.ts';
import { found, jobState, segmentResult } from './scene.ts';

const wire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
type Place = readonly (string | number)[];

/** Every place in a JSON value, from the top down. */
function placesIn(value: unknown, at: Place = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, each]) => placesIn(each, [...at, key]))];
}

function withOther(value: unknown, [key, ...rest]: Place, other: unknown): unknown {
  if (key === undefined) return other;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  copy[key] = withOther(copy[key], rest, other);
  return copy;
}

describe('isJobState()', () => {
  const states = [beginJob(found), jobState(), absorbSegment(jobState(), jobState(), segmentResult())].map(
    wire,
  );

  it('knows the states that jobs have, at their beginning and later, and those of recorded histories', () => {
    for (const state of states) assert.equal(isJobState(state), true);
    const folder = path.join(import.meta.dirname, '../histories');
    const ofJobs = readdirSync(folder).filter((file) => !/^(corpus|reframed)/.test(file));
    const recorded = ofJobs.flatMap((file) =>
      [...readFileSync(path.join(folder, file), 'utf8').matchAll(/"data": ?"([^"]+)"/g)].flatMap(
        ([, data = '']) => {
          const text = Buffer.from(data, 'base64').toString();
          const value = (text.startsWith('{') ? JSON.parse(text) : {}) as { readonly state?: unknown };
          return typeof value.state === 'object' ? [value.state] : [];
        },
      ),
    );
    assert.ok(recorded.length >= 2, 'continued and resumed runs are among them');
    for (const state of recorded) assert.equal(isJobState(state), true);
  });

  it('lets nothing pass that the workflow would trip over while it tells of itself', () => {
    const others = fc.constantFrom<unknown>(null, 0, -1, '', 'x', true, [], {}, [null], { a: 1 }, undefined);
    const arbitrary = fc
      .constantFrom(...states)
      .chain((state) =>
        fc.tuple(fc.constant(state), fc.constantFrom(...placesIn(state)), fc.oneof(others, fc.jsonValue())),
      );
    let passed = 0;
    fc.assert(
      fc.property(arbitrary, ([state, place, other]) => {
        const value = withOther(state, place, other);
        if (!isJobState(value)) return;
        passed++;
        const carried = carriedState(value); // as the workflow does
        bucketsToDo(carried);
        const progress = progressOf({
          jobId: 'j',
          phase: 'failed',
          archive: 'a',
          state: carried,
          live: null,
        });
        detailsMarkdown(progress, value.settings);
      }),
      { numRuns: 5000 },
    );
    assert.ok(passed > 100 && passed < 4900, String(passed));
  });
});
