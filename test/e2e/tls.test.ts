import assert from 'node:assert/strict';
import { Authority, TlsListener, type Certificate } from '../server/tls-listener.ts';
import { archiveOf, shortComments } from './archives.ts';
import { assertWhole } from './datasets.ts';
import { Stage, slowMs } from './stage.ts';

const apiKey = 'tmprl_k3y-of-an-e2e-test-0123456789abcdef';

describe('a job on a cluster that demands a client certificate and an API key', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let authority: Authority;
  let client: Certificate;
  let listener: TlsListener;
  before(async () => {
    stage = await Stage.open();
    authority = new Authority();
    client = authority.issue('reader', 'DNS:reader');
    listener = await TlsListener.open({
      behind: stage.server.address,
      certificate: authority.issue('server', 'IP:127.0.0.1'),
      clientAuthority: authority.root.cert,
      apiKey,
    });
  });
  after(async () => {
    await listener.end();
    authority.end();
    await stage.end();
  });
  const env = () => ({
    TEMPORAL_ADDRESS: listener.address,
    TEMPORAL_API_KEY: apiKey,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.root.cert,
    TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
  });

  it('is done by `threadmill run`, alone', async () => {
    const archive = await archiveOf(shortComments);
    const run = stage.start(
      ['run', archive.path, '--no-preserve-threads', '--out', stage.freshOut(), '--json'],
      env(),
    );
    assert.equal(await run.ended, 0, run.stderr);
    const { dataset } = JSON.parse(run.stdout) as { readonly dataset: string };
    await assertWhole(dataset, archive);
    const calls = new Set(listener.seen.map(({ path }) => path.split('/').at(-1)));
    for (const call of ['StartWorkflowExecution', 'PollWorkflowTaskQueue', 'RespondActivityTaskCompleted'])
      assert.ok(calls.has(call), `${call} went through the listener`);
    assert.deepEqual([...new Set(listener.seen.map((call) => call.client))], ['reader']);
    assert.deepEqual([...new Set(listener.seen.map((call) => call.authorization))], [`Bearer ${apiKey}`]);
    assert.equal(listener.refused, 0);
  });

  it('is done by a worker, a client that starts it and one that asks, each with its own connection', async () => {
    const archive = await archiveOf(shortComments);
    const worker = stage.start(['worker', '--json'], env());
    await worker.firstLine();
    const start = stage.start(
      ['start', archive.path, '--no-preserve-threads', '--out', stage.freshOut(), '--json'],
      env(),
    );
    assert.equal(await start.ended, 0, start.stderr);
    const { jobId, dataset } = JSON.parse(start.stdout) as Record<'jobId' | 'dataset', string>;
    const watch = stage.start(['watch', jobId, '--json'], env());
    assert.equal(await watch.ended, 0, watch.stderr);
    await assertWhole(dataset, archive);
    assert.equal(await worker.stop(), 0, worker.stderr);
  });

  it('is refused without the key, with a wrong one and without the certificate: exit code 3, and no key is shown', async () => {
    const archive = await archiveOf(shortComments);
    const { TEMPORAL_API_KEY: _key, ...keyless } = env();
    const { TEMPORAL_TLS_CLIENT_CERT_PATH: _cert, TEMPORAL_TLS_CLIENT_KEY_PATH: _pem, ...certless } = env();
    const cases = [
      [keyless, /Request unauthorized/],
      [{ ...keyless, TEMPORAL_API_KEY: `${apiKey}x` }, /Request unauthorized/],
      [certless, /refuses our TLS client certificate, or wants one/],
    ] as const;
    for (const [given, expected] of cases) {
      const before = listener.seen.length;
      const start = stage.start(
        ['start', archive.path, '--out', stage.freshOut(), '--log-level', 'debug'],
        given,
      );
      assert.equal(await start.ended, 3, start.stderr);
      assert.match(start.stderr, expected);
      assert.ok(!`${start.stdout}${start.stderr}`.includes(apiKey), start.stderr);
      assert.equal(listener.seen.length, before, 'nothing came through');
    }
    assert.ok(listener.refused >= 2);
  });
});
