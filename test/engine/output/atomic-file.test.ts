import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { AtomicFile, checkRoom } from '../../../src/engine/output/atomic-file.ts';
import { inFolder } from '../dataset/scene.ts';

async function write(file: string, text: string): Promise<{ bytes: number; sha256: string }> {
  const atomic = await AtomicFile.create(file);
  await atomic.write(Buffer.from(text));
  return atomic.commit();
}

describe('AtomicFile.commit()', () => {
  it('replaces a file of other content, of another size or the same', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'part');
      for (const text of ['one', 'longer', 'change']) {
        assert.equal((await write(file, text)).bytes, text.length);
        assert.equal(readFileSync(file, 'utf8'), text);
      }
      assert.deepEqual(readdirSync(folder), ['part']);
    });
  });

  it('leaves a file of the same content alone, and its own temporary one nowhere', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'part');
      const first = await write(file, 'the same');
      utimesSync(file, 1, 1);
      const { ino } = statSync(file);
      assert.deepEqual(await write(file, 'the same'), first);
      assert.deepEqual([statSync(file).ino, statSync(file).mtimeMs], [ino, 1000]);
      assert.deepEqual(readdirSync(folder), ['part']);
    });
  });

  it('replaces a file that was damaged on its disk, though its size is the same', async () => {
    await inFolder(async (folder) => {
      const file = path.join(folder, 'part');
      await write(file, 'the same');
      writeFileSync(file, 'the sane');
      await write(file, 'the same');
      assert.equal(readFileSync(file, 'utf8'), 'the same');
    });
  });
});

describe('checkRoom()', () => {
  it('passes where a file can be begun, refuses on a full disk and in a folder that is none, and leaves nothing', async function () {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip(); // mounting a small disk takes root
    await inFolder(async (folder) => {
      await checkRoom(path.join(folder, 'part'));
      assert.deepEqual(readdirSync(folder), []);
      await assert.rejects(checkRoom(path.join(folder, 'none', 'part')), { code: 'OUTPUT_DENIED' });
      const disk = path.join(folder, 'disk');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'none', disk]);
      try {
        await assert.rejects(checkRoom(path.join(disk, 'part')), { code: 'DISK_FULL' });
        assert.deepEqual(readdirSync(disk), []);
      } finally {
        execFileSync('umount', [disk]);
      }
    });
  });
});
