/** The S3 server of the tests: built once into the user's cache with `go install`, as the Temporal server is. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, hostEnvironment, isExecutable, onPath } from '../../src/server/environment.ts';
import { withLock } from '../../src/server/lock.ts';

/** A gateway that keeps objects as files: multipart uploads, conditional writes, ranges. Apache 2.0. */
const version = '1.8.0';
const module = `github.com/versity/versitygw/cmd/versitygw@v${version}`;
/** 75 s on 2 cores; ten times that is a machine that swaps. */
const buildMsMax = 15 * 60_000;
const run = promisify(execFile);

/** Path of the server's program. @throws where it can neither be found nor built: what needs it fails */
export async function findVersitygw(): Promise<string> {
  const env = hostEnvironment();
  const target = path.join(cacheFolder(env), 'bin', `versitygw-${version}`);
  if (await isExecutable(target)) return target;
  const go = await onPath('go', env);
  if (go === null) throw new Error(`There is no versitygw at '${target}', and no 'go' to build it with`);
  return withLock(`${target}.lock`, { timeoutMs: buildMsMax, what: 'building versitygw' }, async () => {
    if (await isExecutable(target)) return target;
    console.log(
      `Building the S3 server of the tests once (go install ${module}): about 75 seconds on 2 cores`,
    );
    await mkdir(path.dirname(target), { recursive: true });
    const folder = await mkdtemp(path.join(path.dirname(target), '.build-'));
    try {
      await run(go, ['install', module], { env: { ...env, GOBIN: folder }, timeout: buildMsMax });
      await rename(path.join(folder, 'versitygw'), target);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return target;
  });
}
