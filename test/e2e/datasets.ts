/** A dataset's folder as tests see it: which files stand there, which of them are the same files as before, what they hold. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { filesOf, readManifest, type Manifest } from '../../src/engine/dataset/manifest.ts';
import { roleOf } from '../../src/engine/dataset/names.ts';
import { verifyDataset } from '../../src/engine/dataset/verify.ts';
import type { Archive } from './archives.ts';

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // not made yet
  }
}

/** Names of the committed parts, in order. */
export function partsIn(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => roleOf(name) === 'part');
}

/** Temporary files: what an attempt is writing, or has left behind. */
export function temporaryFiles(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => roleOf(name) === 'temporary');
}

/** Parts by name, each with what changes when it is written again: inode and time. */
export function partIdentities(folder: string): ReadonlyMap<string, string> {
  return new Map(
    partsIn(folder).map((name) => {
      const { ino, mtimeNs } = statSync(path.join(folder, name), { bigint: true });
      return [name, `${ino} ${mtimeNs}`];
    }),
  );
}

/** Fails where a part of `before` is no longer the same file. */
export function assertUntouched(before: ReadonlyMap<string, string>, folder: string): void {
  const now = partIdentities(folder);
  const rewritten = [...before].filter(([name, identity]) => now.get(name) !== identity);
  assert.deepEqual(
    rewritten.map(([name]) => name),
    [],
    'parts were written again',
  );
}

/** All that a dataset is, but for the job that made it: SHA-256 of every file, and the manifest. */
export interface Essence {
  readonly files: Readonly<Record<string, string>>;
  readonly manifest: Omit<Manifest, 'jobId' | 'startedAt' | 'createdAt' | 'run'>;
}

export async function essenceOf(folder: string): Promise<Essence> {
  const {
    jobId: _job,
    startedAt: _started,
    createdAt: _created,
    run: _run,
    ...manifest
  } = await readManifest(folder);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && roleOf(entry.name) !== 'manifest')
    .map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)))
    .sort();
  const files = names.map((name) => [
    name,
    createHash('sha256')
      .update(readFileSync(path.join(folder, name)))
      .digest('hex'),
  ]);
  return { files: Object.fromEntries(files) as Record<string, string>, manifest };
}

/** Fails unless the dataset is whole, verified, free of leftovers, and counts what the generator put in. */
export async function assertWhole(folder: string, archive: Archive): Promise<Manifest> {
  const manifest = await readManifest(folder);
  assert.deepEqual(manifest.counters, archive.counters);
  assert.equal(manifest.archive.bytes, archive.bytes);
  const { ok, problems, rows, lines } = await verifyDataset(folder);
  assert.deepEqual(problems, []);
  assert.deepEqual([ok, rows, lines], [true, archive.counters.kept, archive.counters.lines]);
  const known = new Set(['manifest.json', ...filesOf(manifest).map(({ file }) => file)]);
  assert.deepEqual(
    namesIn(folder).filter((name) => !known.has(name)),
    [],
    'leftovers',
  );
  return manifest;
}
