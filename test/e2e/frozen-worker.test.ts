/** SIGSTOP of a worker: a laptop that is closed, a virtual machine that is suspended. */
import assert from 'node:assert/strict';
import { connectionsTo } from '../listening.ts';
import { archiveOf, shortComments } from './archives.ts';
import { assertWhole } from './datasets.ts';
import { Stage, eventsOf, slowMs } from './stage.ts';
import { until } from './until.ts';

describe('SIGSTOP of a worker', function () {
  this.timeout(slowMs);
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage.end());

  it('costs the jobs that begin after it nothing: the server hangs up, and gives it no task', async () => {
    const frozen = await stage.worker();
    const port = Number(stage.server.address.split(':').at(-1));
    assert.ok(connectionsTo(frozen.pid, port) > 0);
    frozen.freeze();
    // with the server's defaults that takes 70 s
    await until('the server to hang up', () => connectionsTo(frozen.pid, port) === 0, 60_000);
    await stage.worker();
    const archive = await archiveOf(shortComments);
    const { jobId, dataset, handle } = await stage.job(archive);
    await stage.threadmill.waitForJob(jobId);
    await assertWhole(dataset, archive);
    const lost = (await eventsOf(handle)).filter(
      (event) => event.workflowTaskTimedOutEventAttributes ?? event.activityTaskTimedOutEventAttributes,
    );
    assert.deepEqual(lost, []);
    frozen.thaw();
    await until('the frozen one to come back', () => connectionsTo(frozen.pid, port) > 0, 60_000);
  });
});
