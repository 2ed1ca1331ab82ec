import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { InspectInput } from '../../src/activities/inspect-archive.ts';
import type { InspectionResult, JobSettings } from '../../src/contract/job.ts';
import { defaultJobSettings } from '../../src/settings/job-settings.ts';
import { inFolder } from '../engine/dataset/scene.ts';
import { comment } from '../engine/pipeline/scene.ts';
import { inspectedUnder } from './inspect.ts';

const submission = '{"id":"a","title":"A title","created_utc":1600000000}\n';

type Inspect = (
  given: Partial<Pick<InspectInput, 'archive' | 'submissions'>>,
  settings?: Partial<JobSettings>,
) => Promise<InspectionResult>;

/** With `rc`, `rc2` (comments) and `rs`, `rs2` (submissions); `rc` is the archive unless another is given. */
async function withArchives(use: (inspect: Inspect, folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    for (const name of ['rc', 'rc2', 'rs', 'rs2'])
      await writeFile(path.join(folder, name), name.startsWith('rc') ? `${comment(1)}\n` : submission);
    const inspect: Inspect = (given, settings = {}) => {
      const at = (name: string): string => path.join(folder, name);
      const { archive = 'rc', submissions = null } = given;
      return inspectedUnder(
        { ...defaultJobSettings(), ...settings },
        {
          archive: at(archive),
          out: at('out'),
          submissions: submissions === null ? null : at(submissions),
        },
      );
    };
    await use(inspect, folder);
  });
}

describe('inspectArchive(), the activity', () => {
  it('decides how many files of threads there will be: none of submissions alone, nor without threads', () =>
    withArchives(async (inspect) => {
      assert.equal((await inspect({})).buckets, 1);
      assert.equal((await inspect({}, { preserveThreads: false })).buckets, 0);
      assert.equal((await inspect({ archive: 'rs' })).buckets, 0);
      assert.equal((await inspect({})).joined, null);
    }));

  it('takes a pair as comments and submissions, and names the dataset after the comments', () =>
    withArchives(async (inspect, folder) => {
      const { inspection, joined, buckets, dataset } = await inspect({ submissions: 'rs' });
      assert.deepEqual([inspection.kind, joined?.kind, buckets], ['comments', 'submissions', 1]);
      assert.equal(dataset, path.join(folder, 'out', 'rc'));
    }));

  const refused: readonly (readonly [
    given: Parameters<Inspect>[0],
    settings: Partial<JobSettings>,
    type: string,
    says: RegExp,
  ])[] = [
    [{ archive: 'rs', submissions: 'rc' }, {}, 'USAGE', /rs" holds submissions, and ".*rc" holds comments/],
    [{ submissions: 'rc2' }, {}, 'USAGE', /both .* hold comments/],
    [{ archive: 'rs', submissions: 'rs2' }, {}, 'USAGE', /both .* hold submissions/],
    [{ submissions: 'none' }, {}, 'ARCHIVE_MISSING', /none/],
    [{ submissions: 'rs' }, { preserveThreads: false }, 'SETTINGS_INVALID', /--no-preserve-threads/],
    [
      { archive: 'rs' },
      { format: 'conversations' },
      'USAGE',
      /holds submissions, and conversations are made of/,
    ],
  ];
  for (const [given, settings, type, message] of refused) {
    it(`refuses ${JSON.stringify({ ...given, ...settings })} for good, and makes no folder`, () =>
      withArchives(async (inspect, folder) => {
        await assert.rejects(inspect(given, settings), { type, message, nonRetryable: true });
        assert.equal((await readdir(folder)).includes('out'), false);
      }));
  }
});
