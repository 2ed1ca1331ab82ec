/** A small archive to its finished dataset, on the thread that calls: the steps of the ordinary job, in its order. */
import { rm, rmdir } from 'node:fs/promises';
import type { ArchiveInspection, JobState, RejectExample, SegmentInput } from '../../contract/job.ts';
import {
  absorbBuckets,
  absorbParts,
  arrangementOf,
  beginJob,
  bucketsToDo,
  endSource,
  joinHoles,
  publishInputOf,
  readBefore,
  sourceAt,
  spillsOf,
} from '../../contract/job-state.ts';
import { packPart } from '../../contract/part.ts';
import { resultOf } from '../../contract/progress.ts';
import { packBuilt } from '../../contract/threads.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { rejectExamplesMax, smallContentBytesMax } from '../../core/limits.ts';
import { archiveName } from '../archive/archive-name.ts';
import { ArchiveWatch } from '../archive/archive-watch.ts';
import { statMarkOf } from '../archive/fingerprint.ts';
import { claimDataset, claimHolder, holdsClaim, releaseClaim, requireClaim } from '../dataset/claim.ts';
import { removeStrayPiece } from '../dataset/clean-up.ts';
import { finishedJob } from '../dataset/finished-job.ts';
import { inspectJob } from '../dataset/inspect-job.ts';
import { claimName, datasetFolder, roleOf, valueFolders } from '../dataset/names.ts';
import { publishDataset } from '../dataset/publish.ts';
import { checkConfined } from '../output/confine.ts';
import { ArchivePipeline, type PipelinePart, type PipelineStep } from '../pipeline/archive-pipeline.ts';
import { damagedArchive, rejectsTooMany, tooManyRejects } from '../pipeline/ending-errors.ts';
import { originOf } from '../pipeline/mill-options.ts';
import { ownStaff } from '../pipeline/own-staff.ts';
import { namesIn, removeFile } from '../storage/folder.ts';
import { placeIn, resolvePlace } from '../storage/place.ts';
import { buildBucket } from '../threads/build-bucket.ts';
import { BucketMemory } from '../threads/bucket.ts';
import { spillFilesOf } from '../threads/spill-files.ts';
import { KeptMills } from './kept-mills.ts';
import { notSmall, refuseLarge, type SmallArchive, type SmallArchiveResult } from './small-archive.ts';

/** What a thread keeps from archive to archive. */
export class SmallWorks {
  readonly mills = new KeptMills();
  readonly buckets = new BucketMemory();
}

