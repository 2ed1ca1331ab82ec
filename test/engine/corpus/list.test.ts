import assert from 'node:assert/strict';
import { truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { batchArchivesMax } from '../../../src/contract/corpus.ts';
import { smallArchiveBytesMax } from '../../../src/core/limits.ts';
import { listArchives, readList, writeList } from '../../../src/engine/corpus/list.ts';
import { listName } from '../../../src/engine/corpus/names.ts';
import { ThreadmillError } from '../../../src/core/errors.ts';
import { inFolder } from '../dataset/scene.ts';

/** Makes files of these sizes; gives their paths. */
async function sizes(folder: string, files: Readonly<Record<string, number>>): Promise<readonly string[]> {
  const paths: string[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(folder, name);
    await writeFile(file, '');
    await truncate(file, bytes);
    paths.push(file);
  }
  return paths;
}

describe('listArchives()', () => {
  it('has the largest first, then by name, with kind and size', async () => {
    await inFolder(async (folder) => {
      const files = await sizes(folder, { 'b_comments.zst': 5, 'a_comments.zst': 5, 'RS_2019-04.zst': 9 });
      const listed = await listArchives(files, { join: false });
      assert.deepEqual(
        listed.map(({ index, name, kind, bytes }) => [index, name, kind, bytes]),
        [
          [0, 'RS_2019-04', 'submissions', 9],
          [1, 'a_comments', 'comments', 5],
          [2, 'b_comments', 'comments', 5],
        ],
      );
      assert.deepEqual(await listArchives([...files].reverse(), { join: false }), listed);
    });
  });

  it('with join pairs comments and submissions of one name; the rest stand alone', async () => {
    await inFolder(async (folder) => {
      const files = await sizes(folder, {
        ...{ 'RC_2019-04.zst': 50, 'RS_2019-04.zst': 30, 'RS_2019-05.zst': 20 },
        ...{ 'austin_comments.zst': 5, 'austin_submissions.zst': 4, 'boston_comments.zst': 3 },
      });
      const listed = await listArchives(files, { join: true });
      assert.deepEqual(
        listed.map(({ name, submissions, bytes }) => [name, path.basename(submissions ?? ''), bytes]),
        [
          ['RC_2019-04', 'RS_2019-04.zst', 80],
          ['RS_2019-05', '', 20],
          ['austin_comments', 'austin_submissions.zst', 9],
          ['boston_comments', '', 3],
        ],
      );
    });
  });

  it('tells of what is missing, and of two that would be one dataset', async () => {
    await inFolder(async (folder) => {
      const [first = '', second = ''] = await sizes(folder, { 'a.zst': 5, 'A.gz': 4 });
      const listed = await listArchives([first, second, path.join(folder, 'gone.zst')], { join: false });
      assert.deepEqual(
        listed.map(({ archive, problem }) => [path.basename(archive), problem?.code]),
        [
          ['a.zst', undefined],
          ['A.gz', 'DATASET_IN_USE'],
          ['gone.zst', 'ARCHIVE_MISSING'],
        ],
      );
      assert.match(String(listed[1]?.problem?.message), /beside ".*a\.zst".*same name; rename one/);
    });
  });
});

describe('writeList() and readList()', () => {
  it('give back each line by the place of its batch, large ones apart', async () => {
    await inFolder(async (folder) => {
      const many = Object.fromEntries(Array.from({ length: 600 }, (_, at) => [`s${at}.zst`, 1000 - at]));
      const files = await sizes(folder, {
        ...many,
        ...{ 'large.zst': smallArchiveBytesMax + 1, 'edge.zst': smallArchiveBytesMax, 'none.zst': 0 },
      });
      const listed = await listArchives(files, { join: false });
      const list = await writeList(folder, listed);
      assert.deepEqual([list.archives, list.large], [603, 1]);
      assert.equal(
        list.bytes,
        listed.reduce((sum, { bytes }) => sum + bytes, 0),
      );
      assert.deepEqual(await readList(folder, { offset: 0, length: list.largeLength }), listed.slice(0, 1));
      const read = await Promise.all(list.batches.map((batch) => readList(folder, batch)));
      assert.deepEqual(read.flat(), listed.slice(1));
      for (const [at, { from, to }] of list.batches.entries()) {
        assert.equal(from, list.batches[at - 1]?.to ?? 1);
        assert.ok(to > from && to - from <= batchArchivesMax);
      }
    });
  });

  it('refuse a list that was cut, or is gone', async () => {
    await inFolder(async (folder) => {
      const listed = await listArchives(await sizes(folder, { 'a.zst': 1, 'b.zst': 2 }), { join: false });
      const { batches } = await writeList(folder, listed);
      const [batch] = batches;
      assert.ok(batch !== undefined);
      await truncate(path.join(folder, listName), batch.length - 1);
      const refused = (error: unknown): boolean =>
        error instanceof ThreadmillError && error.code === 'DATASET_INVALID';
      await assert.rejects(readList(folder, batch), refused);
      await assert.rejects(readList(path.join(folder, 'gone'), batch), refused);
    });
  });
});
