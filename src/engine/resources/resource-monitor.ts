/** Samples memory, CPU and event loop while a job runs, and turns what it sees into smaller or larger batches. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { ResourceStats } from '../../contract/job.ts';
import { adaptedBatchSize, memoryHoldShare, memoryWarningShare } from '../../core/batch-size.ts';
import type { BlockReport } from '../pipeline/mill-lane.ts';
import type { ProcessMemory } from './process-memory.ts';

/** The settings that the monitor works by; units as in `JobSettings`. */
export interface MonitorSettings {
  readonly enableResourceMonitoring: boolean;
  readonly adaptiveBatchSizing: boolean;
  readonly minBatchSize: number;
  readonly maxBatchSize: number;
  readonly resourceCheckInterval: number;
  readonly memoryCheckInterval: number;
  /** MB. */
  readonly maxMemoryUsage: number;
}

/** What the monitor watches and turns. */
export interface Monitored {
  readonly windowBytesInUse: number;
  readonly blocksInFlight: number;
  resize(batchSize: number, inFlightShare: number): void;
  hold(held: boolean): void;
}

export interface MonitorOptions {
  readonly settings: MonitorSettings;
  readonly batchSize: number;
  /** Lines that a person set; adaptive sizing then goes no higher. */
  readonly batchCeiling: number | null;
  /** null: there is nothing to turn, only to watch. */
  readonly target: Monitored | null;
  readonly memory: ProcessMemory;
  readonly onWarning: (message: string) => void;
  /** Monotonic, ms; default `performance.now`. */
  readonly now?: () => number;
  /** Default the process's. */
  readonly usage?: () => NodeJS.MemoryUsage;
}

/** Between two changes of the batch size: the last one must have had its effect. */
const adaptMs = 500;
/** A held decoder goes on after this even when memory did not fall: what is left is no block's, and waiting won't free it. */
const holdMsMax = 2_000;
/** A warning is not said again before this has passed: memory near the threshold goes over it many times. */
const warnAgainMs = 60_000;
const megabyte = 1_000_000;

export class ResourceMonitor {
  private settings: MonitorSettings;
  private readonly options: MonitorOptions;
  private readonly now: () => number;
  private readonly usage: () => NodeJS.MemoryUsage;
  private readonly loop = monitorEventLoopDelay({ resolution: 10 });
  private batchSize: number;
  private ceiling: number;
  private sample: NodeJS.MemoryUsage;
  private jobBytes = 0;
  private peakResident = 0;
  private peakBeyond = 0;
  private cpu = process.cpuUsage();
  private cpuPercentage = 0;
  private loopDelayMs = 0;
  private rate = 0;
  private lastResourceMs: number;
  private resourceLines = 0;
  private memoryLines = 0;
  private batches = 0;
  private busyMs = 0;
  private rejects = 0;
  private batchMs = 0;
  private errorsPerBatch = 0;
  private lastAdaptMs: number;
  private heldSinceMs: number | null = null;
  private releasedMs = -Infinity;
  private warnedMs = -Infinity;
  private warnings = 0;
  private adjustments = 0;

  constructor(options: MonitorOptions) {
    this.options = options;
    this.settings = options.settings;
    this.now = options.now ?? (() => performance.now());
    this.usage = options.usage ?? (() => process.memoryUsage());
    this.batchSize = options.batchSize;
    this.ceiling = options.batchCeiling ?? options.settings.maxBatchSize;
    this.lastResourceMs = this.lastAdaptMs = this.now();
    this.sample = this.usage();
    if (this.settings.enableResourceMonitoring) this.loop.enable();
  }

  /** Resident memory beyond the windows at its highest, bytes; 0 without monitoring. */
  get peakBytesBeyondWindow(): number {
    return this.peakBeyond;
  }

  /** What the job uses beyond its window and the idle worker, bytes, at the last sample: what its limit is about. */
  get currentJobBytes(): number {
    return this.jobBytes;
  }

  get currentBatchSize(): number {
    return this.batchSize;
  }

  /** A block has been milled. */
  onBlockDone({ lines, batches, busyMs, rejects }: BlockReport): void {
    if (!this.settings.enableResourceMonitoring) return;
    this.batches += batches;
    this.busyMs += busyMs;
    this.rejects += rejects;
    this.resourceLines += lines;
    this.memoryLines += lines;
    if (this.resourceLines >= this.settings.resourceCheckInterval) this.checkResources();
    if (this.memoryLines >= this.settings.memoryCheckInterval) this.checkMemory();
  }

  /** Called a few times a second: lets a held decoder go on when no block comes to do it. */
  tick(): void {
    if (this.settings.enableResourceMonitoring && this.heldSinceMs !== null) this.checkMemory();
  }

  /** A look beside the intervals: at a segment's end, so that a small archive has figures too. */
  look(): void {
    if (!this.settings.enableResourceMonitoring) return;
    this.checkResources();
    this.checkMemory();
  }

