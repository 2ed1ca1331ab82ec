/** Test helper: one archive made by the pool and by the ordinary job, and what the two leave. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobResult, JobSettings } from '../../../src/contract/job.ts';
import { SmallArchivePool } from '../../../src/engine/small/small-archive-pool.ts';
import type { SmallArchive } from '../../../src/engine/small/small-archive.ts';
import { settingsOfJob, defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { readNameFiles } from '../../../src/engine/selection/name-files.ts';
import { ordinaryJob, type OrdinaryJob } from '../../activities/ordinary-job.ts';
import { hashesOf } from '../pipeline/scene.ts';

const startedMs = 1_750_000_000_000;
export const never = new AbortController().signal;

export function pool(
  given: Partial<ConstructorParameters<typeof SmallArchivePool>[0]> = {},
): SmallArchivePool {
  return new SmallArchivePool({
    threads: 2,
    confine: null,
    isRunning: () => Promise.resolve(false),
    ...given,
  });
}

export interface Given {
  readonly archive: string;
  readonly submissions?: string;
  readonly settings?: Partial<JobSettings>;
}

/** As both are asked for it; datasets go into `out`. */
export function asked({ archive, submissions, settings = {} }: Given, out: string): SmallArchive {
  return {
    jobId: `job-${path.basename(archive)}`,
    archive,
    submissions: submissions ?? null,
    out,
    settings: readNameFiles(settingsOfJob(defaultJobSettings(), settings)),
    replace: false,
    startedMs,
  };
}

export function ordinary(given: Given, out: string): Promise<JobResult> {
  return ordinaryJob({ ...asked(given, out), settings: given.settings ?? {} } satisfies OrdinaryJob);
}

/** What a folder of datasets holds: a digest of every file, of manifests all but times and the record of the run. */
export async function leftIn(out: string): Promise<Readonly<Record<string, unknown>>> {
  await mkdir(out, { recursive: true });
  const left: Record<string, unknown> = {};
  for (const name of (await readdir(out)).sort()) {
    const { 'manifest.json': manifest, ...files } = await hashesOf(path.join(out, name));
    left[name] = files;
    if (manifest === undefined) continue;
    const text = await readFile(path.join(out, name, 'manifest.json'), 'utf8');
    const { createdAt: _at, run: _run, ...timeless } = JSON.parse(text) as Record<string, unknown>;
    left[`${name}/manifest.json`] = timeless;
  }
  return left;
}

/** A result without what time decides. */
export function timeless({ metrics, ...result }: JobResult): unknown {
  const { seconds: _seconds, linesPerSecond: _rate, peakMemoryMb: _peak, ...counts } = metrics;
  return { ...result, dataset: path.basename(result.dataset), metrics: counts };
}