export interface SmallSurroundings {
  /** Absolute; the only folder to write below. Null: wherever an archive's `out` says. */
  readonly confine: string | null;
  /** As `ClaimOptions.isRunning`. */
  readonly isRunning: (jobId: string) => Promise<boolean>;
  /** Aborted: stops within a MiB of text, leaves nothing of its own, throws the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * Makes the dataset, to the byte what the ordinary job of the same id, settings and start makes, but for times and the run
 * record. Idempotent: the finished dataset of this very job is left alone, unless it is to be replaced.
 *
 * Nothing is seen as finished that is not whole: the manifest is written last. After SIGKILL there may be a claim of this
 * job, parts, spills and temporary files; the next attempt takes them over. After an abort, and where the archive turns out
 * too large, nothing is left; after an error what was committed stays, as of the ordinary job.
 *
 * Memory: one MiB of text, the decoder's window as far as it is filled, a stripe's encoded rows twice, and what `works` keeps.
 *
 * @throws {ThreadmillError} as the ordinary job; ARCHIVE_NOT_SMALL, which tells that it needs that one
 */
export async function makeSmallDataset(
  archive: SmallArchive,
  works: SmallWorks,
  surroundings: SmallSurroundings,
): Promise<SmallArchiveResult> {
  const { signal, confine, isRunning } = surroundings;
  const { jobId, out, settings, submissions = null, replace, startedMs } = archive;
  signal.throwIfAborted();
  const paths = [archive.archive, ...(submissions === null ? [] : [submissions])].map((file) =>
    resolvePlace(file),
  );
  await checkConfined(datasetFolder(out, archiveName(paths[0] ?? '')), confine);
  const standing = replace ? null : await standingResult(archive);
  if (standing !== null) return standing;
  const marks = paths.map(statMarkOf);
  const found = await inspectJob({ archive: archive.archive, submissions, out, settings });
  const inspections = [found.inspection, ...(found.joined === null ? [] : [found.joined])];
  refuseLarge(inspections);
  signal.throwIfAborted();
  const { dataset } = found;
  await claimDataset(dataset, jobId, { isRunning, replace });
  const stood = new Set(await namesIn(dataset));
  const watches = inspections.map((of, at) => new ArchiveWatch(of, marks[at]));
  try {
    const begun = beginJob({ ...found, settings, searchable: false, nowMs: startedMs });
    const read = await new Reading(begun, { jobId, works, signal, watches }).read();
    const state = await assembled(read, { jobId, works, signal });
    // short, and half a publication helps nobody: an abort comes too late now
    await publishDataset(publishInputOf(jobId, state), { durability });
    await releaseClaim(dataset, jobId);
    const bytes = state.next.offset + (state.joined?.next.offset ?? 0);
    return { result: resultOf(jobId, state, Date.now()), stood: false, bytes };
  } catch (error) {
    const tooLarge = error instanceof ThreadmillError && error.code === 'ARCHIVE_NOT_SMALL';
    if (signal.aborted || tooLarge) await leaveAsItStood(dataset, jobId, stood);
    await releaseClaim(dataset, jobId).catch(() => undefined); // the next job for the folder sees that this one is over
    throw error;
  }
}

/** A claim beside a manifest: an attempt was killed at its very end, and is completed by doing it again. */
async function standingResult({ archive, out, jobId }: SmallArchive): Promise<SmallArchiveResult | null> {
  const file = resolvePlace(archive);
  const folder = datasetFolder(out, archiveName(file));
  const result = await finishedJob(folder, jobId);
  if (result === null || (await claimHolder(folder)) !== null) return null;
  return { result: { ...result, archive: file }, stood: true, bytes: 0 };
}

/** Removes what of ours was not in the folder when the job claimed it; a folder that is empty then goes too. */
async function leaveAsItStood(dataset: string, jobId: string, stood: ReadonlySet<string>): Promise<void> {
  if (!(await holdsClaim(dataset, jobId).catch(() => false))) return;
  for (const name of await namesIn(dataset)) {
    if (name !== claimName && roleOf(name) !== null && !stood.has(name))
      await removeFile(placeIn(dataset, name)).catch(() => undefined); // clean-up finds what is left
  }
  for (const name of valueFolders)
    if (!stood.has(name)) await rm(placeIn(dataset, name), { recursive: true, force: true });
  await releaseClaim(dataset, jobId);
  await rmdir(dataset).catch(() => undefined); // something stood there before
}

/** A dataset is the unit that is lost or kept: its files are flushed together, before its manifest, and its spills never. */
const durability = 'later';
/** Any archive may hold so much. */
const contentBytesMin = 4 * 1024 * 1024;
/** Text that is decoded and milled at a time: decides no byte, only how soon an abort is heard and what it takes. */
const blockBytes = 256 * 1024;

interface Tools {
  readonly jobId: string;
  readonly works: SmallWorks;
  readonly signal: AbortSignal;
}

/** What `processSegment` does, for whole archives. */
class Reading {
  private state: JobState;
  private readonly tools: Tools & { readonly watches: readonly ArchiveWatch[] };
  private readonly examples: RejectExample[] = [];

  constructor(state: JobState, tools: Reading['tools']) {
    this.state = state;
    this.tools = tools;
  }

  /** Reads the archives in their order, each to its end. */
  async read(): Promise<JobState> {
    for (const watch of this.tools.watches) await this.readSource(watch);
    return this.state;
  }

