import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findArchives, meansMany } from '../../../src/engine/corpus/find-archives.ts';
import { ThreadmillError } from '../../../src/core/errors.ts';
import { inFolder } from '../dataset/scene.ts';

async function made(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'x');
  }
}

describe('findArchives()', () => {
  it('takes all archives of a folder and below it, but no hidden file, no dataset and no output', async () => {
    await inFolder(async (folder) => {
      await made(folder, [
        ...['RC_2019-04.zst', 'sub/b_comments.zst', 'sub/c.ndjson.gz', 'd.jsonl'],
        ...['readme.txt', '.hidden.zst', '.git/x.zst', 'out/e/part-00000.jsonl.zst'],
        ...['made/manifest.json', 'made/part-00000.jsonl.zst'],
      ]);
      await symlink(folder, path.join(folder, 'circle'));
      await symlink(path.join(folder, 'RC_2019-04.zst'), path.join(folder, 'link.zst'));
      const found = await findArchives({ archives: [folder], out: path.join(folder, 'out') });
      assert.deepEqual(
        found.map((file) => path.relative(folder, file)),
        ['RC_2019-04.zst', 'd.jsonl', 'link.zst', 'sub/b_comments.zst', 'sub/c.ndjson.gz'],
      );
    });
  });

  it('takes patterns, names and lists together, each archive once', async () => {
    await inFolder(async (folder) => {
      await made(folder, ['RC_1.zst', 'RC_2.zst', 'RS_1.zst', 'odd [1].bin', 'lists/here.zst']);
      const list = path.join(folder, 'lists/list.txt');
      await writeFile(list, `# what we want\r\nhere.zst\n\n${path.join(folder, 'RC_1.zst')}\n`);
      const at = (name: string): string => path.join(folder, name);
      const found = await findArchives({
        archives: [at('RC_*.zst'), at('RC_2.zst'), at('odd [1].bin'), at('gone.zst')],
        list,
        out: at('out'),
      });
      assert.deepEqual(
        found.map((file) => file.replace(`${folder}/`, '')),
        ['RC_1.zst', 'RC_2.zst', 'gone.zst', 'lists/here.zst', 'odd [1].bin'].sort(),
      );
    });
  });

  it('refuses what names nothing', async () => {
    await inFolder(async (folder) => {
      const out = path.join(folder, 'out');
      const none = path.join(folder, 'none');
      for (const [sources, code] of [
        [{ archives: [folder] }, 'ARCHIVE_MISSING'],
        [{ archives: [`${none}/*.zst`] }, 'ARCHIVE_MISSING'],
        [{ archives: [], list: none }, 'ARCHIVE_MISSING'],
        [{ archives: [], list: folder }, 'ARCHIVE_UNREADABLE'],
        [{ archives: [] }, 'USAGE'],
      ] as const) {
        await assert.rejects(
          findArchives({ ...sources, out }),
          (error) => error instanceof ThreadmillError && error.code === code,
          code,
        );
      }
    });
  });

  it('meansMany() tells a pattern from a file of that name', async () => {
    await inFolder(async (folder) => {
      await made(folder, ['a[1].zst']);
      const asked = [
        folder,
        path.join(folder, 'a[1].zst'),
        path.join(folder, '*.zst'),
        path.join(folder, 'b.zst'),
      ];
      assert.deepEqual(await Promise.all(asked.map(meansMany)), [true, false, true, false]);
    });
  });
});
