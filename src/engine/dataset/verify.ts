/** A dataset's manifest against its files. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { PartEntry } from '../../contract/part.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { totalOf } from '../../core/fates.ts';
import { DamagedFileError, readLines } from '../archive/read-lines.ts';
import { readDigest } from './file-bytes.ts';
import { readManifest, type Manifest, type RejectsEntry } from './manifest.ts';
import { roleOf } from './names.ts';
import { readPartKey } from './parquet-part-key.ts';
import { partProblems } from './part-checks.ts';

/** More say nothing more, and a folder of 6,000 lost parts has no place on a screen. */
const problemsMax = 100;

/** What verification found. The figures are those of the manifest. */
export interface DatasetVerification {
  readonly ok: boolean;
  /** One sentence each. */
  readonly problems: readonly string[];
  readonly parts: number;
  readonly rows: number;
  readonly lines: number;
  /** Of all files of the dataset but its manifest. */
  readonly bytes: number;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  /** Called after each file. */
  readonly onProgress?: (file: string) => void;
}

/**
 * Verifies a dataset: ranges without gap or overlap, counters that add up per part and in all, every file with its size and
 * SHA-256, what Parquet parts say of themselves, the number of rejects, and no part that is a stranger. One pass over all
 * files, two over the rejects; a few MiB in memory.
 *
 * @throws {ThreadmillError} DATASET_INVALID where there is no manifest (unfinished) or it is none
 */
export async function verifyDataset(
  folder: string,
  options: VerifyOptions = {},
): Promise<DatasetVerification> {
  const manifest = await readManifest(folder);
  const { parts, counters, rejects, archive } = manifest;
  const problems = [...partProblems(parts, counters), ...archiveProblems(manifest)];
  for (const part of parts) {
    problems.push(...(await partFileProblems(folder, part, manifest.settings.format, options)));
    options.onProgress?.(part.file);
  }
  problems.push(...(await rejectsProblems(folder, manifest, options)));
  problems.push(...(await strangerProblems(folder, manifest)));
  const shown = problems.slice(0, problemsMax);
  if (problems.length > problemsMax) shown.push(`and ${problems.length - problemsMax} more`);
  return {
    ok: problems.length === 0,
    problems: shown,
    parts: parts.length,
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    lines: archive.lines,
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, rejects?.bytes ?? 0),
  };
}

function archiveProblems({ archive, counters, parts }: Manifest): readonly string[] {
  const problems: string[] = [];
  const end = parts.at(-1)?.end ?? 0;
  if (archive.bytes !== end) {
    problems.push(`the parts end at byte ${end}, but the archive had ${archive.bytes} decompressed bytes`);
  }
  if (archive.lines !== counters.lines) {
    problems.push(`the counters have ${counters.lines} lines, but the archive had ${archive.lines}`);
  }
  return problems;
}

async function partFileProblems(
  folder: string,
  part: PartEntry,
  format: string,
  { signal }: VerifyOptions,
): Promise<readonly string[]> {
  const problems = await fileProblems(folder, part, signal);
  if (problems.length > 0 || format !== 'parquet') return problems;
  const { index, start, end, firstLine, counters } = part;
  const found = await readPartKey(join(folder, part.file)).catch((error: unknown) => reasonOf(error));
  if (typeof found === 'string') return [`"${part.file}": ${found}`];
  return isDeepStrictEqual(found.value, { index, start, end, firstLine, counters })
    ? []
    : [`"${part.file}" says of itself ${JSON.stringify(found.value)}, unlike the manifest`];
}

/** Presence, size and SHA-256 of a file. */
async function fileProblems(
  folder: string,
  { file, bytes, sha256 }: Pick<PartEntry, 'file' | 'bytes' | 'sha256'>,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  let found;
  try {
    found = await readDigest(join(folder, file), { signal });
  } catch (error) {
    signal?.throwIfAborted();
    return [`"${file}" ${reasonOf(error)}`];
  }
  if (found.bytes !== bytes) return [`"${file}" has ${found.bytes} bytes, but was written with ${bytes}`];
  if (found.sha256 === sha256) return [];
  return [`"${file}" has changed: its SHA-256 is ${found.sha256}, not ${sha256}`];
}

async function rejectsProblems(
  folder: string,
  { rejects, counters }: Manifest,
  { signal, onProgress }: VerifyOptions,
): Promise<readonly string[]> {
  const rejected = totalOf(counters.rejected);
  if (rejects === null) {
    return rejected === 0 ? [] : [`${rejected} lines were rejected, but the manifest names no rejects`];
  }
  const problems = [...(await fileProblems(folder, rejects, signal))];
  if (rejects.lines !== rejected) {
    problems.push(`"${rejects.file}" is to hold ${rejects.lines} lines, but ${rejected} were rejected`);
  }
  if (problems.length === 0) problems.push(...lineProblems(folder, rejects, signal));
  onProgress?.(rejects.file);
  return problems;
}

function lineProblems(
  folder: string,
  { file, lines }: RejectsEntry,
  signal: AbortSignal | undefined,
): readonly string[] {
  let found = 0;
  try {
    for (const line of readLines(join(folder, file), 'zstd')) {
      signal?.throwIfAborted();
      if (line.length > 0) found++;
    }
  } catch (error) {
    if (!(error instanceof DamagedFileError)) throw error;
    return [error.message];
  }
  return found === lines ? [] : [`"${file}" holds ${found} lines, but the manifest says ${lines}`];
}

/** Readers take every part in the folder, so one that is not of the dataset is a fault of it. */
async function strangerProblems(folder: string, { parts, rejects }: Manifest): Promise<readonly string[]> {
  const ours = new Set([...parts.map(({ file }) => file), ...(rejects === null ? [] : [rejects.file])]);
  return (await readdir(folder))
    .filter((name) => {
      const role = roleOf(name);
      return (role === 'part' || role === 'piece' || role === 'rejects') && !ours.has(name);
    })
    .map((name) => `"${name}" stands in the folder, but is not of this dataset`);
}

function reasonOf(error: unknown): string {
  if (error instanceof ThreadmillError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'is missing' : `can't be read: ${code ?? message}`;
}
