/** The activity that moves bytes: a run of parts, as many as fit some ten seconds. */
import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type {
  Hole,
  LiveFigures,
  RejectExample,
  ResumePoint,
  SegmentHeartbeat,
  SegmentInput,
  SegmentProgress,
  SegmentResult,
} from '../contract/job.ts';
import { joinHoles } from '../contract/job-state.ts';
import { figuresOfJob } from '../contract/progress.ts';
import { packPart, type PackedPart, type PartEntry } from '../contract/part.ts';
import type { Counters } from '../core/fates.ts';
import { rejectExamplesMax, segmentMsTarget, segmentPartsMax } from '../core/limits.ts';
import { ArchiveWatch } from '../engine/archive/archive-watch.ts';
import { holdsClaim, requireClaim } from '../engine/dataset/claim.ts';
import { removeStrayPiece } from '../engine/dataset/clean-up.ts';
import { checkRoom } from '../engine/output/atomic-file.ts';
import type { ArchiveDamage, PipelinePart } from '../engine/pipeline/archive-pipeline.ts';
import { damagedArchive, rejectsTooMany, tooManyRejects } from '../engine/pipeline/ending-errors.ts';
import { partPathOf } from '../engine/pipeline/mill-options.ts';
import { MillSession } from '../engine/pipeline/mill-session.ts';
import { standingPart } from '../engine/pipeline/standing-parts.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { Attempts } from './attempts.ts';
import { failureOf } from './failures.ts';
import type { SegmentEnd, SegmentMetrics } from './job-metrics.ts';
import { RunRecorder } from './run-recorder.ts';

/** Heartbeats go out once a second at most (the worker's throttle); called more often, the newest is never old. */
const heartbeatMs = 200;
/** A part is at most 4 GiB of text; a worker that stops waits for its part this long. */
const shutdownPartMsMax = 20_000;
const warningsMax = 5;

/**
 * Mills and commits parts from `input.next` on, until about `segmentMsTarget` ms have passed, `segmentPartsMax` parts are
 * done, or the archive ends. Idempotent by range: the same part has the same bytes whoever writes it. Heartbeats every
 * second with the parts committed. Cancelled, it commits nothing more and returns what it has, in milliseconds; asked by
 * a worker that stops, it commits the part that is under way first. Final failures: see failures.ts.
 */
export async function processSegment(
  deps: ActivityDependencies,
  input: SegmentInput,
): Promise<SegmentResult> {
  const beaten = Context.current().info.heartbeatDetails as Partial<SegmentHeartbeat> | undefined;
  const segment = new Segment(deps, input, beaten ?? {});
  try {
    await segment.open();
    return await segment.run();
  } catch (error) {
    await segment.close();
    throw segment.failure(error);
  } finally {
    segment.measured();
  }
}

type Stop = 'cancelled' | 'shutdown';
type End = 'archive' | 'full' | Stop;

class Segment {
  private readonly deps: ActivityDependencies;
  private readonly input: SegmentInput;
  private readonly context = Context.current();
  private readonly jobId: string;
  private readonly parts: PackedPart[];
  private next: ResumePoint;
  private session: MillSession | null = null;
  private parked = false;
  private readonly examples: RejectExample[] = [];
  private readonly warnings: string[] = [];
  private holes: readonly Hole[];
  private damage: ArchiveDamage | null = null;
  private over = false;
  private reportedLines = -Infinity;
  private live: LiveFigures;
  private readonly metrics: SegmentMetrics;
  private how: SegmentEnd = 'failed';
  private readonly recorder: RunRecorder;
  private readonly archive: ArchiveWatch;
  private readonly attempts: Attempts;

  /** `beaten`: the last heartbeat of the attempt before this one. */
  constructor(deps: ActivityDependencies, input: SegmentInput, beaten: Partial<SegmentHeartbeat>) {
    const { parts, next, holes } = beaten;
    const known = input.settings.enableCheckpoints && parts !== undefined && next !== undefined;
    const from: SegmentProgress = known
      ? { parts, next, holes: holes ?? [] }
      : { parts: [], next: input.next };
    this.attempts = new Attempts(this.context.info.attempt, beaten);
    this.deps = deps;
    this.input = input;
    this.parts = [...from.parts];
    this.holes = from.holes ?? [];
    this.next = from.next;
    this.jobId = this.context.info.workflowExecution?.workflowId ?? this.context.info.activityId;
    this.archive = new ArchiveWatch(input.inspection);
    this.recorder = new RunRecorder(input.nowSeconds, beaten.resumptions ?? []);
    this.metrics = deps.metrics.segment(this.jobId, input.inspection.name);
    this.live = figuresOfJob(input.before, {
      processedLines: from.next.line,
      processedBytes: from.next.offset,
      compressedBytes: 0,
      linesPerSecond: 0,
      bytesPerSecond: 0,
      batchSize: input.batchSize,
      memoryBytes: 0,
    });
  }

