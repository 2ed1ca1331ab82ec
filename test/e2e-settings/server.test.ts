/** Settings of the server and of the connection to it: what is in the environment, on a real server. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cleanUpScheduleId, scheduleCleanUp } from '../../src/clean-up-schedule.ts';
import { connectThreadmill, type ConnectedThreadmill } from '../../src/index.ts';
import { findTemporal } from '../../src/server/binary.ts';
import { freePort } from '../../src/server/host.ts';
import { valuesOf, type Env } from '../settings/scene.ts';

/** A full start on two busy cores. */
const slowMs = 40_000;

describe('a server under the settings', function () {
  this.timeout(slowMs);
  let folder = '';
  let port = 0;
  let uiPort = 0;
  let threadmill: ConnectedThreadmill;

  function connect(env: Env): Promise<ConnectedThreadmill> {
    return connectThreadmill({ values: valuesOf(env) });
  }

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-settings-'));
    port = await freePort(0);
    uiPort = await freePort(0, [port]);
    threadmill = await connect({
      THREADMILL_DATA_DIR: path.join(folder, 'data'),
      THREADMILL_PORT: String(port),
      THREADMILL_UI_PORT: String(uiPort),
      TEMPORAL_NAMESPACE: 'lab',
      PUSHSHIFT_CHECKPOINT_RETENTION_PERIOD: '7200000',
    });
  });
  after(async () => {
    await threadmill.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('THREADMILL_PORT is where it listens', () => {
    assert.equal(threadmill.server.address, `127.0.0.1:${port}`);
  });

  it('THREADMILL_UI_PORT is where the Web UI is', async () => {
    assert.equal((await fetch(`http://127.0.0.1:${uiPort}`)).status, 200);
    assert.equal(new URL(threadmill.uiUrl ?? '').port, String(uiPort));
  });

  it('THREADMILL_DATA_DIR holds its file', () => {
    assert.ok(existsSync(path.join(folder, 'data', 'checkpoints', 'temporal.db')));
  });

  it('TEMPORAL_NAMESPACE is made and used', async () => {
    const { namespaceInfo } = await threadmill.client.workflowService.describeNamespace({ namespace: 'lab' });
    assert.deepEqual([namespaceInfo?.name, threadmill.namespace], ['lab', 'lab']);
    assert.match(threadmill.webUrlOf('j') ?? '', /\/namespaces\/lab\/workflows\/j$/);
  });

  it('PUSHSHIFT_CHECKPOINT_RETENTION_PERIOD is how long the namespace keeps closed jobs', async () => {
    const { config } = await threadmill.client.workflowService.describeNamespace({ namespace: 'lab' });
    assert.equal(Number(config?.workflowExecutionRetentionTtl?.seconds), 7200);
  });

  it('PUSHSHIFT_CHECKPOINT_CLEANUP_INTERVAL is the interval of the schedule, also where there was another', async () => {
    const { client } = threadmill;
    const schedule = client.schedule.getHandle(cleanUpScheduleId);
    for (const interval of ['60000', '60000', '90000']) {
      await scheduleCleanUp(client, valuesOf({ PUSHSHIFT_CHECKPOINT_CLEANUP_INTERVAL: interval }));
      const { spec, action } = await schedule.describe();
      assert.deepEqual(
        spec.intervals?.map(({ every }) => every),
        [Number(interval)],
      );
      assert.equal(action.workflowType, 'cleanUpWorkflow');
    }
    const { nextActionTimes } = (await schedule.describe()).info;
    const [first, second] = nextActionTimes.map((time) => time.getTime());
    assert.equal((second ?? 0) - (first ?? 0), 90_000);
    await schedule.delete();
  });

  it('TEMPORAL_ADDRESS is used as it is, and none is started', async () => {
    const storage = path.join(folder, 'unused');
    const cluster = await connect({
      TEMPORAL_ADDRESS: threadmill.server.address,
      PUSHSHIFT_CHECKPOINT_STORAGE: storage,
    });
    assert.deepEqual([cluster.server.kind, cluster.uiUrl, existsSync(storage)], ['cluster', null, false]);
    await cluster.close();
  });

  it('PUSHSHIFT_CHECKPOINT_STORAGE is the folder of its file, whatever the data folder is', async () => {
    const storage = path.join(folder, 'elsewhere');
    const other = await connect({
      PUSHSHIFT_CHECKPOINT_STORAGE: storage,
      THREADMILL_DATA_DIR: path.join(folder, 'not-here'),
    });
    try {
      assert.ok(existsSync(path.join(storage, 'temporal.db')));
      assert.ok(!existsSync(path.join(folder, 'not-here')));
    } finally {
      await other.close();
    }
  });

  it('PUSHSHIFT_CHECKPOINT_PERSISTENCE decides whether there is a file, TEMPORAL_CLI which program it is', async () => {
    const storage = path.join(folder, 'memory');
    const log = path.join(folder, 'started');
    const program = path.join(folder, 'my-temporal');
    writeFileSync(program, `#!/bin/sh\necho "$1" >> '${log}'\nexec '${await findTemporal()}' "$@"\n`);
    chmodSync(program, 0o755);
    const other = await connect({
      PUSHSHIFT_CHECKPOINT_STORAGE: storage,
      PUSHSHIFT_CHECKPOINT_PERSISTENCE: 'false',
      TEMPORAL_CLI: program,
    });
    try {
      assert.ok(existsSync(storage) && !existsSync(path.join(storage, 'temporal.db')));
      assert.match(readFileSync(log, 'utf8'), /^server$/m);
    } finally {
      await other.close();
    }
  });

  it('TEMPORAL_CLI that is missing is refused by name', async () => {
    const env = {
      PUSHSHIFT_CHECKPOINT_STORAGE: path.join(folder, 'none'),
      TEMPORAL_CLI: path.join(folder, 'no-temporal'),
    };
    await assert.rejects(connect(env), { code: 'SERVER_UNAVAILABLE', message: /no-temporal/ });
  });
});
