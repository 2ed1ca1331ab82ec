/** What a finished dataset says of the job that made it, for when nobody else remembers. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JobResult } from '../../contract/job.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { readManifest } from './manifest.ts';

/**
 * The result of a job whose finished dataset stands in a folder with all of its files in their sizes; null where there is
 * none, or another job's. The time that it took is not in a dataset: 0. Reads the manifest and no data.
 */
export async function finishedJob(folder: string, jobId: string): Promise<JobResult | null> {
  try {
    const manifest = await readManifest(folder);
    if (manifest.jobId !== jobId) return null;
    const files = [...manifest.parts, ...(manifest.rejects === null ? [] : [manifest.rejects])];
    for (const { file, bytes } of files) {
      if ((await stat(join(folder, file))).size !== bytes) return null;
    }
    const { lines, kept, excluded, rejected, blank } = manifest.counters;
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
