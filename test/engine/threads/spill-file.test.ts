import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ThreadmillError } from '../../../src/core/errors.ts';
import { SpillReader } from '../../../src/engine/threads/spill-file.ts';
import { hostilePair } from './hostile-archive.ts';
import { claimedFolder, spillHere } from './scene.ts';

const buckets = 3;

interface Block {
  readonly rows: number;
  readonly keys: string;
  readonly payload: string;
}

/** All that the reader gives of a file, by bucket. */
function contentOf(file: string, bytes: number, count = buckets): readonly (readonly Block[])[] {
  const reader = new SpillReader(file, bytes, count);
  try {
    return Array.from({ length: count }, (_, bucket) =>
      reader.blocks(bucket).map((place) => ({
        rows: place.rows,
        keys: Buffer.from(reader.keys(place)).toString('latin1'),
        payload: Buffer.from(reader.payload(place)).toString('latin1'),
      })),
    );
  } finally {
    reader.close();
  }
}

describe('SpillReader', () => {
  let folder: string;
  let remove: () => Promise<void>;
  let spilled: Buffer;
  let whole: readonly (readonly Block[])[];
  let file: string;

  before(async () => {
    ({ folder, remove } = await claimedFolder());
    const [spill] = await spillHere(folder, hostilePair(7).comments, { buckets, partLines: 60 });
    assert.ok(spill !== undefined);
    spilled = await readFile(spill.path);
    whole = contentOf(spill.path, spill.bytes);
    file = path.join(folder, 'damaged.spill');
  });

  after(() => remove());

  it('gives each bucket its blocks in the order of the stripes', () => {
    const [blocks, rows] = [whole.flat().length, whole.flat().reduce((sum, block) => sum + block.rows, 0)];
    assert.ok(blocks > buckets && rows > 30, `${blocks} blocks, ${rows} rows`);
  });

  it('tells every damaged bit that matters: it refuses the file or gives the same', async () => {
    let refused = 0;
    await writeFile(file, spilled);
    const handle = openSync(file, 'r+');
    for (let at = 0; at < spilled.length; at++) {
      for (const bit of [1, 16, 128]) {
        writeSync(handle, Buffer.of((spilled[at] as number) ^ bit), 0, 1, at);
        try {
          assert.deepEqual(contentOf(file, spilled.length), whole, `bit ${bit} of byte ${at}`);
        } catch (error) {
          if (!(error instanceof ThreadmillError)) throw error;
          assert.equal(error.code, 'DATASET_INVALID', `bit ${bit} of byte ${at}: ${error.message}`);
          refused++;
        }
      }
      writeSync(handle, spilled, at, 1, at);
    }
    closeSync(handle);
    // what the part says of itself has a seal of its own
    const says = spilled.readUInt32LE(spilled.length - 8);
    assert.ok(refused > (spilled.length - says) * 2, `${refused} of ${spilled.length * 3}`);
  });

  it('refuses a file cut off anywhere, at its old size and at its own', async () => {
    const refused = { code: 'DATASET_INVALID' };
    for (let bytes = 0; bytes < spilled.length; bytes += bytes < 64 ? 1 : 13) {
      await writeFile(file, spilled.subarray(0, bytes));
      assert.throws(() => contentOf(file, spilled.length), refused, `${bytes} bytes`);
      assert.throws(() => contentOf(file, bytes), refused, `${bytes} bytes, known to be short`);
    }
  });

  it('refuses a file that is gone, one of other buckets, and what is no spill', async () => {
    const refused = { code: 'DATASET_INVALID', message: /make the dataset anew with --again/ };
    assert.throws(() => contentOf(path.join(folder, 'gone.spill'), 100), refused);
    await writeFile(file, spilled);
    assert.throws(() => contentOf(file, spilled.length, buckets + 1), refused);
    await writeFile(file, Buffer.alloc(spilled.length, 'PAR1'));
    assert.throws(() => contentOf(file, spilled.length), refused);
  });

  it('leaves no file open, whatever it refuses', async function () {
    if (process.platform !== 'linux') this.skip(); // only there a folder lists them
    await writeFile(file, spilled.subarray(0, -1));
    const open = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 20; round++) {
      assert.throws(() => contentOf(file, spilled.length));
      assert.throws(() => contentOf(file, spilled.length - 1));
    }
    assert.ok(readdirSync('/proc/self/fd').length < open + 10);
  });
});
