import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { decisiveSettings } from '../../../src/contract/output-settings.ts';
import { buildNameTable, NameLookup } from '../../../src/engine/selection/name-table.ts';
import { namesOf, readNameFiles } from '../../../src/engine/selection/name-files.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { inFolder } from '../dataset/scene.ts';

const many = Array.from({ length: 100_000 }, (_, index) => `name${index}`);

describe('files of names', () => {
  it('that are short go into the job itself, beside what was given with them', () =>
    inFolder(async (folder) => {
      const file = path.join(folder, 'names.txt');
      await writeFile(file, '\ufeff# towns\n\n r/Waco \r\nAustin\naustin\r');
      const read = readNameFiles({ ...defaultJobSettings(), subredditsFile: file, subreddit: ['dallas'] });
      assert.deepEqual([read.subreddit, read.subredditsFile], [['austin', 'dallas', 'waco'], undefined]);
      assert.deepEqual(readNameFiles(read), read);
      await rm(file);
      assert.deepEqual(namesOf(read, 'subreddit'), ['austin', 'dallas', 'waco']);
      assert.equal(namesOf(read, 'author'), null);
    }));

  it('that are long travel as their digest, whatever the order of their lines and wherever they are', () =>
    inFolder(async (folder) => {
      const [file, copy] = [path.join(folder, 'names.txt'), path.join(folder, 'copy.txt')];
      await writeFile(file, many.join('\n'));
      await writeFile(copy, ['# the same', ...many.toReversed(), 'u/NAME7'].join('\r\n'));
      const settings = defaultJobSettings();
      const read = readNameFiles({ ...settings, authorsFile: path.relative(process.cwd(), file) });
      assert.deepEqual(read.authorsFile, {
        path: file,
        names: 100_000,
        sha256: (read.authorsFile as { sha256: string }).sha256,
      });
      assert.ok(JSON.stringify(read).length < 2000);
      assert.deepEqual(namesOf(read, 'author')?.length, 100_000);
      const again = readNameFiles({ ...settings, authorsFile: copy });
      assert.deepEqual(decisiveSettings(again), decisiveSettings(read), 'it is the same job');
      assert.notDeepEqual(decisiveSettings(settings), decisiveSettings(read));
      assert.doesNotMatch(JSON.stringify(decisiveSettings(read)), /names\.txt/);
    }));

  it('that have changed or are gone when a worker looks end the job by name', () =>
    inFolder(async (folder) => {
      const file = path.join(folder, 'names.txt');
      await writeFile(file, many.join('\n'));
      const read = readNameFiles({ ...defaultJobSettings(), authorsFile: file });
      const changed = { code: 'SELECTION_CHANGED', message: /names\.txt.*put the file back/s };
      await writeFile(file, many.slice(1).join('\n'));
      assert.throws(() => namesOf(read, 'author'), changed);
      await writeFile(file, 'two words\n');
      assert.throws(() => namesOf(read, 'author'), changed);
      await rm(file);
      assert.throws(() => namesOf(read, 'author'), changed);
      await writeFile(file, many.toReversed().join('\n'));
      assert.equal(namesOf(read, 'author')?.length, 100_000);
    }));

  it('that can be no list are refused before anything begins', () =>
    inFolder(async (folder) => {
      const file = path.join(folder, 'names.txt');
      const refused = (message: RegExp): void => {
        assert.throws(() => readNameFiles({ ...defaultJobSettings(), subredditsFile: file }), {
          code: 'SETTINGS_INVALID',
          message,
        });
      };
      refused(/no such file/);
      await mkdir(file);
      refused(/no plain file/);
      await rm(file, { recursive: true });
      execFileSync('mkfifo', [file]);
      refused(/no plain file/);
      await rm(file);
      await writeFile(file, '\n# nothing\n');
      refused(/holds no name/);
      await writeFile(file, 'austin\nname,count\n');
      refused(/line 2, "name,count", is no name of a subreddit/);
      await writeFile(file, Buffer.alloc(33 * 1024 * 1024, 'a'));
      refused(/at most 33554432 are allowed/);
      await rm(file);
    }));
});

describe('NameLookup', () => {
  it('knows every name of a large table in any case, and no other', () => {
    const lookup = new NameLookup(buildNameTable(many));
    const has = (name: string): boolean => {
      const bytes = Buffer.from(`"${name}"`);
      return lookup.has(bytes, 1, bytes.length - 1);
    };
    for (const name of many) assert.ok(has(name.toUpperCase()), name);
    for (const name of ['', 'name', 'name100000', 'name01', 'xname1', 'name1 ', 'Ｎame1'])
      assert.ok(!has(name), name);
    const other = new NameLookup(buildNameTable(['größe', 'k']));
    const bytes = Buffer.from('GRößE\u212a');
    assert.ok(other.has(bytes, 0, bytes.length - 3));
    assert.ok(!other.has(bytes, bytes.length - 3, bytes.length), 'the Kelvin sign is no ASCII letter');
  });
});
