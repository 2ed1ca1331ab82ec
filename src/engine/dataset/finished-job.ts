/** What a finished dataset says of the job that made it, for when nobody else remembers. */
import type { JobResult } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { addCounters, zeroCounters } from '../../core/fates.ts';
import { sizesIn } from '../storage/folder.ts';
import { archivesOf, filesOf, readManifest } from './manifest.ts';

/**
 * The result of a job whose finished dataset stands in a folder with all of its files in their sizes; null where there is
 * none, or another job's. The time that it took is not in a dataset: 0. Reads the manifest and no data.
 */
export async function finishedJob(folder: string, jobId: string): Promise<JobResult | null> {
  try {
    const manifest = await readManifest(folder);
    if (manifest.jobId !== jobId) return null;
    const sizeOf = sizesIn(folder);
    for (const { file, bytes } of filesOf(manifest)) {
      if ((await sizeOf(file)) !== bytes) return null;
    }
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
        threads: manifest.threads === null ? null : manifest.threadCounts,
        seconds: 0,
        linesPerSecond: 0,
        peakMemoryMb: 0,
        retries: 0,
      },
      warnings: [],
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || error instanceof ThreadmillError) return null;
    throw error;
  }
}
