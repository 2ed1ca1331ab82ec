/** The repository itself, as its own tests see it. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '..');

/**
 * Paths from the root of the files that git tracks and that are there, those matching `patterns` (all without).
 *
 * @param options.untracked also files that are not tracked yet and not ignored
 */
export function repositoryFiles(
  patterns: readonly string[],
  options: { readonly untracked?: boolean } = {},
): readonly string[] {
  const which = options.untracked === true ? ['--cached', '--others', '--exclude-standard'] : ['--cached'];
  return execFileSync('git', ['ls-files', '-z', ...which, '--', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\0')
    .filter((file) => file !== '' && existsSync(path.join(root, file)));
}
