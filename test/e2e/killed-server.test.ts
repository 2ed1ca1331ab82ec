/** SIGKILL of the Temporal server: its supervisor starts it again, and nobody has to do anything. */
import assert from 'node:assert/strict';
import { archiveOf, manyFrames } from './archives.ts';
import { assertUntouched, assertWhole, essenceOf, partIdentities } from './datasets.ts';
import { Stage, committed, slowMs } from './stage.ts';
import { until } from './until.ts';

describe('SIGKILL of the Temporal server', function () {
  this.timeout(slowMs);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open({ persistence: true });
    await stage.worker();
  });
  after(() => stage.end());

  it('twice in the middle of a job leaves the same bytes, and the job ends by itself', async () => {
    const archive = await archiveOf(manyFrames);
    const settings = { partMib: 8 };
    const undisturbed = await stage.job(archive, settings);
    await stage.threadmill.waitForJob(undisturbed.jobId);
    const { jobId, dataset } = await stage.job(archive, settings);
    const result = stage.threadmill.waitForJob(jobId);
    const parts = Math.ceil(archive.bytes / 2 ** 20 / settings.partMib);
    for (const atParts of [2, 14]) {
      await committed(dataset, atParts);
      const { pid } = stage.server;
      process.kill(pid, 'SIGKILL');
      const standing = partIdentities(dataset);
      assert.ok(standing.size < parts, `all ${parts} parts stood there when the server was killed`);
      await until('another server', () => stage.server.pid !== 0 && stage.server.pid !== pid);
      assertUntouched(standing, dataset);
    }
    await result;
    await assertWhole(dataset, archive);
    assert.deepEqual(await essenceOf(dataset), await essenceOf(undisturbed.dataset));
  });
});
