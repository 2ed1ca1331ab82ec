import assert from 'node:assert/strict';
import { appendFile, copyFile, mkdtemp, open, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprintOf, type Fingerprint } from '../../../src/engine/archive/fingerprint.ts';

const MiB = 1024 * 1024;

/** A promise, so that both ways to fail are one. */
async function printOf(path: string): Promise<Fingerprint> {
  return Promise.resolve(path).then(fingerprintOf);
}

describe('fingerprintOf()', () => {
  let folder = '';
  let path = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'threadmill-test-'));
    path = join(folder, 'a.zst');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function poke(at: number): Promise<void> {
    const file = await open(path, 'r+');
    await file.write(Buffer.from([1]), 0, 1, at);
    await file.close();
  }

  it('refuses what is not there and what is no file', async () => {
    await assert.rejects(printOf(path), { code: 'ARCHIVE_MISSING', facts: { path } });
    await assert.rejects(printOf(folder), { code: 'ARCHIVE_UNREADABLE', facts: { path: folder } });
  });

  it('changes with any byte of a file up to 3 MiB', async () => {
    for (const size of [0, 1, MiB, 3 * MiB]) {
      await writeFile(path, Buffer.alloc(size));
      const seen = new Set([(await printOf(path)).fingerprint]);
      const places = [...new Set([0, size >> 1, size - 1])].filter((at) => at >= 0 && at < size);
      for (const at of places) {
        await poke(at);
        seen.add((await printOf(path)).fingerprint);
      }
      assert.equal(seen.size, 1 + places.length, `${size} bytes`);
    }
  });

  it('changes with the size, either MiB at the ends and the samples between of a larger file', async () => {
    const size = 64 * MiB;
    await writeFile(path, '');
    await truncate(path, size); // a hole: no bytes are written
    const seen = new Set([(await printOf(path)).fingerprint]);
    const lastSample = size - MiB - 1;
    const changes = [0, MiB - 1, MiB, lastSample, size - MiB, size - 1].map((at) => () => poke(at));
    for (const change of [...changes, () => appendFile(path, '\0'), () => truncate(path, size - 1)]) {
      await change();
      seen.add((await printOf(path)).fingerprint);
    }
    assert.equal(seen.size, 1 + changes.length + 2);
  });

  it('is that of the content, whatever the name and the times', async () => {
    await writeFile(path, 'some bytes');
    const { fingerprint, bytes } = await printOf(path);
    assert.match(fingerprint, /^10-[0-9a-f]{64}$/);
    assert.equal(bytes, 10);
    const copy = join(folder, 'b.gz');
    await copyFile(path, copy);
    await utimes(copy, 1000, 1000.5);
    const other = await printOf(copy);
    assert.deepEqual(other, { fingerprint, bytes, mtimeMs: 1_000_500 });
  });
});
