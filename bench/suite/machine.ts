/** What a result was measured on. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { fixed } from './tables.ts';
import type { Tools } from './tools.ts';

const root = path.resolve(import.meta.dirname, '../..');

export function versionOf(): string {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  return version;
}

const git = (...args: readonly string[]): string =>
  spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' }).stdout.trim();

/** Short hash of the checked-out commit, with `+` where tracked sources differ from it. */
export function commitOf(): string {
  const changed =
    git('status', '--porcelain', '--untracked-files=no', '--', 'src', 'samples', 'bench') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`;
}

/** What is measured: the same for as long as `src` is, with what is not committed. */
export function sourcesOf(): string {
  const diff = createHash('sha256')
    .update(git('diff', 'HEAD', '--', 'src'))
    .digest('hex');
  return `${git('rev-parse', '--short', 'HEAD:src')}-${diff.slice(0, 7)}`;
}

/** Running processes, mean of the last minute: the machine is quiet below one half. */
export function load(): number {
  return loadavg()[0] ?? NaN;
}

export function machineText(tools: Tools): string {
  const modules = Object.entries(tools.modules).map(([name, version]) => `${name} ${version}`);
  const lines = [
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${availableParallelism()} cores, ${fixed(totalmem() / 2 ** 30, 1)} GiB`,
    `${type()} ${release()}, Node ${process.versions.node}, ${zstdVersion(tools)}`,
    [...modules, ...(tools.jq === null ? [] : [tools.jq])].join(', '),
  ];
  return lines.map((line) => `- ${line}`).join('\n');
}

function zstdVersion({ zstd }: Tools): string {
  return `zstd ${/\d+\.\d+\.\d+/.exec(zstd ?? '')?.[0] ?? 'of unknown version'}`;
}
