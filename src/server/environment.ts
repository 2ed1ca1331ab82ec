/** The environment in which programs are found and started. */
import { access, constants, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** Environment variables by name, as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment for finding and starting programs (PATH, HOME, cache folder). Settings are read elsewhere; this is
 * the one place of `src/server` that looks at `process.env`, and callers may hand in their own.
 */
export function hostEnvironment(): Environment {
  return process.env;
}

/** Threadmill's cache folder: `$XDG_CACHE_HOME/threadmill`, else `~/.cache/threadmill`. Not created here. */
export function cacheFolder(env: Environment): string {
  const base = env['XDG_CACHE_HOME'];
  // The XDG specification says that a relative value is to be ignored.
  if (base !== undefined && path.isAbsolute(base)) return path.join(base, 'threadmill');
  return path.join(env['HOME'] ?? homedir(), '.cache', 'threadmill');
}

/** Whether the file is there and may be run. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/**
 * Path of the first program of this name on PATH; null when there is none. Empty and relative entries are left out:
 * what they mean depends on the working folder.
 */
export async function onPath(name: string, env: Environment): Promise<string | null> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  for (const folder of (env['PATH'] ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name + suffix);
    if (await isExecutable(file)) return file;
  }
  return null;
}
