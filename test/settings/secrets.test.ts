import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { settingRows } from '../../src/settings.ts';
import { Scene } from '../cli/world.ts';

const key = 'S3cretS3cretS3cretS3cretS3cretS3cretS3cret0=';

describe('a secret setting', () => {
  let scene: Scene;
  beforeEach(() => (scene = new Scene()));
  afterEach(() => {
    scene.end();
  });
  const shows = (text: string): boolean => text.includes('S3cret');

  it('is one of the table, without a flag and a default', () => {
    const secrets = settingRows.filter(({ kind }) => kind.type === 'secret');
    assert.deepEqual(
      secrets.map(({ env, flag, default: value }) => [env, flag, value]),
      [['THREADMILL_PAYLOAD_KEY', null, null]],
    );
  });

  it('from the environment or .env, is shown by `threadmill config` as set, with its source and without its value', async () => {
    for (const json of [false, true]) {
      scene.env = { THREADMILL_PAYLOAD_KEY: `${key},${key}` };
      const { code, stdout, stderr } = await scene.run('config', ...(json ? ['--json'] : []));
      assert.equal(code, 0, stderr);
      assert.match(
        stdout,
        json ? /"payloadKey":\{"value":"\(secret\)"/ : /payloadKey +\(secret\) +the environment/,
      );
      assert.ok(!shows(stdout + stderr));
    }
    scene.env = {};
    writeFileSync(path.join(scene.folder, '.env'), `THREADMILL_PAYLOAD_KEY=${key}\n`);
    const { stdout } = await scene.run('config');
    assert.match(stdout, /payloadKey +\(secret\) +\.env file/);
    assert.ok(!shows(stdout));
    writeFileSync(path.join(scene.folder, '.env'), '');
    assert.match((await scene.run('config')).stdout, /payloadKey +none +default/);
  });

  it('that is no key is refused without being shown: exit code 2', async () => {
    for (const bad of ['S3cret', `${key}S3cret`, `${key},S3cret`, `S3cret ${key}`, `${key},,${key}`]) {
      scene.env = { THREADMILL_PAYLOAD_KEY: bad };
      const { code, stdout, stderr } = await scene.run('config');
      assert.equal(code, 2);
      assert.match(
        stderr,
        /THREADMILL_PAYLOAD_KEY \(payloadKey\) is no such thing .* must be 32 bytes as base64/,
      );
      assert.ok(!shows(stdout + stderr), stderr);
    }
  });

  it('is taken neither from a flag nor from a config file, nor shown in refusing it', async () => {
    const flag = await scene.run('config', '--payload-key', key);
    assert.equal(flag.code, 2);
    assert.match(flag.stderr, /Unknown option '--payload-key'/);
    for (const name of ['payloadKey', 'THREADMILL_PAYLOAD_KEY']) {
      const file = path.join(scene.folder, 'c.json');
      writeFileSync(file, JSON.stringify({ [name]: key }));
      const { code, stdout, stderr } = await scene.run('config', '--config', file);
      assert.equal(code, 2);
      assert.match(
        stderr,
        /is a secret and can't stand in a config file: give it in the environment or \.env/,
      );
      assert.ok(!shows(stdout + stderr), stderr);
    }
    const { stdout } = await scene.run('run', '--help');
    assert.doesNotMatch(stdout, /payload/);
  });
});