  /** Takes over what a person changed; takes effect at once. */
  update(change: {
    readonly batchSize?: number;
    readonly batchCeiling?: number | null;
    readonly settings?: MonitorSettings;
  }): void {
    this.settings = change.settings ?? this.settings;
    this.ceiling = change.batchCeiling ?? this.settings.maxBatchSize;
    if (change.batchSize !== undefined) this.batchSize = change.batchSize;
    // without samples nobody would find that memory has fallen
    if (!this.settings.enableResourceMonitoring && this.heldSinceMs !== null) this.release(this.now());
    this.apply();
  }

  /** The figures of the last samples; null without monitoring. */
  stats(): ResourceStats | null {
    if (!this.settings.enableResourceMonitoring) return null;
    const { rss, heapUsed, external } = this.sample;
    return {
      memoryUsagePercentage: Math.round(this.memoryShare * 1000) / 10,
      processingRate: Math.round(this.rate),
      residentBytes: rss,
      heapBytes: heapUsed,
      externalBytes: external,
      peakResidentBytes: this.peakResident,
      windowBytes: this.options.target?.windowBytesInUse ?? 0,
      limitBytes: this.limitBytes,
      cpuPercentage: Math.round(this.cpuPercentage),
      eventLoopDelayMs: Math.round(this.loopDelayMs * 10) / 10,
      batchSize: this.batchSize,
      batchMs: Math.round(this.batchMs * 100) / 100,
      errorsPerBatch: Math.round(this.errorsPerBatch * 1000) / 1000,
      blocksInFlight: this.options.target?.blocksInFlight ?? 0,
      warnings: this.warnings,
      adjustments: this.adjustments,
      decoderHeld: this.heldSinceMs !== null,
    };
  }

  close(): void {
    this.loop.disable();
  }

  private get limitBytes(): number {
    return this.settings.maxMemoryUsage * megabyte;
  }

  private get memoryShare(): number {
    return this.jobBytes / this.limitBytes;
  }

  private checkResources(): void {
    const now = this.now();
    const elapsedMs = now - this.lastResourceMs;
    // a rate over less than this is noise: the lines stay and are counted by the next check
    if (elapsedMs < 100) return;
    const { user, system } = process.cpuUsage(this.cpu);
    this.cpu = process.cpuUsage();
    this.cpuPercentage = ((user + system) / 1000 / elapsedMs) * 100;
    this.loopDelayMs = Number.isNaN(this.loop.mean) ? 0 : Math.max(0, this.loop.mean / 1e6 - 10);
    this.loop.reset();
    this.rate = (this.resourceLines / elapsedMs) * 1000;
    if (this.batches > 0) {
      this.batchMs = this.busyMs / this.batches;
      this.errorsPerBatch = this.rejects / this.batches;
    }
    this.batches = this.busyMs = this.rejects = this.resourceLines = 0;
    this.lastResourceMs = now;
  }

  private checkMemory(): void {
    this.memoryLines = 0;
    this.sample = this.usage();
    const { memory } = this.options;
    this.jobBytes = memory.jobBytes(this.sample.rss);
    this.peakResident = Math.max(this.peakResident, this.sample.rss);
    this.peakBeyond = Math.max(this.peakBeyond, memory.beyondWindows(this.sample.rss));
    const { target } = this.options;
    if (target === null) return;
    const now = this.now();
    this.warn(now);
    this.holdOrRelease(now, target);
    this.adapt(now);
  }

  private warn(now: number): void {
    if (this.memoryShare < memoryWarningShare || now - this.warnedMs < warnAgainMs) return;
    this.warnedMs = now;
    this.warnings++;
    this.options.onWarning(
      `Memory is at ${Math.round(this.memoryShare * 100)} % of its limit of ${this.settings.maxMemoryUsage} MB ` +
        'beyond the window; batches shrink. Raise it with PUSHSHIFT_MAX_MEMORY_MB, or `threadmill set <job> --max-memory`',
    );
  }

  private holdOrRelease(now: number, target: Monitored): void {
    if (this.heldSinceMs === null) {
      // after a forced release there is a pause, or the decoder would stand still most of the time for nothing
      if (this.memoryShare < memoryHoldShare || now - this.releasedMs < holdMsMax) return;
      this.heldSinceMs = now;
      this.adjustments++;
      target.hold(true);
    } else if (this.memoryShare < memoryHoldShare || now - this.heldSinceMs > holdMsMax) {
      this.release(now);
    }
  }

  private release(now: number): void {
    this.heldSinceMs = null;
    this.releasedMs = now;
    this.options.target?.hold(false);
  }

  private adapt(now: number): void {
    if (!this.settings.adaptiveBatchSizing || now - this.lastAdaptMs < adaptMs) return;
    this.lastAdaptMs = now;
    const { batchSize, ceiling, memoryShare, batchMs } = this;
    const { minBatchSize } = this.settings;
    const next = adaptedBatchSize({ batchSize, ceiling, memoryShare, batchMs, minBatchSize });
    if (next !== batchSize) this.adjustments++;
    this.batchSize = next;
    this.apply();
  }

  private apply(): void {
    const share =
      this.memoryShare >= memoryHoldShare ? 0.125 : this.memoryShare >= memoryWarningShare ? 0.5 : 1;
    this.options.target?.resize(this.batchSize, share);
  }
}
