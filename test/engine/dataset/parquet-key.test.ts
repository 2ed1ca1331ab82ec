import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFooterKey } from '../../../src/engine/dataset/parquet-key.ts';
import { createStripeEncoder, partFraming } from '../../../src/engine/output/format.ts';
import { columnsOf } from '../../../src/core/columns.ts';
import { partFile } from '../output/part-file.ts';
import { inFolder } from './scene.ts';

const format = { format: 'parquet', kind: 'comments', keepRaw: false } as const;

/** A file of one row whose texts all are `text`, with a value under our key. */
function fileWith(value: unknown, text: string): Buffer {
  const row = columnsOf('comments', format).map(({ type }) => (type === 'string' ? text : null));
  const keys = { 'threadmill.threads': JSON.stringify(value) };
  const typed = columnsOf('comments', format).map(({ type, required }, at) =>
    type !== 'string' && required ? 1 : (row[at] ?? null),
  );
  return Buffer.from(partFile(createStripeEncoder(format), partFraming(format), [[typed]], keys));
}

describe('readFooterKey()', () => {
  it('reads a value of any length: one of 123 bytes stands behind a byte that is a brace', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'a.parquet');
      for (const length of [2, 3, 100, 122, 123, 124, 127, 128, 129, 300, 15_744, 15_745, 20_000]) {
        const value = length < 8 ? {} : { t: 'x'.repeat(length - 8) };
        await writeFile(file, fileWith(value, 'some text'));
        assert.deepEqual(await readFooterKey(file, 'threadmill.threads'), { value }, String(length));
      }
    }));

  it('is not misled by rows that hold the key, nor finds another', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'a.parquet');
      await writeFile(file, fileWith({ index: 4 }, 'threadmill.threads\u0018\u0002{}'));
      assert.deepEqual(await readFooterKey(file, 'threadmill.threads'), { value: { index: 4 } });
      assert.equal(await readFooterKey(file, 'threadmill.part'), 'its footer has no threadmill.part');
    }));

  it('says why there is none to be had', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'a.parquet');
      const good = fileWith({ index: 4 }, 'x');
      for (const [bytes, says] of [
        [Buffer.from('PAR1'), /too short/],
        [Buffer.concat([good, Buffer.from('x')]), /does not end as a Parquet file/],
        [Buffer.from('\u00ff\u00ff\u00ff\u00ffPAR1', 'latin1'), /claims 4294967295 bytes/],
      ] as const) {
        await writeFile(file, bytes);
        const found = await readFooterKey(file, 'threadmill.threads');
        assert.ok(typeof found === 'string');
        assert.match(found, says);
      }
    }));
});
