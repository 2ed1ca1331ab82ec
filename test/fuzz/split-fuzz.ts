/** Cuts streams into parts and stripes, whatever the chunks: each line is in the part where it starts, and nowhere else. */
import assert from 'node:assert/strict';
import { createRandom, type Random } from '../../samples/generator/random.ts';
import { StripeCutter } from '../../src/engine/archive/stripe-cutter.ts';
import { expectedParts } from '../engine/pipeline/scene.ts';
import { pick } from './random-json.ts';

export interface SplitReport {
  readonly streams: number;
  readonly parts: number;
}

function stream(random: Random): Buffer {
  const bytes = Buffer.alloc(random.below(4_000), 0x61);
  const most = pick(random, [2, 10, 100, 1_000]);
  for (let at = random.below(most); at < bytes.length; at += 1 + random.below(most)) bytes[at] = 0x0a;
  return bytes;
}

/** So many streams from a seed. */
export function fuzzSplits({
  seed,
  streams,
}: {
  readonly seed: number;
  readonly streams: number;
}): SplitReport {
  const random = createRandom(seed);
  let parts = 0;
  for (let at = 0; at < streams; at++) {
    const bytes = stream(random);
    const partBytes = 1 + random.below(pick(random, [4, 60, 700, 6_000]));
    const found: { bytes: Buffer[]; end: number }[] = [{ bytes: [], end: 0 }];
    const cutter = new StripeCutter(0, 0, partBytes, {
      onBytes: (chunk) => found.at(-1)?.bytes.push(Buffer.from(chunk)),
      onStripeEnd: ({ endsPart }, end) => {
        const last = found.at(-1);
        if (last !== undefined) last.end = end;
        if (endsPart) found.push({ bytes: [], end });
      },
    });
    const most = pick(random, [1, 5, 100, 5_000]);
    for (let from = 0; from < bytes.length;) {
      const to = Math.min(bytes.length, from + 1 + random.below(most));
      cutter.write(bytes.subarray(from, to));
      from = to;
    }
    cutter.end();
    const what = `stream ${at} of seed ${seed}`;
    assert.ok(
      Buffer.concat(found.flatMap((part) => part.bytes)).equals(bytes),
      `${what}: bytes were lost or doubled`,
    );
    const expected = expectedParts(bytes, partBytes);
    for (const [index, { start, end }] of expected.entries()) {
      const given = Buffer.concat(found[index]?.bytes ?? []);
      assert.ok(given.equals(bytes.subarray(start, end)), `${what}: part ${index} is another`);
    }
    parts += expected.length;
  }
  return { streams, parts };
}
