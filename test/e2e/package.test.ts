/** What `npm pack` makes, as a stranger has it: unpacked in a folder of its own, beside its dependencies. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { findTemporal } from '../../src/server/binary.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import { root } from '../repository.ts';

const run = promisify(execFile);
/** The compiler takes ten seconds on a busy core, twice. */
const buildMs = 240_000;

interface PackageJson {
  readonly version: string;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const program = `
import { connectThreadmill, ThreadmillError, type JobProgress, type JobResult } from 'threadmill';
const threadmill = await connectThreadmill();
const result: JobResult = await threadmill.processArchiveFile('a.zst', { maxMemoryUsage: 1024 });
const lines: number = result.metrics.totalProcessedLines;
const progress: JobProgress = await threadmill.getJobProgress(result.jobId);
export const seen = [lines, progress.completionPercentage, new ThreadmillError('USAGE', 'x').code];
// @ts-expect-error -- there is no such field: what is typed as any would have it
progress.nonsense;
// @ts-expect-error -- a number is wanted
await threadmill.processArchiveFile('a.zst', { maxMemoryUsage: 'much' });
`;

describe('the package', function () {
  this.timeout(buildMs);
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as PackageJson;
  let folder = '';
  /** Where it is unpacked, as by an installation. */
  let home = '';
  let installed = '';

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'threadmill-package-'));
    const source = path.join(folder, 'source');
    mkdirSync(source);
    for (const name of ['package.json', 'tsconfig.json', 'tsconfig.build.json', 'src', ...manifest.files])
      if (name !== 'dist') cpSync(path.join(root, name), path.join(source, name), { recursive: true });
    symlinkSync(path.join(root, 'node_modules'), path.join(source, 'node_modules'));
    // builds it first
    await run('npm', ['pack', '--silent'], { cwd: source });
    const problems = await publint({ pkgDir: source, level: 'suggestion', strict: true });
    assert.deepEqual(
      problems.messages.map((message) => formatMessage(message, problems.pkg)),
      [],
    );
    const [archive = ''] = readdirSync(source).filter((name) => name.endsWith('.tgz'));
    home = path.join(folder, 'home');
    const modules = path.join(home, 'node_modules');
    mkdirSync(modules, { recursive: true });
    await run('tar', ['xzf', path.join(source, archive), '-C', modules]);
    installed = path.join(modules, 'package');
    cpSync(installed, path.join(modules, 'threadmill'), { recursive: true });
    rmSync(installed, { recursive: true });
    installed = path.join(modules, 'threadmill');
    for (const name of Object.keys(manifest.dependencies)) {
      mkdirSync(path.dirname(path.join(modules, name)), { recursive: true });
      symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
    }
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const threadmill = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
    run(process.execPath, [path.join(installed, 'dist/client.js'), ...args], {
      cwd: home,
      env: { PATH: process.env['PATH'] ?? '', HOME: home },
    });

  it('holds what is built and what is read first, and runs nothing when it is installed', () => {
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
    assert.deepEqual(readdirSync(installed).sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'dist',
      'man',
      'package.json',
      'samples',
    ]);
    for (const file of files) {
      assert.doesNotMatch(file, /(?<!\.d)\.ts$|\.test\.|\.tgz$/);
    }
    assert.ok(files.includes('dist/workflow-bundle.js'), 'a worker need not bundle');
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish'])
      assert.equal(manifest.scripts[script], undefined, script);
  });

  it('is a command that processes an archive, verifies it and reports on it', async () => {
    assert.equal((await threadmill('--version')).stdout.trim(), manifest.version);
    const sample = path.join(installed, 'samples/austinfood_comments.zst');
    const temporal = await findTemporal();
    const { stdout } = await threadmill('run', sample, '--json', '--quiet', '--temporal-cli', temporal);
    const { dataset, metrics } = JSON.parse(stdout) as { dataset: string; metrics: { kept: number } };
    assert.equal(metrics.kept, 11_052);
    assert.deepEqual((await verifyDataset(dataset)).problems, []);
    assert.match((await threadmill('verify', dataset)).stdout, /^OK /);
    const report = (await threadmill('report', dataset)).stdout.trim();
    const page = readFileSync(report, 'utf8');
    for (const what of [/What became of the lines/, /Depth in the thread/, /510 tombstones among them/])
      assert.match(page, what);
  });

  it('is a library with types, by both ways of finding them', async () => {
    writeFileSync(path.join(home, 'package.json'), '{"type":"module"}');
    writeFileSync(path.join(home, 'program.ts'), program);
    for (const [module, moduleResolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const options = { module, moduleResolution, target: 'es2023', strict: true, noEmit: true };
      // the SDK's own types need it
      const compilerOptions = { ...options, skipLibCheck: true, types: [] };
      writeFileSync(
        path.join(home, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['program.ts'] }),
      );
      const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
      const told = await run(process.execPath, [compiler, '-p', home]).catch(
        (error: unknown) => error as { readonly stdout: string },
      );
      assert.equal(told.stdout, '');
    }
  });
});
