/** A corpus against its datasets. */
import { isDeepStrictEqual } from 'node:util';
import { ThreadmillError } from '../../core/errors.ts';
import { readDigest } from '../dataset/file-bytes.ts';
import { readManifest } from '../dataset/manifest.ts';
import { datasetFolder } from '../dataset/names.ts';
import { verifyDataset } from '../dataset/verify.ts';
import { placeIn, resolvePlace } from '../storage/place.ts';
import { findCorpusManifest, readLedger, type CorpusManifest } from './corpus-manifest.ts';
import { doneEntry, type LedgerEntry } from './ledger.ts';

/** More have no place on a screen. */
const problemsMax = 100;
/** Datasets are looked at so many at a time: of small ones most of the time is waiting for the disk. */
const lanes = 4;

/** What verification found. The figures are those of the ledger. */
export interface CorpusVerification {
  readonly ok: boolean;
  /** One sentence each, the first 100. */
  readonly problems: readonly string[];
  readonly archives: number;
  readonly done: number;
  readonly failed: number;
  readonly lines: number;
  readonly kept: number;
  readonly bytes: number;
}

export interface VerifyCorpusOptions {
  /** Called after each dataset. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** Whether a folder is that of a corpus. */
export async function isCorpus(folder: string): Promise<boolean> {
  return (await findCorpusManifest(folder).catch(() => null)) !== null;
}

/**
 * Verifies a corpus: its ledger by size and digest, the sums in `corpus.json`, and every dataset as `verifyDataset` does and
 * against its line. An archive that failed is a problem: the corpus is not whole. One pass over all files.
 *
 * @throws {ThreadmillError} DATASET_INVALID where there is no corpus manifest, or it is none
 */
export async function verifyCorpus(
  folder: string,
  { onProgress }: VerifyCorpusOptions = {},
): Promise<CorpusVerification> {
  const out = resolvePlace(folder);
  const manifest = await findCorpusManifest(out);
  if (manifest === null) {
    throw new ThreadmillError(
      'DATASET_INVALID',
      `${JSON.stringify(folder)} has no corpus.json, which is written last`,
      {
        facts: { path: folder },
      },
    );
  }
  const problems = await ledgerProblems(out, manifest);
  const entries = problems.length > 0 ? [] : await readLedger(out);
  if (problems.length === 0) problems.push(...sumProblems(manifest, entries));
  let at = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const entry = entries[at++];
      if (entry === undefined) return;
      const found = await entryProblems(out, entry);
      problems.push(...found.map((problem) => `${entry.name}: ${problem}`));
      onProgress?.(at, entries.length);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const { archives, done, failed, counters, outBytes } = manifest;
  return {
    ok: problems.length === 0,
    problems: problems.sort().slice(0, problemsMax),
    ...{ archives, done, failed, lines: counters.lines, kept: counters.kept, bytes: outBytes },
  };
}

async function ledgerProblems(out: string, { ledger }: CorpusManifest): Promise<string[]> {
  try {
    const { bytes, sha256 } = await readDigest(placeIn(out, ledger.file));
    if (bytes === ledger.bytes && sha256 === ledger.sha256) return [];
    return [
      `"${ledger.file}" is not the file that corpus.json speaks of; run the same command again to write it anew`,
    ];
  } catch (error) {
    return [`"${ledger.file}" cannot be read: ${(error as Error).message}`];
  }
}

function sumProblems(manifest: CorpusManifest, entries: readonly LedgerEntry[]): readonly string[] {
  const done = entries.filter(({ state }) => state === 'done');
  const found = { archives: entries.length, done: done.length, failed: entries.length - done.length };
  return Object.entries(found).flatMap(([name, count]) => {
    const said = manifest[name as keyof typeof found];
    return said === count ? [] : [`corpus.json says ${name} ${said}, and the ledger ${count}`];
  });
}

async function entryProblems(out: string, entry: LedgerEntry): Promise<readonly string[]> {
  if (entry.error !== null) return [`it failed: ${entry.error.code}: ${entry.error.message}`];
  const dataset = datasetFolder(out, entry.name);
  try {
    const { problems } = await verifyDataset(dataset);
    const { archive, submissions, name } = entry;
    const listed = {
      index: 0,
      archive,
      name,
      kind: null,
      bytes: 0,
      ...(submissions === undefined ? {} : { submissions }),
    };
    const found = doneEntry(listed, await readManifest(dataset));
    return isDeepStrictEqual(found, entry)
      ? problems
      : [
          ...problems,
          'its manifest and its line in the ledger differ: it was made anew since; run the corpus again',
        ];
  } catch (error) {
    if (error instanceof ThreadmillError) return [error.message];
    throw error;
  }
}
