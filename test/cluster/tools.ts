/** What the images bring: PostgreSQL of Debian, and the server and its schema tool built from their module. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, hostEnvironment } from '../../src/server/environment.ts';

const run = promisify(execFile);
const debian = '/usr/lib/postgresql';
const serverModule = 'go.temporal.io/server';

/** The newest PostgreSQL's folder of programs. */
function installedPostgres(): string | null {
  if (!existsSync(debian)) return null;
  const versions = readdirSync(debian)
    .map(Number)
    .filter((version) => existsSync(path.join(debian, String(version), 'bin/initdb')));
  return versions.length === 0 ? null : path.join(debian, String(Math.max(...versions)), 'bin');
}

/** The folder of PostgreSQL's programs; installs Debian's package where there is none. */
export function findPostgres(talk: (text: string) => void): string {
  const found = installedPostgres();
  if (found !== null) return found;
  talk('Installing PostgreSQL: apt-get install postgresql');
  const options = { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
  execFileSync('apt-get', ['update'], options);
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', 'postgresql'], options);
  const installed = installedPostgres();
  if (installed === null) throw new Error('The package postgresql has no initdb');
  return installed;
}

export interface ServerTools {
  readonly server: string;
  readonly sqlTool: string;
  /** Of the module: what the image has as /etc/temporal/schema. */
  readonly schema: string;
}

/** The server of a version and what belongs to it; built once into the user's cache, which takes minutes. */
export async function findServer(version: string, talk: (text: string) => void): Promise<ServerTools> {
  const folder = path.join(cacheFolder(hostEnvironment()), 'bin');
  const programs = { server: 'cmd/server', sqlTool: 'cmd/tools/sql' } as const;
  const fileOf = (name: keyof typeof programs): string => path.join(folder, `temporal-${name}-${version}`);
  mkdirSync(folder, { recursive: true });
  for (const name of ['server', 'sqlTool'] as const) {
    if (existsSync(fileOf(name))) continue;
    talk(`Building ${serverModule}/${programs[name]}@v${version}, once`);
    const build = mkdtempSync(path.join(folder, '.build-'));
    try {
      await run('go', ['install', `${serverModule}/${programs[name]}@v${version}`], {
        env: { ...process.env, GOBIN: build },
        maxBuffer: 2 ** 26,
      });
      renameSync(path.join(build, path.basename(programs[name])), fileOf(name));
    } finally {
      rmSync(build, { recursive: true, force: true });
    }
  }
  const { stdout } = await run('go', ['mod', 'download', '-json', `${serverModule}@v${version}`]);
  const { Dir: module } = JSON.parse(stdout) as { readonly Dir: string };
  return { server: fileOf('server'), sqlTool: fileOf('sqlTool'), schema: path.join(module, 'schema') };
}
