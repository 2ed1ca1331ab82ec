/** Shows a file as a double click would. */
import { spawn } from 'node:child_process';
import { ThreadmillError } from '../core/errors.ts';

/** Command and leading arguments that open a file, by platform. */
function openerOf(platform: NodeJS.Platform): readonly [command: string, ...args: string[]] {
  if (platform === 'darwin') return ['open'];
  // `start` takes its first quoted argument for a title
  return platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open'];
}

/**
 * Starts the program that the desktop has for a file, and leaves it.
 *
 * @throws {ThreadmillError} USAGE where there is none
 */
export function openFile(file: string, platform: NodeJS.Platform = process.platform): Promise<void> {
  const [command, ...args] = openerOf(platform);
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args, file], { stdio: 'ignore', detached: true });
    child.once('error', (cause) => {
      const message = `Cannot open "${file}": there is no "${command}" here; open it in a browser`;
      reject(new ThreadmillError('USAGE', message, { facts: { path: file }, cause }));
    });
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}
