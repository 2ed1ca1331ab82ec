import assert from 'node:assert/strict';
import { StripeMill, type MilledStripe } from '../../../src/engine/mill/stripe-mill.ts';
import { lineBytesMax, overlongRawBytesMax } from '../../../src/core/limits.ts';
import { comment, keepAll } from '../pipeline/scene.ts';

const bom = '\uFEFF';

/** A stripe that begins at `offset`, in one block or byte by byte. */
function mill(
  text: string | Buffer,
  { offset = 0, dropTail = false, bytewise = false } = {},
): MilledStripe & { readonly text: string } {
  const stripe = new StripeMill(keepAll);
  const bytes = Buffer.from(text);
  stripe.start(offset);
  if (bytewise) for (let at = 0; at < bytes.length; at++) stripe.write(bytes.subarray(at, at + 1));
  else stripe.write(bytes);
  const milled = stripe.finish(dropTail);
  return { ...milled, text: Buffer.from(milled.encoded.bytes).toString() };
}

describe('StripeMill and a byte order mark', () => {
  for (const bytewise of [false, true]) {
    it(`leaves it out of the first line of the archive, ${bytewise ? 'byte by byte' : 'in one block'}`, () => {
      const milled = mill(`${bom}${comment(0)}\n${comment(1)}\n`, { bytewise });
      assert.equal(milled.text, `${comment(0)}\n${comment(1)}\n`);
      const rejected = mill(`${bom}{"cut\n`, { bytewise }).rejects[0];
      assert.deepEqual([rejected?.offset, rejected?.bytes, rejected?.line], [3, 5, 0]);
    });
  }

  it('takes an archive of nothing but it for one blank line', () => {
    for (const text of [bom, `${bom}\n`, `${bom}\r\n`]) {
      const { counters } = mill(text);
      assert.deepEqual([counters.lines, counters.blank], [1, 1], JSON.stringify(text));
    }
  });

  it('takes half of one for what it is', () => {
    const { counters } = mill(Buffer.from([0xef, 0xbb]));
    assert.deepEqual([counters.lines, counters.rejected['malformed-json']], [1, 1]);
  });

  it('rejects a line that begins with one anywhere else', () => {
    assert.equal(mill(`${comment(0)}\n${bom}${comment(1)}\n`).counters.rejected['malformed-json'], 1);
    assert.equal(mill(`${bom}${comment(0)}\n`, { offset: 1 }).counters.rejected['malformed-json'], 1);
  });
});

describe('StripeMill.finish()', () => {
  it('makes a line of a tail without a line feed, and none with dropTail', () => {
    const text = `${comment(0)}\n${comment(1)}`;
    assert.deepEqual([mill(text).counters.lines, mill(text).counters.kept], [2, 2]);
    const dropped = mill(text, { dropTail: true });
    assert.deepEqual([dropped.counters.lines, dropped.text], [1, `${comment(0)}\n`]);
    assert.deepEqual(mill(`${comment(0)}\n`, { dropTail: true }), mill(`${comment(0)}\n`));
  });

  it('drops a tail over lineBytesMax as well, and starts the next stripe clean', () => {
    const stripe = new StripeMill(keepAll);
    stripe.start(0);
    stripe.write(Buffer.alloc(lineBytesMax + 10, 'x'));
    assert.equal(stripe.finish(true).counters.lines, 0);
    stripe.start(5000);
    stripe.write(Buffer.from(`{"cut\n${comment(1)}\n`));
    const { counters, rejects } = stripe.finish();
    assert.deepEqual([counters.lines, counters.kept, rejects[0]?.line, rejects[0]?.offset], [2, 1, 0, 5000]);
  });

  it('takes a lone CR at the end for white space, not for a line feed', () => {
    assert.equal(mill(`${comment(0)}\r`).text, `${comment(0)}\n`);
    assert.deepEqual([mill('\r').counters.blank, mill('\r').counters.lines], [1, 1]);
    assert.equal(mill(`${comment(0)}\r${comment(1)}\n`).counters.rejected['malformed-json'], 1);
  });
});

describe('StripeMill and long lines', () => {
  const padded = (bytes: number): string => comment(0, bytes);

  it('keeps a line of exactly lineBytesMax, with and without CR, and rejects one byte more', () => {
    for (const [line, kept] of [
      [padded(lineBytesMax), 1],
      [`${padded(lineBytesMax)}\r`, 1],
      [padded(lineBytesMax + 1), 0],
      [`${padded(lineBytesMax + 1)}\r`, 0],
    ] as const) {
      const { counters, rejects } = mill(`${line}\n`);
      assert.deepEqual(
        [counters.kept, counters.rejected['line-too-long']],
        [kept, 1 - kept],
        String(line.length),
      );
      if (kept === 1) continue;
      assert.equal(rejects[0]?.bytes, lineBytesMax + 1, 'without the CR');
      assert.equal(rejects[0].raw.length, overlongRawBytesMax);
    }
  });
});
