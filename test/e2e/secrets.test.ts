/** Known secrets, and everything that anybody could find them in afterwards. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { Authority, TlsListener, type Certificate } from '../server/tls-listener.ts';
import { ownArchive, shortComments } from './archives.ts';
import { Stage, slowMs } from './stage.ts';

/** A secret as it may be written somewhere: itself, and what a careless dump of bytes makes of it. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const raw = Buffer.from(secret, 'base64');
  return [
    secret,
    bytes.toString('base64').slice(0, -4),
    bytes.toString('hex'),
    raw.toString('hex'),
    raw.join(','),
  ];
}

/** Bytes of all files below a folder. */
function bytesBelow(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Buffer.concat(files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name))));
}

describe('secrets', function () {
  this.timeout(slowMs);
  let stage: Stage;
  let authority: Authority;
  let client: Certificate;
  let listener: TlsListener;
  const apiKey = `tmprl_${randomBytes(24).toString('hex')}`;
  const payloadKey = randomBytes(32).toString('base64');
  const metadata = `meta-${randomBytes(16).toString('hex')}`;
  before(async () => {
    stage = await Stage.open({ persistence: true });
    authority = new Authority();
    client = authority.issue('reader', 'DNS:reader');
    const certificate = authority.issue('server', 'IP:127.0.0.1');
    const clientAuthority = authority.root.cert;
    listener = await TlsListener.open({ behind: stage.server.address, certificate, clientAuthority, apiKey });
  });
  after(async () => {
    await listener.end();
    authority.end();
    await stage.end();
  });

  it('stand in no log, output, error, history, database, dataset or command line, whatever a job comes to', async () => {
    const pem = readFileSync(client.key, 'utf8');
    const env = {
      TEMPORAL_ADDRESS: listener.address,
      TEMPORAL_API_KEY: apiKey,
      TEMPORAL_GRPC_META_X_SECRET: metadata,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.root.cert,
      TEMPORAL_TLS_CLIENT_CERT_DATA: readFileSync(client.cert, 'utf8'),
      TEMPORAL_TLS_CLIENT_KEY_DATA: pem,
      THREADMILL_PAYLOAD_KEY: payloadKey,
    };
    const places: Record<string, string | Buffer> = {};
    const run = async (
      given: Readonly<Record<string, string>>,
      ...args: readonly string[]
    ): Promise<string> => {
      const program = stage.start([...args, '--log-level', 'debug'], given);
      const code = await program.ended;
      places[`${args.join(' ')} (${code}) #${Object.keys(places).length}`] = program.stdout + program.stderr;
      return program.stdout;
    };
    const worker = stage.start(['worker', '--json', '--threads', '1', '--log-level', 'debug'], env);
    await worker.firstLine();
    places['command line'] = readFileSync(`/proc/${worker.pid}/cmdline`);

    const out = stage.freshOut();
    const archive = await ownArchive(shortComments, stage.freshFolder('secrets'));
    const started = JSON.parse(await run(env, 'start', archive.path, '--out', out, '--json')) as {
      readonly jobId: string;
    };
    const { jobId } = started;
    await run(env, 'watch', jobId);
    for (const name of ['status', 'stats', 'result']) await run(env, name, jobId);
    for (const json of [[], ['--json']]) {
      await run(env, 'list', ...json);
      await run(env, 'config', ...json);
    }
    const bad = path.join(stage.freshFolder('secrets'), 'RC_bad.jsonl');
    writeFileSync(bad, '{"no": "comment"}\n'.repeat(100));
    await run(env, 'run', bad, '--out', out, '--json');

    // what goes wrong on the way, with all of them at hand
    const { TEMPORAL_TLS_CLIENT_CERT_DATA: _cert, ...half } = env;
    const nonsense = { TEMPORAL_TLS_CLIENT_KEY_DATA: pem.replaceAll('A', 'B') };
    for (const wrong of [
      { ...env, TEMPORAL_API_KEY: apiKey.slice(1) },
      { ...env, ...nonsense },
      { ...env, TEMPORAL_TLS_SERVER_NAME: 'elsewhere' },
      { ...env, THREADMILL_PAYLOAD_KEY: `${payloadKey}!` },
      { ...env, THREADMILL_PAYLOAD_KEYS: payloadKey },
      { ...env, TEMPORAL_PROFILE: 'none' },
      { ...env, THREADMILL_PAYLOAD_KEY: randomBytes(32).toString('base64') },
      half,
    ])
      await run(wrong, 'status', jobId, '--json');
    const config = path.join(stage.folder, 'temporal.toml');
    writeFileSync(config, `[profile.default]\napi_key = "${apiKey}\ngrpc_meta = "${metadata}"\n`);
    await run({ TEMPORAL_CONFIG_FILE: config }, 'list');

    // in threads, so that assembly is among what was done
    assert.deepEqual((await verifyDataset(path.join(out, archive.name))).problems, []);
    assert.equal(await worker.stop(), 0);
    places['worker'] = worker.stdout + worker.stderr;
    assert.ok(worker.logged('Part committed').length > 0, 'the worker logged at its lowest level');
    places['history'] = await stage.temporal('workflow', 'show', '--workflow-id', jobId, '--output', 'json');
    places['description'] = await stage.temporal(
      'workflow',
      'describe',
      '--workflow-id',
      jobId,
      '--output',
      'json',
    );
    places['server'] = bytesBelow(path.join(stage.folder, 'server'));
    places['datasets'] = bytesBelow(out);
    assert.ok(places['server'].includes(jobId), "the server's database is among what was looked at");
    assert.ok(places['datasets'].includes('"jobId"'));

    const pieces = pem.split('\n').filter((line) => line.length > 40);
    const secrets = { apiKey, payloadKey, metadata, ...Object.fromEntries(pieces.entries()) };
    const found = Object.entries(places).flatMap(([place, text]) =>
      Object.entries(secrets).flatMap(([name, secret]) =>
        formsOf(secret).some((form) => text.includes(form)) ? [`${name} in ${place}`] : [],
      ),
    );
    assert.deepEqual(found, []);
    assert.ok(listener.seen.some((call) => call.authorization === `Bearer ${apiKey}`));
  });
});
