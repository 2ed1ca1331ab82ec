/** What a finished dataset says of the job that made it, for when nobody else remembers. */
import { statSync } from 'node:fs';
import type { JobResult } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { addCounters, zeroCounters } from '../../core/fates.ts';
import { filesOfValue } from './value-list.ts';
import { sizesIn } from '../storage/folder.ts';
import { placeIn } from '../storage/place.ts';
import { archivesOf, filesOf, readManifest, type Manifest, type SplitManifest } from './manifest.ts';
import { valueNaming, valuesIn } from './value-files.ts';

/** As {@link finishedJob}, but the manifest that stands there. */
export async function finishedManifest(folder: string, jobId: string): Promise<Manifest | null> {
  try {
    const manifest = await readManifest(folder);
    if (manifest.jobId !== jobId) return null;
    const sizeOf = sizesIn(folder);
    for (const { file, bytes } of filesOf(manifest)) {
      if ((await sizeOf(file)) !== bytes) return null;
    }
    if (manifest.split !== undefined && !valuesStand(folder, manifest)) return null;
    return manifest;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof ThreadmillError) return null;
    throw error;
  }
}

/**
 * The result of a job whose finished dataset stands in a folder with all of its files in their sizes; null where there is
 * none, or another job's. The time that it took is not in a dataset: 0. Reads the manifest and no data.
 */
export async function finishedJob(folder: string, jobId: string): Promise<JobResult | null> {
  const manifest = await finishedManifest(folder, jobId);
  if (manifest === null) return null;
  const { lines, kept, excluded, rejected, blank } = archivesOf(manifest)
    .map(({ counters }) => counters)
    .reduce(addCounters, zeroCounters);
  return {
    jobId,
    success: true,
    archive: manifest.archive.name,
    dataset: folder,
    metrics: {
      totalProcessedLines: lines,
      kept,
      excluded,
      rejected,
      blank,
      threads: 'threadCounts' in manifest ? manifest.threadCounts : null,
      ...(manifest.split === undefined ? {} : { values: manifest.split.values }),
      seconds: 0,
      linesPerSecond: 0,
      peakMemoryMb: 0,
      retries: 0,
    },
    warnings: [],
  };
}

/** Whether all files of a split dataset's values have their sizes. */
function valuesStand(folder: string, manifest: SplitManifest): boolean {
  for (const entry of valuesIn(folder, manifest.split.list.file, valueNaming(manifest)))
    for (const { file, bytes } of filesOfValue(entry))
      if (statSync(placeIn(folder, file)).size !== bytes) return false;
  return true;
}
