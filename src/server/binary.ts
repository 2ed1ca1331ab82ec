/** Where the `temporal` command comes from: given, on PATH, in the user's cache, or built into it once. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { ThreadmillError } from '../core/errors.ts';
import { cacheFolder, hostEnvironment, isExecutable, onPath, type Environment } from './environment.ts';
import { withLock } from './lock.ts';

/** Server 1.29, UI 2.42. Later tags carry a `replace` in go.mod, which `go install` refuses. */
const cliVersion = '1.5.1';
const cliModule = `github.com/temporalio/cli/cmd/temporal@v${cliVersion}`;
/** A build takes 3 minutes on 2 cores; ten times that is a machine that swaps or a network that hangs. */
const buildMsMax = 30 * 60_000;
const waysOut =
  'install the Temporal CLI (on PATH), set TEMPORAL_CLI to its path, or set TEMPORAL_ADDRESS to use a running server';

export interface FindTemporalOptions {
  /** The user's own choice of binary (setting TEMPORAL_CLI): used or refused, never passed over. */
  readonly temporalCli?: string | undefined;
  /** PATH, HOME, XDG_CACHE_HOME; default the process's own. */
  readonly env?: Environment | undefined;
  /** Told before something slow begins: what, and about how long. */
  readonly onProgress?: ((message: string) => void) | undefined;
}

const run = promisify(execFile);

/** Whether a binary that we did not build has the dev server with what we pass to it; else why not. */
async function whyUnusable(file: string): Promise<string | null> {
  if (!(await isExecutable(file))) return 'it is no executable file';
  try {
    // 20 s: answers in 0.1 s, but a cold 250 MB binary on a slow disk takes its time.
    const { stdout } = await run(file, ['server', 'start-dev', '--help'], {
      timeout: 20_000,
      maxBuffer: 2 ** 20,
    });
    return stdout.includes('--dynamic-config-value')
      ? null
      : 'it has no `server start-dev` with --dynamic-config-value';
  } catch (error) {
    return `\`server start-dev --help\` failed: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
  }
}

async function build(go: string, target: string, env: Environment): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  // In the target's folder, so that the rename stays inside one file system and is atomic.
  const folder = await mkdtemp(path.join(path.dirname(target), '.build-'));
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(go, ['install', cliModule], {
        env: { ...env, GOBIN: folder },
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: buildMsMax,
      });
      let tail = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        tail = (tail + text).slice(-2_000);
      });
      child.once('error', reject);
      child.once('close', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`go install ended with ${signal ?? `code ${String(code)}`}: ${tail.trim()}`));
      });
    });
    await rename(path.join(folder, process.platform === 'win32' ? 'temporal.exe' : 'temporal'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Path of a `temporal` command with `server start-dev`: the option, PATH, the user's cache, else built with
 * `go install` into the cache (once: other processes wait for the build). The SDK's own download is not tried: it is
 * reachable only through the testing package, which also launches what it fetched.
 *
 * @throws ThreadmillError SERVER_UNAVAILABLE when the option is unusable, or there is neither a binary nor a way to
 * build one; the message names the ways out
 */
export async function findTemporal(options: FindTemporalOptions = {}): Promise<string> {
  const env = options.env ?? hostEnvironment();
  if (options.temporalCli !== undefined && options.temporalCli !== '') {
    const file = path.resolve(options.temporalCli);
    const why = await whyUnusable(file);
    if (why === null) return file;
    throw new ThreadmillError(
      'SERVER_UNAVAILABLE',
      `Cannot use TEMPORAL_CLI '${file}': ${why}; correct or unset it, or set TEMPORAL_ADDRESS to use a running server`,
      { facts: { temporalCli: file } },
    );
  }
  const found = await onPath('temporal', env);
  if (found !== null) {
    const why = await whyUnusable(found);
    if (why === null) return found;
    options.onProgress?.(`Passing over '${found}': ${why}`);
  }
  const cached = path.join(cacheFolder(env), 'bin', `temporal-${cliVersion}`);
  if (await isExecutable(cached)) return cached;
  return buildInto(cached, env, options.onProgress);
}

async function buildInto(
  target: string,
  env: Environment,
  onProgress: ((message: string) => void) | undefined,
): Promise<string> {
  const go = await onPath('go', env);
  if (go === null) {
    throw new ThreadmillError(
      'SERVER_UNAVAILABLE',
      `Found no Temporal server to start: no 'temporal' on PATH, none at '${target}', and no 'go' to build it with; ${waysOut}`,
      { facts: { cache: target } },
    );
  }
  const lockOptions = {
    timeoutMs: buildMsMax,
    what: 'building the Temporal server',
    onWait: (pid: number) =>
      onProgress?.(`Waiting for process ${pid}, which is building the Temporal server`),
  };
  return withLock(`${target}.lock`, lockOptions, async () => {
    if (await isExecutable(target)) return target;
    onProgress?.(`Building the Temporal server once (go install ${cliModule}): about 3 minutes on 2 cores`);
    const startedMs = performance.now();
    try {
      await build(go, target, env);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ThreadmillError(
        'SERVER_UNAVAILABLE',
        `Cannot build the Temporal server: ${why}; ${waysOut}`,
        { cause },
      );
    }
    onProgress?.(`Built '${target}' in ${Math.round((performance.now() - startedMs) / 1000)} s`);
    return target;
  });
}
