/** What must never be committed: where somebody's machine keeps things, and where it gets them from. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryFiles, root } from './repository.ts';

const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
  [
    'a path of one machine',
    /(?<![\w.$}/-])\/(?:work|workspace|farm|root|home\/[\w.-]+|Users\/[\w.-]+)\/[\w.-]*/g,
  ],
  [
    'a package registry',
    /https?:\/\/(?:[\w.-]*\b(?:registry|artifactory|verdaccio|npmjs|npmmirror|goproxy|pypi)\b[\w.-]*|proxy\.golang\.[\w.-]*)/g,
  ],
];

describe('the committed files', () => {
  const files = repositoryFiles([]);

  it('are seen', () => {
    assert.ok(files.length > 100, `git lists ${files.length} files`);
  });

  it('hold no path of one machine and no address of a package registry', () => {
    const found = files.flatMap((file) => {
      const bytes = readFileSync(path.join(root, file));
      if (bytes.includes(0)) return [];
      const text = bytes.toString('utf8');
      return forbidden.flatMap(([what, pattern]) =>
        [...text.matchAll(pattern)].map((match) => {
          const line = text.slice(0, match.index).split('\n').length;
          return `${file}:${line} ${what}: ${match[0]}`;
        }),
      );
    });
    assert.deepEqual(found, []);
  });

  it('leave it to npm where packages come from', () => {
    const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<
        Record<string, { readonly resolved?: string; readonly integrity?: string }>
      >;
    };
    const packages = Object.entries(lock.packages).filter(([name]) => name !== '');
    assert.ok(packages.length > 100);
    assert.deepEqual(
      packages.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name),
      [],
      'npm writes no addresses while .npmrc has omit-lockfile-registry-resolved',
    );
    assert.doesNotMatch(readFileSync(path.join(root, '.npmrc'), 'utf8'), /registry\s*=/);
  });

  it('tell npm which install scripts are needed', () => {
    const { packages } = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
    };
    const { allowScripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      readonly allowScripts: Readonly<Record<string, boolean>>;
    };
    const having = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([place]) => place.replace(/^.*node_modules\//, ''));
    assert.deepEqual([...new Set(having)].sort(), Object.keys(allowScripts).sort());
  });
});
