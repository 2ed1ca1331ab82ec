import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { ThreadmillError } from '../../src/core/errors.ts';
import { connectClient, connectWorker, resolveServer } from '../../src/server/connection.ts';
import type { EmbeddedServer } from '../../src/server/embedded.ts';
import { Scene, slowMs } from './scene.ts';
import { Authority, TlsListener, type Certificate, type ListenerOptions } from './tls-listener.ts';

const apiKey = 'tmprl_k3y-that-nobody-may-see-0123456789abcdef';
/** Long enough for one attempt of the SDK, which takes at least half a second. */
const patience = { timeoutMs: 700 };

describe('a cluster behind TLS', function () {
  this.timeout(slowMs);
  let scene: Scene;
  let server: EmbeddedServer;
  let authority: Authority;
  let certificate: Certificate;
  let client: Certificate;
  let listener: TlsListener | null = null;
  before(async () => {
    scene = new Scene();
    server = await scene.server({ persistence: false });
    authority = new Authority();
    certificate = authority.issue('server', 'IP:127.0.0.1,DNS:temporal.lab');
    client = authority.issue('reader', 'DNS:reader');
  });
  after(async () => {
    authority.end();
    await scene.end();
  });
  afterEach(async () => {
    await listener?.end();
    listener = null;
  });

  const listen = async (options: Partial<ListenerOptions> = {}): Promise<TlsListener> => {
    listener = await TlsListener.open({ behind: server.address, certificate, ...options });
    return listener;
  };
  /** All that `resolveServer` is told; nothing of this machine's own set-up. */
  const options = (env: Readonly<Record<string, string>>) => ({
    dataDir: path.join(scene.folder, 'unused'),
    persistence: false,
    retentionMs: 86_400_000,
    env: { HOME: scene.folder, TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.root.cert, ...env },
  });
  const pair = () => ({
    TEMPORAL_TLS_CLIENT_CERT_PATH: client.cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
  });
  const failure = async (env: Readonly<Record<string, string>>): Promise<ThreadmillError> => {
    try {
      await resolveServer(options(env), patience);
    } catch (error) {
      assert.ok(error instanceof ThreadmillError);
      return error;
    }
    return assert.fail('the connection was made');
  };

  it('is reached by client and worker where its authority is named', async () => {
    const { address, seen } = await listen();
    const found = await resolveServer(options({ TEMPORAL_ADDRESS: address }));
    assert.deepEqual([found.kind, found.searchAttributesReady], ['cluster', true]);
    const asking = await connectClient(found);
    assert.ok((await asking.workflow.count()).count >= 0);
    await asking.connection.close();
    const working = await connectWorker(found);
    await working.close();
    assert.ok(seen.some(({ path: call }) => call.endsWith('/CountWorkflowExecutions')));
  });

  it('gets the certificate that it demands, from files or as text in the environment', async () => {
    const { address, seen } = await listen({ clientAuthority: authority.root.cert });
    const text = {
      TEMPORAL_TLS_CLIENT_CERT_DATA: readFileSync(client.cert, 'utf8'),
      TEMPORAL_TLS_CLIENT_KEY_DATA: readFileSync(client.key, 'utf8'),
    };
    for (const env of [pair(), text]) {
      seen.length = 0;
      const found = await resolveServer(options({ TEMPORAL_ADDRESS: address, ...env }));
      const working = await connectWorker(found);
      await working.close();
      assert.ok(seen.length > 0);
      assert.deepEqual([...new Set(seen.map((call) => call.client))], ['reader']);
    }
  });

  it('gets the API key with every call, and refuses a wrong one without its being shown', async () => {
    const { address, seen } = await listen({ apiKey });
    const found = await resolveServer(options({ TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: apiKey }));
    const working = await connectWorker(found);
    await working.close();
    assert.deepEqual([...new Set(seen.map((call) => call.authorization))], [`Bearer ${apiKey}`]);

    const startedMs = performance.now();
    const wrong = `${apiKey}-wrong`;
    const error = await failure({ TEMPORAL_ADDRESS: address, TEMPORAL_API_KEY: wrong });
    assert.equal(error.code, 'SERVER_UNREACHABLE');
    assert.match(
      error.message,
      /refuses the connection \(.*Request unauthorized\.\); check TEMPORAL_API_KEY/,
    );
    assert.ok(performance.now() - startedMs < 700, 'told at once, since trying again changes nothing');
    const everything = JSON.stringify(error, Object.getOwnPropertyNames(error));
    assert.ok(!everything.includes(apiKey), everything);
    assert.equal((await failure({ TEMPORAL_ADDRESS: address })).code, 'SERVER_UNREACHABLE');
  });

  it('says what a handshake was refused for', async () => {
    const other = new Authority();
    try {
      const mutual = await listen({ clientAuthority: authority.root.cert });
      const address = mutual.address;
      assert.match(
        (await failure({ TEMPORAL_ADDRESS: address })).message,
        /client certificate, or wants one/,
      );
      const foreign = other.issue('stranger', 'DNS:stranger');
      const strange = {
        TEMPORAL_TLS_CLIENT_CERT_PATH: foreign.cert,
        TEMPORAL_TLS_CLIENT_KEY_PATH: foreign.key,
      };
      assert.match(
        (await failure({ TEMPORAL_ADDRESS: address, ...strange })).message,
        /refuses our TLS client certificate/,
      );
      const unknown = { TEMPORAL_TLS_SERVER_CA_CERT_PATH: other.root.cert, ...pair() };
      assert.match(
        (await failure({ TEMPORAL_ADDRESS: address, ...unknown })).message,
        /signed by nobody that is known here .*TEMPORAL_TLS_SERVER_CA_CERT_PATH/,
      );
      const misnamed = { TEMPORAL_TLS_SERVER_NAME: 'temporal.elsewhere', ...pair() };
      assert.match(
        (await failure({ TEMPORAL_ADDRESS: address, ...misnamed })).message,
        /for another name .*TEMPORAL_TLS_SERVER_NAME/,
      );
      const named = { TEMPORAL_TLS_SERVER_NAME: 'temporal.lab', ...pair() };
      assert.equal((await resolveServer(options({ TEMPORAL_ADDRESS: address, ...named }))).kind, 'cluster');
      const plain = await resolveServer(
        { ...options({}), env: { HOME: scene.folder, TEMPORAL_ADDRESS: address } },
        patience,
      ).catch((error: unknown) => error);
      assert.match(String(plain), /it speaks TLS, and none is set up here; TEMPORAL_TLS=true/);
      assert.equal(
        mutual.seen.every((call) => call.client === 'reader'),
        true,
      );
    } finally {
      other.end();
    }
  });

  it('is not asked in TLS where it speaks none, and silence is told as before', async () => {
    const { message } = await failure({ TEMPORAL_ADDRESS: server.address, TEMPORAL_TLS: 'true' });
    assert.match(message, /it does not speak TLS/);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { readonly port: number };
    try {
      const found = await failure({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
      assert.match(found.message, /no answer in 0\.7 s/);
    } finally {
      silent.close();
    }
  });

  it('half a pair and unreadable files are told before anything is sent', async () => {
    const { TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH } = pair();
    const cases = [
      [
        { TEMPORAL_TLS_CLIENT_CERT_PATH },
        /CLIENT_CERT_PATH .* is given and TEMPORAL_TLS_CLIENT_KEY_PATH .* is not/,
      ],
      [
        { TEMPORAL_TLS_CLIENT_KEY_PATH },
        /CLIENT_KEY_PATH .* is given and TEMPORAL_TLS_CLIENT_CERT_PATH .* is not/,
      ],
      [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }, /no such file.*\/nowhere\/ca\.pem/],
    ] as const;
    for (const [env, expected] of cases) {
      const error = await failure({ TEMPORAL_ADDRESS: '127.0.0.1:1', ...env });
      assert.equal(error.code, 'SETTINGS_INVALID');
      assert.match(error.message, expected);
    }
  });

  it('a mistake in the configuration file is told by its place, without the key beside it', async () => {
    const file = path.join(scene.folder, 'temporal.toml');
    for (const text of [
      `[profile.default]\napi_key = "${apiKey}\naddress = "a:1"\n`,
      `api_key = ${apiKey}\n`,
    ]) {
      writeFileSync(file, text);
      const error = await failure({ TEMPORAL_CONFIG_FILE: file });
      assert.equal(error.code, 'SETTINGS_INVALID');
      assert.match(error.message, /line \d+, column \d+/);
      const everything = JSON.stringify(error, Object.getOwnPropertyNames(error));
      assert.ok(!everything.includes(apiKey), everything);
    }
  });
});
