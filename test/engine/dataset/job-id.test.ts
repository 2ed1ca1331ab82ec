import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobSettings } from '../../../src/contract/job.ts';
import { decisiveSettingKeys, optionalSettingKeys } from '../../../src/contract/output-settings.ts';
import { identify } from '../../../src/engine/dataset/job-id.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { inFolder } from './scene.ts';

const decisive: readonly string[] = [...decisiveSettingKeys, ...optionalSettingKeys];
const settings = defaultJobSettings();
/** Another value of every setting that a job carries. */
const others: Readonly<Required<JobSettings>> = {
  format: 'csv',
  partBytes: 2 ** 20,
  keepRaw: true,
  columns: ['id'],
  extra: true,
  splitBy: 'author',
  subreddit: ['austin'],
  subredditsFile: { path: '/names', names: 1000, sha256: 'a'.repeat(64) },
  author: ['spez'],
  authorsFile: { path: '/names', names: 1000, sha256: 'b'.repeat(64) },
  after: 1,
  before: 2,
  thread: ['abc'],
  keyword: ['word'],
  regex: 'wor.',
  minScore: 3,
  where: 'score > 3',
  preserveThreads: false,
  paths: true,
  validateTimestamps: false,
  qualityMinScore: 3,
  excludeDeleted: false,
  excludeRemoved: false,
  salvage: true,
  maxRejectRate: 0.5,
  minBatchSize: 200,
  maxBatchSize: 400,
  baseBatchSize: 300,
  maxMemoryUsage: 99,
  enableCheckpoints: false,
  enableResourceMonitoring: false,
  adaptiveBatchSizing: false,
  progressReportingInterval: 7,
  resourceCheckInterval: 7,
  memoryCheckInterval: 7,
  maxCheckpointsPerJob: 7,
};
/** It stops a job and decides no byte: raised, it lets the same job go on. */

describe('identify()', () => {
  it('names the job after the archive, with eight hex digits, and its folder inside the output folder', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'RC_2005-12.zst');
      await writeFile(archive, 'x');
      const found = identify(archive, folder, settings);
      assert.match(found.jobId, /^RC_2005-12-[0-9a-f]{8}$/);
      assert.deepEqual(
        [found.archive, found.out, found.dataset],
        [archive, folder, path.join(folder, 'RC_2005-12')],
      );
      const relative = identify(
        path.relative(process.cwd(), archive),
        path.relative(process.cwd(), folder),
        settings,
      );
      assert.deepEqual(relative, found);
    }));

  it('is another job for every setting that decides a byte of the output, and for no other', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a.zst');
      await writeFile(archive, 'x');
      const { jobId } = identify(archive, folder, settings);
      for (const key of Object.keys(others) as (keyof JobSettings)[]) {
        const changed = identify(archive, folder, { ...settings, [key]: others[key] }).jobId;
        assert.equal(changed !== jobId, decisive.includes(key), key);
      }
    }));

  it('is the same job for a copy under the same name, another for another content, name or folder', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'a.zst');
      await writeFile(archive, 'x');
      const { jobId } = identify(archive, folder, settings);
      await copyFile(archive, path.join(folder, 'b.zst'));
      assert.notEqual(identify(path.join(folder, 'b.zst'), folder, settings).jobId, jobId);
      assert.notEqual(identify(archive, path.join(folder, 'out'), settings).jobId, jobId);
      await writeFile(archive, 'y');
      assert.notEqual(identify(archive, folder, settings).jobId, jobId);
      await writeFile(archive, 'x');
      assert.equal(identify(archive, folder, settings).jobId, jobId);
    }));

  it('is another job with an archive that is joined, and another again for another content of that', () =>
    inFolder(async (folder) => {
      const [archive, submissions] = ['RC.zst', 'RS.zst'].map((name) => path.join(folder, name)) as [
        string,
        string,
      ];
      await writeFile(archive, 'x');
      await writeFile(submissions, 'y');
      const alone = identify(archive, folder, settings);
      const joined = identify(archive, folder, settings, submissions);
      assert.notEqual(joined.jobId, alone.jobId);
      assert.deepEqual([joined.dataset, joined.submissions], [alone.dataset, submissions]);
      assert.equal(alone.submissions, null);
      await writeFile(submissions, 'z');
      assert.notEqual(identify(archive, folder, settings, submissions).jobId, joined.jobId);
      await writeFile(submissions, 'y');
      assert.deepEqual(identify(archive, folder, settings, submissions), joined);
    }));

  it('says that there is no archive before anything is asked of a server', () =>
    inFolder(async (folder) => {
      assert.throws(() => identify(path.join(folder, 'none.zst'), folder, settings), {
        code: 'ARCHIVE_MISSING',
      });
      await Promise.resolve();
    }));
});
