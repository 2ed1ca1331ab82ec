/** Makes a dataset of finished parts: joins their rejects, clears what is not of it, and writes the manifest last. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { PublishInput } from '../../contract/job.ts';
import { unpackPart, type PartEntry } from '../../contract/part.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { totalOf } from '../../core/fates.ts';
import { AtomicFile, outputError } from '../output/atomic-file.ts';
import { readDigest } from './file-bytes.ts';
import { findManifest, formatManifest, manifestOf, type Manifest, type RejectsEntry } from './manifest.ts';
import { claimName, joinedRejectsName, manifestName, roleOf } from './names.ts';
import { partProblems } from './part-checks.ts';

export interface PublishProgress {
  readonly step: 'checking' | 'joining' | 'clearing' | 'done';
  /** Parts that the step is through with, of `parts`. */
  readonly done: number;
  readonly parts: number;
}

export interface PublishHooks {
  /** Called at least once for each part and step: also a sign of life. */
  readonly onProgress?: (progress: PublishProgress) => void;
  /** Aborting throws the signal's reason and leaves everything so that another call completes it. */
  readonly signal?: AbortSignal;
}

/**
 * Publishes a dataset. In this order: checks that the parts are all of the input and stand in the folder; joins the pieces
 * of rejects to `rejects.jsonl.zst` (only where a line was rejected: without one there is no such file); removes files
 * with our names that are not of this dataset; writes `manifest.json`; removes the pieces. Every step can be repeated, so
 * a call after a crash at any point completes the work, and one after the end answers with the manifest that stands.
 * One pass over the rejects, none over the parts; one MiB in memory beside the entries.
 *
 * @throws {ThreadmillError} DATASET_INVALID where parts or pieces are missing or contradict one another; OUTPUT_DENIED,
 *   DISK_FULL
 */
export async function publishDataset(input: PublishInput, hooks: PublishHooks = {}): Promise<Manifest> {
  const { dataset, settings } = input;
  const parts = input.parts.map((part) => unpackPart(part, settings.format));
  const problem = partProblems(parts, input.counters)[0];
  if (problem !== undefined) throw invalid(dataset, problem);
  const report = (step: PublishProgress['step'], done: number): void => {
    hooks.onProgress?.({ step, done, parts: parts.length });
    hooks.signal?.throwIfAborted();
  };
  for (const [at, part] of parts.entries()) {
    await checkSize(dataset, part.file, part.bytes);
    report('checking', at + 1);
  }
  const standing = await standingManifest(input, parts);
  const manifest =
    standing ?? manifestOf(input, parts, await joinRejects(input, parts, report), new Date().toISOString());
  report('clearing', 0);
  await removeStrangers(dataset, manifest, new Set(parts.flatMap(({ rejects }) => rejects?.file ?? [])));
  if (standing === null) await writeManifest(dataset, manifest);
  report('clearing', parts.length);
  for (const { rejects } of parts) if (rejects !== null) await remove(dataset, rejects.file);
  report('done', parts.length);
  return manifest;
}

/** The manifest of an earlier attempt that got that far; null where it is to be written. */
async function standingManifest(input: PublishInput, parts: readonly PartEntry[]): Promise<Manifest | null> {
  const found = await findManifest(input.dataset).catch((error: unknown) => {
    // A broken one is replaced: it says nothing, and this job has claimed the folder.
    if (error instanceof ThreadmillError) return null;
    throw error;
  });
  if (found === null) return null;
  const ours = manifestOf(input, parts, found.rejects, found.createdAt);
  // The version may differ where another release of the program completes the work.
  if (!isDeepStrictEqual(found, JSON.parse(JSON.stringify({ ...ours, threadmill: found.threadmill }))))
    return null;
  if (found.rejects === null) return found;
  const { file, bytes } = found.rejects;
  const there = await stat(join(input.dataset, file)).catch(() => null); // then it is joined anew, if the pieces are there
  return there?.size === bytes ? found : null;
}

async function joinRejects(
  { dataset, counters }: PublishInput,
  parts: readonly PartEntry[],
  report: (step: 'joining', done: number) => void,
): Promise<RejectsEntry | null> {
  const pieces = parts.flatMap(({ index, rejects }) => (rejects === null ? [] : [{ index, ...rejects }]));
  const lines = totalOf(counters.rejected);
  if (pieces.length === 0 && lines === 0) return null;
  const target = join(dataset, joinedRejectsName);
  const joined = await AtomicFile.create(target);
  try {
    for (const { index, file, bytes, sha256 } of pieces) {
      // The sign of life comes with every chunk: a piece may be large and its disk slow.
      const onChunk = async (chunk: Uint8Array): Promise<void> => {
        await joined.write(chunk);
        report('joining', index);
      };
      const found = await readDigest(join(dataset, file), { onChunk }).catch((error: unknown) => {
        throw missing(dataset, file, error);
      });
      if (found.bytes !== bytes || found.sha256 !== sha256) {
        throw invalid(
          dataset,
          `"${file}" has changed since it was written (${found.bytes} of ${bytes} bytes)`,
        );
      }
      report('joining', index + 1);
    }
    return { file: joinedRejectsName, ...(await joined.commit()), lines };
  } catch (error) {
    await joined.abort();
    throw error;
  }
}

/** Removes what has one of our names and is neither of this dataset nor still needed: readers take whole folders. */
async function removeStrangers(
  folder: string,
  manifest: Manifest,
  pieces: ReadonlySet<string>,
): Promise<void> {
  const ours = new Set([
    ...manifest.parts.map(({ file }) => file),
    ...(manifest.rejects === null ? [] : [manifest.rejects.file]),
    ...pieces,
  ]);
  const names = await readdir(folder).catch((error: unknown) => {
    throw outputError(folder, error);
  });
  for (const name of names) {
    const role = roleOf(name);
    // the claim's temporary file is that of a job which is about to be refused in proper words
    if (role === null || role === 'manifest' || name.startsWith(claimName) || ours.has(name)) continue;
    await remove(folder, name);
  }
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  const file = await AtomicFile.create(join(folder, manifestName));
  try {
    await file.write(Buffer.from(formatManifest(manifest)));
    await file.commit();
  } catch (error) {
    await file.abort();
    throw error;
  }
}

async function remove(folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  await rm(path, { force: true }).catch((error: unknown) => {
    throw outputError(path, error);
  });
}

async function checkSize(folder: string, file: string, bytes: number): Promise<void> {
  const found = await stat(join(folder, file)).catch((error: unknown) => {
    throw missing(folder, file, error);
  });
  if (found.size !== bytes) {
    throw invalid(folder, `"${file}" has ${found.size} bytes, but was written with ${bytes}`);
  }
}

/** A file that can't be read; what is wrong with a write passes as it is. */
function missing(folder: string, file: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (cause instanceof ThreadmillError || typeof code !== 'string' || code === 'ABORT_ERR') return cause;
  return invalid(folder, `"${file}" ${code === 'ENOENT' ? 'is gone' : `can't be read: ${code}`}`, cause);
}

function invalid(folder: string, why: string, cause?: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot publish dataset ${JSON.stringify(folder)}: ${why}; make it anew with --again`,
    { facts: { path: folder }, cause },
  );
}
