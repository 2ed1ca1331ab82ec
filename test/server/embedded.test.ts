import assert from 'node:assert/strict';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { EmbeddedServer } from '../../src/server/embedded.ts';
import { answersHealthCheck } from '../../src/server/health.ts';
import { answers, isAlive, waitUntil } from '../../src/server/host.ts';
import { readServerFile } from '../../src/server/server-file.ts';
import { Scene, slowMs } from './scene.ts';

async function withClient<T>(
  server: Pick<EmbeddedServer, 'address'>,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address: server.address });
  try {
    return await work(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const gone = (server: Pick<EmbeddedServer, 'address'>, pid: number, timeoutMs = 8_000): Promise<boolean> =>
  waitUntil(async () => !isAlive(pid) && !(await answers(Number(server.address.split(':')[1]))), timeoutMs);

describe('ensureServer()', function () {
  this.timeout(slowMs);
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => scene.end());

  it('starts a healthy server, sets its retention, registers search attributes, and stops it', async () => {
    const server = await scene.server({ retentionMs: 3 * 86_400_000 });
    assert.equal(server.owned, true);
    assert.equal(server.searchAttributesReady, true);
    assert.equal(server.retentionMs, 3 * 86_400_000);
    assert.equal((await fetch(server.uiUrl)).status, 200);
    const kind = defineSearchAttributeKey('ThreadmillKind', SearchAttributeType.KEYWORD);
    const percent = defineSearchAttributeKey('ThreadmillPercent', SearchAttributeType.DOUBLE);
    await withClient(server, async (client) => {
      const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
      assert.equal(Number(config?.workflowExecutionRetentionTtl?.seconds), 3 * 86_400);
      await client.workflow.start('none', {
        workflowId: 'w',
        taskQueue: 'none',
        typedSearchAttributes: [
          { key: kind, value: 'comments' },
          { key: percent, value: 1.5 },
        ],
      });
      const query = "ThreadmillKind = 'comments' AND ThreadmillPercent > 1";
      assert.ok(await waitUntil(async () => (await client.workflow.count(query)).count === 1, 5_000));
    });
    const { pid } = server;
    await server.stop();
    await server.stop();
    assert.ok(!isAlive(pid));
    assert.ok(!existsSync(path.join(scene.folder, 'server.json')));
  });

  it('raises a retention that the server refuses to one hour, and makes a namespace that is missing', async () => {
    const server = await scene.server({ retentionMs: 1, namespace: 'lab', persistence: false });
    assert.deepEqual(
      [server.retentionMs, server.namespace, server.searchAttributesReady],
      [3_600_000, 'lab', true],
    );
    assert.ok(!existsSync(path.join(scene.folder, 'temporal.db')));
    const other = await scene.server({ retentionMs: 7_200_000, namespace: 'later', persistence: false });
    assert.deepEqual([other.owned, other.retentionMs, other.searchAttributesReady], [false, 7_200_000, true]);
  });

  it('is shared by a second process, and outlives the first one until the second is done', async () => {
    const { child, server: first } = await scene.holder();
    const second = await scene.server();
    assert.deepEqual([second.owned, second.pid, second.address], [false, first.pid, first.address]);
    child.kill('SIGKILL');
    // Longer than the grace of 1.5 s: what is promised here is that nothing happens.
    assert.equal(await gone(second, first.pid, 2_500), false, 'stopped under its second user');
    assert.ok(await answersHealthCheck(second.address));
    await second.stop();
    assert.ok(!isAlive(first.pid));
  });

  it('goes within seconds when its owner is killed by SIGKILL', async () => {
    const { child, server } = await scene.holder();
    assert.ok(await answersHealthCheck(server.address));
    child.kill('SIGKILL');
    assert.ok(await gone(server, server.pid), 'the server was orphaned');
    assert.ok(await waitUntil(() => !isAlive(server.supervisorPid), 2_000), 'the supervisor was orphaned');
    assert.equal(readServerFile(scene.folder), null);
  });

  it('is one server for processes that start at the same time', async () => {
    const [one, other, third] = await Promise.all([scene.holder(), scene.holder(), scene.server()]);
    const all = [one.server, other.server, third];
    assert.deepEqual(new Set(all.map(({ pid }) => pid)).size, 1);
    assert.deepEqual(all.filter(({ owned }) => owned).length, 1);
  });

  it('is back on the same port with its state after SIGKILL of the server', async () => {
    const server = await scene.server();
    const { pid } = server;
    await withClient(server, (client) =>
      client.workflow.start('none', { workflowId: 'kept', taskQueue: 'none' }),
    );
    process.kill(pid, 'SIGKILL');
    assert.ok(
      await waitUntil(() => server.pid !== pid && readServerFile(scene.folder)?.ready === true, 8_000),
    );
    assert.ok(await waitUntil(() => answersHealthCheck(server.address), 8_000));
    const status = await withClient(server, (client) => client.workflow.getHandle('kept').describe());
    assert.equal(status.status.name, 'RUNNING');
  });

  it('starts again on the same port when its supervisor is killed', async () => {
    const server = await scene.server();
    const { supervisorPid, pid } = server;
    await withClient(server, (client) =>
      client.workflow.start('none', { workflowId: 'kept', taskQueue: 'none' }),
    );
    process.kill(supervisorPid, 'SIGKILL');
    assert.ok(await waitUntil(() => server.supervisorPid !== supervisorPid, 15_000));
    assert.ok(!isAlive(pid), 'two servers on one database');
    await withClient(server, (client) => client.workflow.getHandle('kept').describe());
  });

  it('keeps its state over a stop and a start', async () => {
    const first = await scene.server();
    await withClient(first, (client) =>
      client.workflow.start('none', { workflowId: 'kept', taskQueue: 'none' }),
    );
    await first.stop();
    const second = await scene.server();
    assert.equal(second.searchAttributesReady, true);
    await withClient(second, (client) => client.workflow.getHandle('kept').describe());
  });

  it('ends a server that was left without a supervisor before it starts another', async () => {
    // No setpriv on this PATH: the kernel doesn't end the server with its supervisor, as on macOS.
    const { child, server } = await scene.holder();
    child.kill('SIGSTOP');
    process.kill(server.supervisorPid, 'SIGKILL');
    const next = await scene.server({ env: { ...process.env, PATH: '' } });
    assert.notEqual(next.pid, server.pid);
    assert.ok(!isAlive(server.pid));
    process.kill(next.supervisorPid, 'SIGKILL');
    const orphan = next.pid;
    await next.stop();
    assert.ok(isAlive(orphan), 'this test needs an orphan');
    const last = await scene.server({ env: { ...process.env, PATH: '' } });
    assert.ok(!isAlive(orphan));
    assert.equal(last.owned, true);
  });

  it('takes a stale server.json and a stale lock away, and leaves the process that has the id now alone', async () => {
    const file = path.join(scene.folder, 'server.json');
    const stale = { version: 1, supervisorPid: process.pid, temporalPid: process.ppid, port: 1, uiPort: 2 };
    writeFileSync(file, JSON.stringify({ ...stale, leasePort: 9, token: 'x', database: null, ready: true }));
    writeFileSync(
      path.join(scene.folder, 'server.lock'),
      JSON.stringify({ pid: 2 ** 22 + 1, host: '', id: 'x' }),
    );
    utimesSync(path.join(scene.folder, 'server.lock'), 1, 1);
    const server = await scene.server();
    assert.equal(server.owned, true);
    await server.stop();
    writeFileSync(file, '{"version":1,');
    assert.equal((await scene.server()).owned, true);
  });

  it('refuses to share a server in memory with one who wants a file', async () => {
    await scene.server({ persistence: false });
    await assert.rejects(scene.server(), {
      code: 'SERVER_UNAVAILABLE',
      message: /keeps its state in memory.*PERSISTENCE/s,
    });
  });
});

describe('ensureServer() and ports', function () {
  this.timeout(slowMs);
  let scene: Scene;
  const listeners: Server[] = [];
  beforeEach(() => (scene = new Scene()));
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.close();
    await scene.end();
  });

  /** Takes a port, unless someone on this machine has it already. */
  const take = (port: number): Promise<number> =>
    new Promise((resolve) => {
      const listener = createServer().once('error', () => {
        resolve(port);
      });
      listener.listen(port, '127.0.0.1', () => {
        listeners.push(listener);
        const address = listener.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });

  it('chooses others when the usual ones are taken', async () => {
    await take(7233);
    await take(8233);
    const server = await scene.server({ persistence: false });
    assert.ok(!server.address.endsWith(':7233') && !server.uiUrl.endsWith(':8233'));
    assert.ok(await answersHealthCheck(server.address));
  });

  it('refuses a given port that is taken, by name', async () => {
    const port = await take(0);
    await assert.rejects(scene.server({ port }), {
      code: 'SERVER_UNAVAILABLE',
      message: new RegExp(`port ${port} is taken`),
    });
  });

  it('says what the log says when the server does not come up', async () => {
    writeFileSync(
      path.join(scene.folder, 'temporal.db'),
      'no database at all, and long enough to be looked at'.repeat(99),
    );
    await assert.rejects(scene.server(), {
      code: 'SERVER_UNAVAILABLE',
      message: /server\.log.*not a database/s,
    });
    assert.equal(readServerFile(scene.folder), null);
  });
});
