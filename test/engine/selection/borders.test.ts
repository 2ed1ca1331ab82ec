/** A selected line at every kind of border: of a write, a block, a zstd frame, a stripe, a part. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { stripeBytes } from '../../../src/core/limits.ts';
import { StripeMill, type MillOptions } from '../../../src/engine/mill/stripe-mill.ts';
import { planSelection } from '../../../src/engine/selection/plan.ts';
import { inFolder } from '../dataset/scene.ts';
import { archiveOf, defaultRules, runToEnd } from '../pipeline/scene.ts';

const KiB = 1024;
const mill: MillOptions = {
  ...defaultRules,
  selection: planSelection({ subreddit: ['austin'], keyword: ['bbq'] }, 'comments'),
};

/** A comment of exactly so many bytes without its line feed. */
function line(id: number, bytes: number, selected: boolean): string {
  const subreddit = selected
    ? '"subreddi\\u0074" : "\\u0041ustin"'
    : '"subreddit":"dallas","x":"\\"subreddit\\":\\"austin\\""';
  const head = `{"id":"c${id}","link_id":"t3_a","created_utc":1600000000,${subreddit},"body":"`;
  const tail = ' b\\u0062q"}';
  assert.ok(bytes >= head.length + tail.length, `${bytes} bytes are too few`);
  return head + 'x'.repeat(bytes - head.length - tail.length) + tail;
}

describe('a selected line', () => {
  it('is found wherever two writes part it, and makes the same stripe', () => {
    const lines = [line(1, 160, false), line(2, 150, true), line(3, 170, false), line(4, 140, true)];
    const text = Buffer.from(lines.join('\r\n'));
    const milled = (cuts: readonly number[]): unknown => {
      const stripe = new StripeMill(mill);
      stripe.start(0);
      const ends = [...cuts, text.length];
      ends.forEach((end, at) => {
        stripe.write(Uint8Array.from(text.subarray(ends[at - 1] ?? 0, end)));
      });
      const { encoded, counters } = stripe.finish();
      return [Buffer.from(encoded.bytes).toString(), counters.kept, counters.excluded['not-selected']];
    };
    const expected = [`${lines[1] ?? ''}\n${lines[3] ?? ''}\n`, 2, 2];
    for (let cut = 0; cut <= text.length; cut++) {
      assert.deepEqual(milled([cut]), expected, `cut at ${cut}`);
      assert.deepEqual(milled([cut, Math.min(cut + 1, text.length)]), expected, `two cuts at ${cut}`);
    }
  });

  it('is found at the borders of blocks, frames, stripes and parts, under every number of threads', () =>
    inFolder(async (folder) => {
      const partBytes = 40 * 1024 * KiB;
      // a border of each sort, and a selected line that ends just before it, at it, behind it, or lies across it
      const borders = [64 * KiB, 1024 * KiB, 2048 * KiB, stripeBytes, partBytes];
      const places = borders.flatMap((border) =>
        [-600, -400, -200, -1, 0, 1, 200].map((away) => border + away),
      );
      const lines: string[] = [];
      const selected: string[] = [];
      let at = 0;
      const add = (bytes: number, isSelected: boolean): void => {
        const text = line(lines.length, bytes, isSelected);
        lines.push(text);
        if (isSelected) selected.push(text);
        at += bytes + 1;
      };
      const fillUpTo = (end: number): void => {
        while (end - at > 100_000) add(50_000, false);
        if (end - at > 400) add(end - at - 201, false);
        if (end - at > 0) add(end - at - 1, false);
      };
      for (const border of borders) {
        // one line ends with the border, the next begins there; then one that lies across another border of the sort
        fillUpTo(border - 200);
        add(199, true);
        assert.equal(at, border);
        add(250, true);
        fillUpTo(border + 128 * KiB - 77);
        add(300, true);
      }
      for (let rest = 0; rest < 30; rest++) add(200 + rest, rest % 3 === 0);
      const text = `${lines.join('\n')}\n`;
      for (const threads of [1, 3]) {
        for (const container of ['plain', 'zstd'] as const) {
          const name = `${container}-${threads}`;
          await mkdir(path.join(folder, name));
          const out = path.join(folder, name, 'out');
          await mkdir(out);
          const archive = await archiveOf(path.join(folder, name), text, { container, cuts: places });
          const { entries } = await runToEnd({
            archive,
            folder: out,
            partBytes,
            threads,
            mill,
            batchSize: 700,
          });
          const texts = await Promise.all(entries.map(({ file }) => readFile(path.join(out, file), 'utf8')));
          assert.equal(entries.length, 2);
          assert.ok(texts.join('') === `${selected.join('\n')}\n`, `${name}: other lines were selected`);
        }
      }
    })).timeout(60_000);
});