  private async readSource(watch: ArchiveWatch): Promise<void> {
    const input = segmentOf(this.state);
    const { mills } = this.tools.works;
    const mill = mills.take(input);
    const contentBytesMax = contentBytesMaxOf(input.inspection);
    const tooLarge = Promise.withResolvers<never>();
    tooLarge.promise.catch(() => undefined); // nobody may be waiting
    const pipeline: ArchivePipeline = new ArchivePipeline({
      archive: input.inspection,
      from: input.next,
      folder: input.dataset,
      mill: mill.options,
      origin: originOf(input),
      partBytes: input.settings.partBytes,
      threads: 1,
      batchSize: 1,
      meanLineBytes: blockBytes,
      inFlightBytesMax: 1,
      salvage: input.settings.salvage,
      staff: ownStaff(mill, 2 * contentBytesMax),
      durability,
      // a part may be as large as it likes: this does not wait for its end
      onBlockDone: () => {
        const bytes = pipeline.decompressedOffset;
        if (bytes > contentBytesMax) tooLarge.reject(notSmall(input.inspection.path, bytes));
      },
    });
    try {
      for (let over = false; !over;) {
        const step = await untilAborted(this.tools.signal, pipeline.next(), tooLarge.promise);
        // what was cut, replaced or written to meanwhile is not damaged, but another: of that no part is made
        await watch.check();
        if (pipeline.decompressedOffset > contentBytesMax) await tooLarge.promise;
        over = step.type === 'end';
        if (step.type === 'end') this.end(input, step);
        else await this.commit(input, step.part);
      }
    } finally {
      await pipeline.close();
      mills.give(input, mill);
    }
  }

  private end(input: SegmentInput, { damage, holes }: Extract<PipelineStep, { type: 'end' }>): void {
    const { state } = this;
    const source = sourceAt(state);
    if (damage !== null) throw damagedArchive(input, damage, source.next.line);
    this.state = endSource(state, joinHoles(source.holes, holes));
  }

  private async commit(input: SegmentInput, part: PipelinePart): Promise<void> {
    const { dataset, settings } = input;
    const { jobId } = this.tools;
    await requireClaim(dataset, jobId);
    const { entry, next } = await part.commit();
    if (!(await holdsClaim(dataset, jobId))) {
      if (entry.rejects !== null) await removeStrayPiece(dataset, jobId, entry.rejects.file);
      await requireClaim(dataset, jobId);
    }
    this.state = absorbParts(this.state, { parts: [packPart(entry)], next, holes: part.holes });
    this.examples.push(...part.examples);
    if (rejectsTooMany(entry.counters, settings.maxRejectRate))
      throw tooManyRejects(entry.counters, settings.maxRejectRate, this.examples.slice(0, rejectExamplesMax));
  }
}

/** One that turns out to hold far more than its beginning promised is not small: the decoder was told of no more. */
function contentBytesMaxOf({ estimatedBytes }: ArchiveInspection): number {
  return Math.min(smallContentBytesMax, Math.max(contentBytesMin, 2 * estimatedBytes));
}

function segmentOf(job: JobState): SegmentInput {
  const { inspection, next } = sourceAt(job);
  const { buckets, settings, dataset, batchSize, startedMs } = job;
  return {
    inspection,
    buckets,
    ...arrangementOf(job),
    before: readBefore(job),
    settings,
    dataset,
    next,
    segment: 0,
    batchSize,
    batchCeiling: null,
    nowSeconds: Math.floor(startedMs / 1000),
  };
}

async function assembled(read: JobState, { jobId, works, signal }: Tools): Promise<JobState> {
  works.buckets.spills.clear(); // others of an earlier archive may have had their places
  const { settings, dataset, buckets, joined } = read;
  const { arranged } = arrangementOf(read);
  let state = read;
  for (const bucket of bucketsToDo(read)) {
    const entry = await buildBucket(
      {
        folder: dataset,
        jobId,
        format: settings.format,
        keepRaw: settings.keepRaw,
        columns: settings.columns,
        extra: settings.extra,
        paths: settings.paths,
        splitBy: settings.splitBy,
        flat: arranged === false,
        joined: joined !== null,
        buckets,
        spills: spillFilesOf({ dataset, settings, buckets, arranged, spills: spillsOf(read) }),
        payloadBytesMax: smallContentBytesMax,
        durability,
        checkStop: () => {
          signal.throwIfAborted();
        },
      },
      bucket,
      works.buckets,
    );
    state = absorbBuckets(state, { built: [packBuilt(entry)] });
  }
  return state;
}

/** What is first to come of a step and its hindrances. */
async function untilAborted<T>(signal: AbortSignal, step: Promise<T>, hindrance: Promise<never>): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => {
    aborted.reject(signal.reason as Error);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([step, hindrance, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
