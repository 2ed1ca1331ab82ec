import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectClient, connectWorker, resolveServer } from '../../src/server/connection.ts';
import { freePort } from '../../src/server/host.ts';
import { Scene, slowMs } from './scene.ts';

describe('resolveServer()', function () {
  this.timeout(slowMs);
  let scene: Scene;
  let env: Record<string, string>;
  beforeEach(() => {
    scene = new Scene();
    const home = process.env['HOME'] ?? '';
    env = {
      HOME: home,
      PATH: process.env['PATH'] ?? '',
      TEMPORAL_CONFIG_FILE: path.join(scene.folder, 'temporal.toml'),
    };
    writeFileSync(path.join(scene.folder, 'temporal.toml'), '[profile.default]\n');
  });
  afterEach(() => scene.end());
  const options = () => ({ dataDir: scene.folder, persistence: false, retentionMs: 86_400_000, env });

  it('starts the embedded server, and takes an address in the environment, a profile or an option as a cluster', async () => {
    const embedded = await resolveServer(options());
    try {
      assert.deepEqual([embedded.kind, embedded.owned, embedded.namespace], ['embedded', true, 'default']);
      const { address } = embedded;
      const toml = `[profile.lab]\naddress = "${address}"\nnamespace = "default"\n`;
      writeFileSync(path.join(scene.folder, 'temporal.toml'), toml);
      const elsewhere = path.join(scene.folder, 'unused');
      for (const more of [
        { env: { ...env, TEMPORAL_ADDRESS: address } },
        { env: { ...env, TEMPORAL_PROFILE: 'lab' } },
        { profile: 'lab' },
        { address },
      ]) {
        const cluster = await resolveServer({ ...options(), dataDir: elsewhere, ...more });
        assert.deepEqual(
          [cluster.kind, cluster.owned, cluster.uiUrl, cluster.address],
          ['cluster', false, null, address],
        );
        assert.equal(cluster.searchAttributesReady, true);
        await cluster.close();
      }
      const client = await connectClient(embedded);
      await client.workflow.count();
      await client.connection.close();
      const native = await connectWorker(embedded);
      await native.close();
    } finally {
      await embedded.close();
    }
  });

  it('names the address and the way out when a cluster does not answer within the time', async () => {
    const address = `127.0.0.1:${await freePort(0)}`;
    const expected = { code: 'SERVER_UNREACHABLE', message: new RegExp(`'${address}'.*TEMPORAL_ADDRESS`) };
    await assert.rejects(resolveServer({ ...options(), address }, { timeoutMs: 500 }), expected);
    const target = { connection: { address }, namespace: 'default' };
    await assert.rejects(connectClient(target, { timeoutMs: 500 }), expected);
    await assert.rejects(connectWorker(target, { timeoutMs: 500 }), expected);
  });

  it('says which settings are unreadable', async () => {
    writeFileSync(path.join(scene.folder, 'temporal.toml'), '[profile');
    await assert.rejects(resolveServer(options()), { code: 'SETTINGS_INVALID', message: /TEMPORAL_/ });
  });
});
