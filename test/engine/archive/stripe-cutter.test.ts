import assert from 'node:assert/strict';
import { StripeCutter, stripeAt, type StripeRange } from '../../../src/engine/archive/stripe-cutter.ts';

const MiB = 1024 * 1024;

/** Cuts lines of the given lengths (with line feed) into parts of `partBytes`; gives each part's line lengths. */
function cut(lines: readonly number[], partBytes: number, chunkBytes: number): number[][] {
  const stream = Buffer.concat(
    lines.map((length) => Buffer.concat([Buffer.alloc(length - 1, 'x'), Buffer.from('\n')])),
  );
  const parts: number[][] = [];
  let pending: Buffer[] = [];
  let open: number[] = [];
  const cutter = new StripeCutter(0, 0, partBytes, {
    onBytes: (bytes) => pending.push(Buffer.from(bytes)),
    onStripeEnd: (stripe: StripeRange) => {
      const text = Buffer.concat(pending).toString('latin1');
      pending = [];
      open.push(
        ...text
          .split('\n')
          .slice(0, -1)
          .map((line) => line.length + 1),
      );
      if (stripe.endsPart) {
        parts.push(open);
        open = [];
      }
    },
  });
  for (let at = 0; at < stream.length; at += chunkBytes) cutter.write(stream.subarray(at, at + chunkBytes));
  cutter.end();
  parts.push(open);
  return parts;
}

/** The contract itself: a line belongs to the part in which it starts. */
function expected(lines: readonly number[], partBytes: number): number[][] {
  const parts: number[][] = [];
  let offset = 0;
  for (const length of lines) {
    const part = Math.floor(offset / partBytes);
    while (parts.length <= part) parts.push([]);
    parts[part]?.push(length);
    offset += length;
  }
  return parts;
}

describe('StripeCutter', () => {
  it('puts each line into the part in which it starts, whatever the chunks', () => {
    const lines = [3, 7, 1, 10, 10, 10, 25, 1, 1, 40, 2, 9, 1];
    const bytes = lines.reduce((sum, length) => sum + length);
    for (let partBytes = 1; partBytes <= 60; partBytes++) {
      for (let chunkBytes = 1; chunkBytes <= bytes; chunkBytes++) {
        const parts = cut(lines, partBytes, chunkBytes);
        while (parts.length > 0 && parts.at(-1)?.length === 0) parts.pop();
        assert.deepEqual(parts, expected(lines, partBytes), `parts of ${partBytes}, chunks of ${chunkBytes}`);
      }
    }
  });

  it('stripeAt() cuts a part into stripes of 32 MiB, the last one shorter', () => {
    assert.deepEqual(stripeAt(0, 80 * MiB), { part: 0, from: 0, to: 32 * MiB, endsPart: false });
    assert.deepEqual(stripeAt(79 * MiB, 80 * MiB), { part: 0, from: 64 * MiB, to: 80 * MiB, endsPart: true });
    assert.deepEqual(stripeAt(80 * MiB, 80 * MiB), {
      part: 1,
      from: 80 * MiB,
      to: 112 * MiB,
      endsPart: false,
    });
  });
});
