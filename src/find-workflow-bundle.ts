/** The workflows as one script: made by the build, or from the sources once and kept in the user's cache. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { cacheFolder, hostEnvironment } from './server/environment.ts';

/** What a workflow can import (see .dependency-cruiser.cjs): a change in any of them makes another bundle. */
const sources = ['workflows', 'contract', 'core', 'settings', 'payloads'];

export interface BundleOptions {
  /** Messages of failures are payloads, as where payloads are encrypted. A bundle is made for one or the other. */
  readonly encodedFailures: boolean;
}

/** Path of the bundle. From sources the first call takes 2 s, in a process of its own: the bundler would keep 80 MB here. */
export async function findWorkflowBundle({
  encodedFailures,
}: BundleOptions): Promise<{ readonly codePath: string }> {
  const kind = encodedFailures ? '-encoded' : '';
  const built = path.join(import.meta.dirname, `workflow-bundle${kind}.js`);
  if (existsSync(built)) return { codePath: built };
  const cached = path.join(cacheFolder(hostEnvironment()), 'workflows', `${sourcesHash()}${kind}.js`);
  if (!existsSync(cached)) {
    await mkdir(path.dirname(cached), { recursive: true });
    await bundleInto(cached, encodedFailures);
  }
  return { codePath: cached };
}

/** Of every source that the bundle may hold, and of what makes it. */
function sourcesHash(): string {
  const hash = createHash('sha256').update(process.version);
  const files = sources.flatMap((folder) =>
    readdirSync(path.join(import.meta.dirname, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => path.join(folder, file)),
  );
  for (const file of ['../package.json', ...files.sort()]) {
    hash.update(`${file}\0`).update(readFileSync(path.join(import.meta.dirname, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function bundleInto(target: string, encodedFailures: boolean): Promise<void> {
  const program = path.join(import.meta.dirname, 'make-workflow-bundle.ts');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, target, ...(encodedFailures ? ['encoded'] : [])], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let tail = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-2_000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Cannot bundle the workflows: ${tail.trim()}`));
    });
  });
}
