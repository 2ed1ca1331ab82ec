import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findTemporal } from '../../src/server/binary.ts';

const usable = '#!/bin/sh\necho "  --dynamic-config-value KEY=VALUE"\n';

describe('findTemporal()', () => {
  let folder: string;
  let env: Record<string, string>;
  const program = (file: string, text: string): string => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    chmodSync(file, 0o755);
    return file;
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-binary-'));
    env = { PATH: path.join(folder, 'bin'), HOME: folder };
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('names the ways out when there is no binary and no go', async () => {
    const message = /install the Temporal CLI.*TEMPORAL_CLI.*TEMPORAL_ADDRESS/;
    await assert.rejects(findTemporal({ env }), { code: 'SERVER_UNAVAILABLE', message });
  });

  it('refuses a TEMPORAL_CLI that is missing or has no dev server', async () => {
    const none = path.join(folder, 'none');
    await assert.rejects(findTemporal({ env, temporalCli: none }), {
      code: 'SERVER_UNAVAILABLE',
      message: /none'.*executable/,
    });
    const old = program(path.join(folder, 'old'), '#!/bin/sh\necho usage\n');
    await assert.rejects(findTemporal({ env, temporalCli: old }), {
      code: 'SERVER_UNAVAILABLE',
      message: /start-dev/,
    });
  });

  it('takes the option, then PATH, then the cache, and passes over what is unusable on PATH', async () => {
    const cached = program(path.join(folder, '.cache/threadmill/bin/temporal-1.5.1'), usable);
    assert.equal(await findTemporal({ env }), cached);
    const onPath = program(path.join(folder, 'bin/temporal'), usable);
    assert.equal(await findTemporal({ env }), onPath);
    const given = program(path.join(folder, 'mine'), usable);
    assert.equal(await findTemporal({ env, temporalCli: given }), given);
    program(onPath, '#!/bin/sh\nexit 1\n');
    const said: string[] = [];
    assert.equal(await findTemporal({ env, onProgress: (message) => said.push(message) }), cached);
    assert.match(said.join(), /Passing over/);
  });

  it('builds once for two that need it at the same time, into XDG_CACHE_HOME, and leaves nothing else there', async () => {
    const count = path.join(folder, 'count');
    program(
      path.join(folder, 'bin/go'),
      `#!/bin/sh\necho "$*" >> '${count}'\nprintf x > "$GOBIN/temporal"\n/bin/chmod 755 "$GOBIN/temporal"\n`,
    );
    env['XDG_CACHE_HOME'] = path.join(folder, 'xdg');
    const said: string[] = [];
    const find = (): Promise<string> => findTemporal({ env, onProgress: (message) => said.push(message) });
    const [one, other] = await Promise.all([find(), find()]);
    assert.equal(one, path.join(folder, 'xdg/threadmill/bin/temporal-1.5.1'));
    assert.equal(other, one);
    assert.equal(readFileSync(count, 'utf8'), 'install github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
    assert.deepEqual(readdirSync(path.dirname(one)), ['temporal-1.5.1']);
    assert.match(said.join(), /about 3 minutes/);
  });

  it("hands on go's own words when the build fails, and tries again the next time", async () => {
    const go = program(path.join(folder, 'bin/go'), '#!/bin/sh\necho "no such host" >&2\nexit 1\n');
    await assert.rejects(findTemporal({ env }), {
      code: 'SERVER_UNAVAILABLE',
      message: /no such host.*TEMPORAL_ADDRESS/s,
    });
    program(go, '#!/bin/sh\nprintf x > "$GOBIN/temporal"\n/bin/chmod 755 "$GOBIN/temporal"\n');
    await findTemporal({ env });
  });
});