  get progress(): SegmentProgress {
    return { parts: this.parts, next: this.next, holes: this.holes };
  }

  /** What to throw for an error; the next attempt learns from the last heartbeat that this one failed. */
  failure(error: unknown): Error {
    const asked = error instanceof CancelledFailure;
    this.how = asked ? 'cancelled' : 'failed';
    this.attempts.ended(asked ? null : error);
    this.context.heartbeat(this.heartbeat());
    return asked ? error : failureOf(error, this.attempts.failures, this.progress);
  }

  async open(): Promise<void> {
    this.attempts.check(`part ${this.next.part}`);
    await requireClaim(this.input.dataset, this.jobId);
    // no way to wait would be to decode for an hour up to where the disk was full, only to find it full
    if (this.context.info.attempt > 1) await checkRoom(partPathOf(this.input, this.next.part));
    await this.archive.check(false);
    const warn = (message: string): void => {
      this.warn(message);
    };
    const parked = this.deps.sessions.take(this.jobId, this.input, this.next);
    if (parked !== null) parked.adopt(this.input, warn);
    else if (this.input.settings.enableCheckpoints && this.input.anew !== true) await this.findStanding();
    if (this.isFull) return;
    this.session =
      parked ??
      new MillSession({
        input: this.input,
        from: this.next,
        threads: this.deps.threads,
        memory: this.deps.memory,
        onWarning: warn,
        onBlockDone: (report) => {
          this.metrics.milled(report);
        },
      });
    const resumed = parked === null && this.next.offset > 0;
    this.metrics.begun({ attempt: this.context.info.attempt, resumed });
    if (resumed || this.context.info.attempt > 1) this.recorder.resumed();
    this.context.log.debug('Segment begins', {
      part: this.next.part,
      offset: this.next.offset,
      decoder: parked === null ? 'opened' : 'kept',
      batchSize: this.input.batchSize,
    });
  }

  async run(): Promise<SegmentResult> {
    const { session } = this;
    if (session === null) return this.standing();
    const timer = setInterval(() => {
      this.beat();
    }, heartbeatMs);
    this.beat();
    try {
      const end = await this.commitParts(session);
      this.how = end;
      return await this.result(session, end);
    } finally {
      this.over = true;
      clearInterval(timer);
    }
  }

  /** To be called last: this attempt is over. */
  measured(): void {
    this.metrics.ended(this.how);
  }

  /** Leaves a parked session alone: the next attempt takes it. */
  async close(): Promise<void> {
    if (!this.parked) await this.session?.close();
  }

  private get isFull(): boolean {
    return this.parts.length >= segmentPartsMax;
  }

  /**
   * Takes over what stands in the folder already: of an attempt that was killed before it could tell, or of a job that the
   * server has forgotten.
   */
  private async findStanding(): Promise<void> {
    const onChunk = (): void => {
      this.context.cancellationSignal.throwIfAborted();
      this.context.heartbeat(this.heartbeat());
    };
    const before = this.parts.length;
    while (!this.isFull) {
      const found = await standingPart({ input: this.input, from: this.next, onChunk });
      if (found === null) break;
      if (rejectsTooMany(found.entry.counters, this.input.settings.maxRejectRate)) break;
      this.take(found.entry, found.next);
    }
    if (this.parts.length === before) return;
    this.context.log.info('Parts stand there already', {
      segment: this.input.segment,
      parts: this.parts.length - before,
      next: this.next.part,
    });
  }

  private take(entry: PartEntry, next: ResumePoint): void {
    this.next = next;
    this.parts.push(packPart(entry));
    this.attempts.committed();
  }

  private async commitParts(session: MillSession): Promise<End> {
    const endMs = performance.now() + segmentMsTarget;
    const stopped = this.stopped();
    // those of lost attempts count as well: all of them go into every heartbeat
    const full = (): boolean => this.isFull || performance.now() >= endMs;
    for (let count = 0; count === 0 || !full(); count++) {
      const step = await Promise.race([session.next(), stopped]);
      if (step === 'cancelled' || step === 'shutdown') return step;
      // what was cut, replaced or written to meanwhile is not damaged, but another: of that no part is made
      await this.archive.check();
      if (step.type === 'end') {
        this.damage = step.damage;
        this.holes = joinHoles(this.holes, step.holes);
        return 'archive';
      }
      await this.commit(session, step.part);
    }
    return 'full';
  }

