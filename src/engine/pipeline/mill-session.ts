/** A pipeline with its monitor and its figures: what one segment hands to the next on the same worker. */
import type {
  JobSettings,
  LiveFigures,
  ResourceStats,
  ResumePoint,
  SegmentInput,
} from '../../contract/job.ts';
import { decisiveSettings } from '../../contract/output-settings.ts';
import { ResourceMonitor } from '../resources/resource-monitor.ts';
import type { ProcessMemory } from '../resources/process-memory.ts';
import { ArchivePipeline, inFlightBytesFor, type PipelineStep } from './archive-pipeline.ts';
import type { BlockReport } from './mill-lane.ts';
import { millOptionsOf, originOf } from './mill-options.ts';
import { RateWindow } from './rate-window.ts';

export interface SessionOptions {
  readonly input: SegmentInput;
  /** Where to begin: the input's, or what a lost attempt had reached. */
  readonly from: ResumePoint;
  readonly threads: number;
  readonly memory: ProcessMemory;
  readonly onWarning: (message: string) => void;
  /** Told of every block that is milled; stays when another segment takes over. */
  readonly onBlockDone?: (report: BlockReport) => void;
}

/** What decides which bytes a pipeline writes: one that was made under another can't go on. */
function signatureOf({ inspection, dataset, buckets, nowSeconds, settings }: SegmentInput): string {
  const { fingerprint, path } = inspection;
  return JSON.stringify([fingerprint, path, dataset, buckets, nowSeconds, decisiveSettings(settings)]);
}

export class MillSession {
  readonly signature: string;
  /** Where the next part to be committed begins. */
  position: ResumePoint;
  private readonly pipeline: ArchivePipeline;
  private readonly monitor: ResourceMonitor;
  private readonly memory: ProcessMemory;
  private readonly from: ResumePoint;
  private readonly rates = new RateWindow();
  private settings: JobSettings;
  private onWarning: (message: string) => void;
  private readonly threads: number;

  constructor({ input, from, threads, memory, onWarning, onBlockDone }: SessionOptions) {
    const { inspection, settings } = input;
    this.signature = signatureOf(input);
    this.position = this.from = from;
    this.settings = settings;
    this.onWarning = onWarning;
    this.threads = threads;
    this.memory = memory;
    this.pipeline = new ArchivePipeline({
      archive: inspection,
      from,
      folder: input.dataset,
      mill: millOptionsOf(input),
      origin: originOf(input),
      partBytes: settings.partBytes,
      threads,
      batchSize: input.batchSize,
      meanLineBytes: inspection.meanLineBytes,
      inFlightBytesMax: this.inFlightBytes(1),
      salvage: settings.salvage,
      onBlockDone: (report) => {
        this.monitor.onBlockDone(report);
        onBlockDone?.(report);
      },
    });
    memory.add(this.pipeline);
    const { pipeline } = this;
    this.monitor = new ResourceMonitor({
      settings,
      batchSize: input.batchSize,
      batchCeiling: input.batchCeiling,
      memory,
      onWarning: (message) => {
        this.onWarning(message);
      },
      target: {
        get windowBytesInUse() {
          return pipeline.windowBytesInUse;
        },
        get blocksInFlight() {
          return pipeline.blocksInFlight;
        },
        resize: (batchSize, share) => {
          pipeline.resize(batchSize, this.inFlightBytes(share));
        },
        hold: (held) => {
          pipeline.hold(held);
        },
      },
    });
  }

  /** Whether this can serve a segment that begins at `next` under this input. */
  serves(input: SegmentInput, next: ResumePoint): boolean {
    return (
      this.signature === signatureOf(input) &&
      this.position.offset === next.offset &&
      this.position.part === next.part
    );
  }

  /** Takes over the next segment's tuning and where its warnings go. */
  adopt(input: SegmentInput, onWarning: (message: string) => void): void {
    this.onWarning = onWarning;
    const changed = input.batchSize !== this.monitor.currentBatchSize;
    this.settings = input.settings;
    this.monitor.update({
      settings: input.settings,
      batchCeiling: input.batchCeiling,
      ...(changed ? { batchSize: input.batchSize } : {}),
    });
  }

  /** As `ArchivePipeline.next`. */
  next(): Promise<PipelineStep> {
    return this.pipeline.next();
  }

  /** Called a few times a second while a segment runs. */
  tick(): void {
    this.monitor.tick();
    // what is decoded again on the way to where it begins is no progress
    const bytes = Math.max(this.pipeline.decompressedOffset, this.from.offset);
    this.rates.add(performance.now(), this.pipeline.linesDone, bytes);
  }

  /** Takes a last sample, for the figures of a segment that ends. */
  look(): void {
    this.monitor.look();
    this.tick();
  }

  live(): LiveFigures {
    const { pipeline, monitor } = this;
    const { linesPerSecond, bytesPerSecond } = this.rates.perSecond();
    return {
      processedLines: this.from.line + pipeline.linesDone,
      processedBytes: Math.max(pipeline.decompressedOffset, this.from.offset),
      compressedBytes: pipeline.compressedOffset,
      linesPerSecond: Math.round(linesPerSecond),
      bytesPerSecond: Math.round(bytesPerSecond),
      batchSize: monitor.currentBatchSize,
      memoryBytes: Math.round(monitor.currentJobBytes),
    };
  }

  stats(): ResourceStats | null {
    return this.monitor.stats();
  }

  /** Highest resident memory beyond all windows, bytes; 0 where nothing was sampled. */
  get peakMemoryBytes(): number {
    return this.monitor.peakBytesBeyondWindow;
  }

  async close(): Promise<void> {
    this.memory.remove(this.pipeline);
    this.monitor.close();
    await this.pipeline.close();
  }

  private inFlightBytes(share: number): number {
    return inFlightBytesFor(this.settings.maxMemoryUsage * 1_000_000 * share, this.threads);
  }
}
