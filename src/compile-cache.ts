/** Compiled code kept between runs of the command line. */
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { cacheFolder, type Environment } from './server/environment.ts';

/**
 * Has Node keep the code that it compiles, of this thread and of every thread and process that is started from it: each of
 * them else parses everything anew, and strips the types of sources. What is kept belongs to the file's content and the
 * version of Node; a folder that can't be written only means that nothing is kept. A folder that the user has chosen
 * (NODE_COMPILE_CACHE) stays, and coverage would be less exact.
 * @param env of this process; it is changed: threads find the folder in it, for the call alone is for this thread
 */
export function keepCompiledCode(env: Environment): void {
  const refused = ['NODE_COMPILE_CACHE', 'NODE_DISABLE_COMPILE_CACHE', 'NODE_V8_COVERAGE'];
  if (refused.some((name) => (env[name] ?? '') !== '')) return;
  const folder = path.join(cacheFolder(env), 'compiled');
  enableCompileCache(folder);
  (env as Record<string, string | undefined>)['NODE_COMPILE_CACHE'] = folder;
}