  /** Resolves when there is a reason to stop; a worker that shuts down leaves the part under way its time. */
  private async stopped(): Promise<Stop> {
    const signal = this.context.cancellationSignal;
    if (!signal.aborted) {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve, { once: true });
      });
    }
    const details = this.context.cancellationDetails;
    if (details?.workerShutdown !== true) return 'cancelled';
    const before = this.parts.length;
    const endMs = performance.now() + shutdownPartMsMax;
    while (!this.over && this.parts.length === before && performance.now() < endMs)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return 'shutdown';
  }

  private async commit(session: MillSession, part: PipelinePart): Promise<void> {
    await requireClaim(this.input.dataset, this.jobId);
    const { entry, next } = await part.commit();
    if (!(await holdsClaim(this.input.dataset, this.jobId))) await this.withdraw(entry);
    session.position = next;
    this.take(entry, next);
    this.metrics.committed(entry);
    this.holes = joinHoles(this.holes, part.holes);
    for (const example of part.examples) {
      if (this.examples.length < rejectExamplesMax) this.examples.push(example);
    }
    this.context.log.debug('Part committed', {
      part: entry.index,
      rows: entry.rows,
      bytes: entry.bytes,
    });
    this.checkRejects(entry.counters);
  }

  /** This attempt slept over the end of its job: a piece of rejects that it made after that belongs to nothing. */
  private async withdraw({ rejects }: PartEntry): Promise<void> {
    if (rejects !== null) await removeStrayPiece(this.input.dataset, this.jobId, rejects.file);
    await requireClaim(this.input.dataset, this.jobId);
  }

  private checkRejects(counters: Counters): void {
    const { maxRejectRate } = this.input.settings;
    if (rejectsTooMany(counters, maxRejectRate)) throw tooManyRejects(counters, maxRejectRate, this.examples);
  }

  private async result(session: MillSession, end: End): Promise<SegmentResult> {
    const { context, deps } = this;
    const details = context.cancellationDetails;
    session.look();
    this.live = figuresOfJob(this.input.before, session.live());
    const stats = session.stats();
    this.metrics.live(this.live, stats, this.input.inspection);
    this.recorder.look(this.live, true);
    const asked = details?.cancelRequested === true;
    // a job that is no longer ours may never come again, and its temporary files would wait for it
    const keep = end === 'full' || (end === 'cancelled' && (asked || details?.paused === true));
    if (keep) {
      deps.sessions.park(this.jobId, session);
      this.parked = true;
    } else await session.close();
    if (this.damage !== null) throw damagedArchive(this.input, this.damage, this.next.line);
    if (end === 'cancelled' && !asked) {
      // Paused, reset, or no longer ours: the server must hear of it as the SDK says it, with what is done.
      context.heartbeat(this.heartbeat());
      throw context.cancellationSignal.reason instanceof Error
        ? context.cancellationSignal.reason
        : new CancelledFailure('CANCELLED');
    }
    return {
      finished: end === 'archive',
      live: this.live,
      stats,
      workerQueue: keep ? deps.ownTaskQueue : null,
      ...this.known,
      peakMemoryBytes: session.peakMemoryBytes,
      run: this.recorder.record,
    };
  }

  private get known(): Pick<
    SegmentResult,
    'parts' | 'next' | 'retries' | 'holes' | 'rejectExamples' | 'warnings'
  > {
    const { parts, next, holes, examples: rejectExamples, warnings } = this;
    return { parts, next, holes, rejectExamples, warnings, retries: this.context.info.attempt - 1 };
  }

  /** A segment of parts that stood there: nothing was decoded for it. */
  private standing(): SegmentResult {
    const { compressedBytes, estimatedBytes } = this.input.inspection;
    this.how = 'full';
    const share = Math.min(1, this.next.offset / Math.max(1, estimatedBytes));
    const { line: processedLines, offset: processedBytes } = this.next;
    const far = { processedLines, processedBytes, compressedBytes: Math.floor(compressedBytes * share) };
    const live = { ...this.live, ...far };
    const nothing = { finished: false, stats: null, workerQueue: null, peakMemoryBytes: 0 };
    return { ...this.known, ...nothing, live, run: this.recorder.record };
  }

  private beat(): void {
    const session = this.opened();
    session.tick();
    const live = figuresOfJob(this.input.before, session.live());
    this.metrics.live(live, session.stats(), this.input.inspection);
    this.recorder.look(live);
    // how often lines must have passed before the figures in the heartbeat change; that it beats is another matter
    if (live.processedLines - this.reportedLines >= this.input.settings.progressReportingInterval) {
      this.reportedLines = live.processedLines;
      this.live = live;
      this.context.log.debug('Progress', { ...live, batchMs: session.stats()?.batchMs });
    }
    this.context.heartbeat(this.heartbeat());
  }

  private heartbeat(): SegmentHeartbeat {
    // without checkpoints a lost attempt starts its segment again: it gets nothing to resume from
    const done = this.input.settings.enableCheckpoints ? this.progress : { parts: [], next: this.input.next };
    const { resumptions } = this.recorder.record;
    const stats = this.session?.stats() ?? null;
    const partsBefore = this.input.before.parts;
    return { ...done, live: this.live, stats, partsBefore, ...this.attempts.memory, resumptions };
  }

  private opened(): MillSession {
    if (this.session === null) throw new TypeError('Cannot run a segment that is not open');
    return this.session;
  }

  private warn(message: string): void {
    this.context.log.warn(message);
    this.metrics.warned();
    if (this.warnings.length < warningsMax) this.warnings.push(message);
  }
}
