/** Selections as jobs: what travels, what a killed worker's successor selects, and a list that changes meanwhile. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { readManifest } from '../../src/engine/dataset/manifest.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { archiveOf, manyFrames, type Archive } from './archives.ts';
import { assertUntouched, essenceOf, partIdentities } from './datasets.ts';
import type { Program } from './program.ts';
import { Stage, committed, eventsOf, slowMs } from './stage.ts';

const strangers = Array.from({ length: 20_000 }, (_, index) => `nobody-${index}`);

describe('a job with a selection', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let worker: Program;
  let archive: Archive;
  let authors: readonly string[];
  let file: string;
  before(async () => {
    stage = await Stage.open();
    // what its environment would select is no business of a job that says what it selects
    worker = await stage.worker(['--subreddit', 'nobody-reads-this']);
    archive = await archiveOf(manyFrames);
    const text = zlib.zstdDecompressSync(readFileSync(archive.path)).toString('utf8');
    const found = text.slice(0, 2_000_000).matchAll(/"author":"([\w-]+)"/g);
    authors = [...new Set([...found].map(([, author = '']) => author))].slice(0, 300);
    file = path.join(stage.freshFolder('lists'), 'authors.txt');
    writeFileSync(file, [...strangers, ...authors].join('\n'));
  });
  after(() => stage.end());

  /** Rows of a finished job are by these authors, and all of theirs are there. */
  async function assertSelected(dataset: string): Promise<void> {
    const { counters, settings, ...manifest } = await readManifest(dataset);
    assert.ok(manifest.threads === null && manifest.split === undefined);
    const { parts } = manifest;
    const { problems } = await verifyDataset(dataset);
    assert.deepEqual(problems, []);
    assert.equal(counters.kept + counters.excluded['not-selected'], archive.counters.kept);
    assert.deepEqual(
      { ...counters, kept: 0, excluded: { ...counters.excluded, 'not-selected': 0 } },
      { ...archive.counters, kept: 0, excluded: archive.counters.excluded },
    );
    const wanted = new Set(authors.map((author) => author.toLowerCase()));
    const rows = parts.flatMap((part) =>
      readFileSync(path.join(dataset, part.file), 'utf8').split('\n').slice(1, -1),
    );
    assert.equal(rows.length, counters.kept);
    assert.ok(rows.length > 1000);
    assert.ok(rows.every((row) => wanted.has((row.split(',')[1] ?? '').toLowerCase())));
    assert.deepEqual((settings.authorsFile as unknown as { names: number }).names, 20_300);
  }

  const wanted = { format: 'csv', columns: ['id', 'author'] } as const;

  it('carries the digest of a long list, and is refused by name where the list changes under it', async () => {
    const job = await stage.job(archive, { ...wanted, authorsFile: file });
    await committed(job.dataset, 2);
    worker.freeze();
    const before = partIdentities(job.dataset);
    await worker.kill();
    writeFileSync(file, [...strangers, ...authors.slice(1)].join('\n'));
    worker = await stage.worker();
    await assert.rejects(stage.threadmill.waitForJob(job.jobId), {
      code: 'SELECTION_CHANGED',
      message: /authors\.txt.*put the file back/s,
    });
    // the same names in another order are the same list
    writeFileSync(file, [...authors, ...strangers].join('\r\n'));
    await stage.threadmill.resumeJob(job.jobId);
    assertUntouched(before, job.dataset);
    await assertSelected(job.dataset);
    for (const event of await eventsOf(job.handle)) {
      const input = event.activityTaskScheduledEventAttributes?.input?.payloads?.[0]?.data ?? [];
      assert.ok(!Buffer.from(input).includes('nobody-1999'), 'the list travels');
    }
    const undisturbed = await stage.job(archive, { ...wanted, authorsFile: file });
    assert.notEqual(undisturbed.jobId, job.jobId, 'another folder, another job');
    await stage.threadmill.waitForJob(undisturbed.jobId);
    assert.deepEqual((await essenceOf(job.dataset)).files, (await essenceOf(undisturbed.dataset)).files);
  });

  it('is refused where its columns or its expression are of the other kind, before anything is written', async () => {
    for (const [settings, message] of [
      [{ columns: ['id', 'title'] }, /--columns.*comments.*no column "title"/],
      [{ where: 'num_comments > 3' }, /--where.*comments.*no column "num_comments"/],
    ] as const) {
      const { jobId } = await stage.job(archive, settings);
      await assert.rejects(stage.threadmill.waitForJob(jobId), { code: 'SETTINGS_INVALID', message });
    }
    await assert.rejects(stage.job(archive, { regex: '(a)\\1' }), {
      code: 'SETTINGS_INVALID',
      message: /RE2/,
    });
    await assert.rejects(stage.job(archive, { subredditsFile: '/no/such/file' }), {
      code: 'SETTINGS_INVALID',
    });
  });
});
