import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { plainEnvironment } from '../bench/suite/stage.ts';

const moduleUrl = JSON.stringify(resolve(import.meta.dirname, '../src/compile-cache.ts'));
/** Says where its thread's compiled code is kept. */
const program = `
  const { keepCompiledCode } = await import(${moduleUrl});
  keepCompiledCode(process.env);
  const { Worker } = await import('node:worker_threads');
  const ask = "import('node:module').then(m => process.stdout.write(String(m.getCompileCacheDir())))";
  new Worker(ask, { eval: true });
`;

describe('keepCompiledCode()', () => {
  let cache: string;

  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'threadmill-compiled-'));
  });

  afterEach(() => {
    rmSync(cache, { recursive: true, force: true });
  });

  const ask = (env: Readonly<Record<string, string>>): string => {
    const { NODE_COMPILE_CACHE: _kept, NODE_V8_COVERAGE: _coverage, ...plain } = plainEnvironment();
    const asked = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...plain, XDG_CACHE_HOME: cache, ...env },
      encoding: 'utf8',
    });
    assert.equal(asked.status, 0, asked.stderr);
    return asked.stdout;
  };

  it('keeps the code of all threads in the cache folder', () => {
    const folder = join(cache, 'threadmill', 'compiled');
    assert.ok(ask({}).startsWith(folder));
    assert.notEqual(readdirSync(folder, { recursive: true }).length, 0);
  });

  it('leaves a folder alone that the user has chosen, and coverage exact', () => {
    const chosen = join(cache, 'chosen');
    assert.ok(ask({ NODE_COMPILE_CACHE: chosen }).startsWith(chosen));
    assert.equal(ask({ NODE_V8_COVERAGE: join(cache, 'coverage') }), 'undefined');
    assert.equal(existsSync(join(cache, 'threadmill')), false);
  });

  it('does without a folder that cannot be made', () => {
    assert.equal(ask({ XDG_CACHE_HOME: '/dev/null' }), 'undefined');
  });
});
