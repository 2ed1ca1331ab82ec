/** The command line of the embedded server, and the supervisor process around it. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { searchAttributes } from '../contract/job.ts';
import { dynamicConfig } from './dynamic-config.ts';
import type { EnsureServerOptions } from './server-options.ts';
import { hostEnvironment, onPath, type Environment } from './environment.ts';
import type { SupervisorOptions } from './supervisor.ts';

/** A log that a looping server filled is set aside at the next start; one older generation is kept. */
const logBytesMax = 16 * 1024 * 1024;

/** Path of the log of server and supervisor for a data folder. */
export function serverLogPath(dataDir: string): string {
  return path.join(dataDir, 'server.log');
}

interface SpawnOptions extends EnsureServerOptions {
  readonly port: number;
  readonly uiPort: number;
  readonly database: string | null;
}

function serverArguments(options: SpawnOptions): readonly string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1'],
    ...['--port', String(options.port), '--ui-port', String(options.uiPort)],
    ...['--log-level', options.logLevel ?? 'warn'],
    // At start it is there at once; registered later it takes the server's caches up to 10 s to know it.
    ...(options.namespace === undefined || options.namespace === 'default'
      ? []
      : ['--namespace', options.namespace]),
    ...(options.database === null ? [] : ['--db-filename', options.database]),
    ...Object.entries(dynamicConfig).flatMap(([key, value]) => [
      '--dynamic-config-value',
      `${key}=${JSON.stringify(value)}`,
    ]),
    // Only a new database takes these, and a server in memory needs them again after a crash; the API does the rest.
    ...Object.entries(searchAttributes).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/** Linux: lets the kernel end the server with a supervisor that was killed. Empty where there is no such `setpriv`. */
async function parentDeathWrapper(env: Environment): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const setpriv = await onPath('setpriv', env);
  if (setpriv === null) return [];
  const wrapper = [setpriv, '--pdeathsig', 'TERM'];
  // util-linux before 2.33 and busybox don't know the option.
  return spawnSync(setpriv, [...wrapper.slice(1), 'true'], { stdio: 'ignore' }).status === 0 ? wrapper : [];
}

function openLog(dataDir: string): number {
  const file = serverLogPath(dataDir);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) renameSync(file, `${file}.1`);
  return openSync(file, 'a', 0o600);
}

/** Without what the server or Node would take from the user's shell though it is meant for clients, and without our key. */
function childEnvironment(env: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(TEMPORAL|THREADMILL)_/.test(name) && name !== 'NODE_OPTIONS'),
  );
}

/**
 * Starts the supervisor, which starts the server; returns its process id at once. It leaves by itself when nobody
 * takes a lease. `options.dataDir` is absolute and there.
 */
export async function spawnSupervisor(program: string, options: SpawnOptions): Promise<number> {
  const env = options.env ?? hostEnvironment();
  const { dataDir, database, port, uiPort } = options;
  const command = [...(await parentDeathWrapper(env)), program, ...serverArguments(options)];
  // Beside this file, with its extension: sources run as TypeScript, the package as JavaScript.
  const extension = path.extname(import.meta.filename);
  const strip = extension === '.ts' && !process.features.typescript ? ['--experimental-strip-types'] : [];
  const log = openLog(dataDir);
  try {
    const child = spawn(
      process.execPath,
      [...strip, path.join(import.meta.dirname, `supervisor${extension}`)],
      {
        cwd: dataDir,
        detached: true,
        env: childEnvironment(env),
        stdio: ['pipe', log, log],
      },
    );
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(
      JSON.stringify({ dataDir, database, port, uiPort, command } satisfies SupervisorOptions),
    );
    child.unref();
    return child.pid ?? 0;
  } finally {
    closeSync(log);
  }
}
