import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { listeningAddresses } from '../listening.ts';
import { Scene, slowMs } from './scene.ts';

/** Addresses of this machine that others may know. */
const outward = Object.values(networkInterfaces())
  .flatMap((each) => each ?? [])
  .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  .map(({ address }) => address);

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.setTimeout(2_000, () => socket.destroy());
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket
      .on('error', () => undefined)
      .once('close', () => {
        resolve(false);
      });
  });
}

describe('the embedded server', function () {
  this.timeout(slowMs);
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => scene.end());

  it('and its supervisor listen on 127.0.0.1 alone, with every port that they have', async () => {
    const { pid, supervisorPid, address, uiUrl } = await scene.server({ persistence: false });
    const listening = [pid, supervisorPid].map((each) => listeningAddresses(each));
    // server, its internal services, Web UI and metrics; the supervisor's leases
    assert.ok((listening[0]?.length ?? 0) >= 4, String(listening));
    assert.equal(listening[1]?.length, 1);
    const all = listening.flat();
    assert.deepEqual(
      all.filter((each) => !each.startsWith('127.0.0.1:')),
      [],
    );
    assert.ok(all.includes(address) && all.includes(new URL(uiUrl).host), String(all));
    for (const each of all) {
      const port = Number(each.split(':')[1]);
      assert.equal(await answers('127.0.0.1', port), true, each);
      for (const host of outward) assert.equal(await answers(host, port), false, `${host} ${port}`);
    }
  });
});
