/** Test helper: a monitor over a job of which time, memory and lines are given. */
import { ProcessMemory } from '../../../src/engine/resources/process-memory.ts';
import {
  ResourceMonitor,
  type MonitorOptions,
  type MonitorSettings,
} from '../../../src/engine/resources/resource-monitor.ts';

const MB = 1_000_000;

export const monitorSettings: MonitorSettings = {
  enableResourceMonitoring: true,
  adaptiveBatchSizing: true,
  minBatchSize: 100,
  maxBatchSize: 5000,
  resourceCheckInterval: 1000,
  memoryCheckInterval: 5000,
  maxMemoryUsage: 100,
};

export class MonitorScene {
  nowMs = 0;
  /** Resident, MB; of a limit of 100 MB it is a percentage. */
  residentMb = 10;
  samples = 0;
  readonly warnings: string[] = [];
  readonly holds: boolean[] = [];
  readonly sizes: number[] = [];
  readonly shares: number[] = [];
  readonly monitor: ResourceMonitor;

  constructor(
    settings: Partial<MonitorSettings> = {},
    options: Partial<Pick<MonitorOptions, 'batchSize' | 'batchCeiling'>> = {},
  ) {
    this.monitor = new ResourceMonitor({
      settings: { ...monitorSettings, ...settings },
      batchSize: 1000,
      batchCeiling: null,
      memory: new ProcessMemory(0),
      onWarning: (message) => this.warnings.push(message),
      target: {
        windowBytesInUse: 7,
        blocksInFlight: 3,
        resize: (batchSize, share) => {
          this.sizes.push(batchSize);
          this.shares.push(share);
        },
        hold: (held) => this.holds.push(held),
      },
      now: () => this.nowMs,
      usage: () => {
        this.samples++;
        const rss = this.residentMb * MB;
        return { rss, heapTotal: 3, heapUsed: 2, external: 1, arrayBuffers: 0 };
      },
      ...options,
    });
    this.samples = 0; // the first look is the monitor's own
  }

  /** `ms` later, lines have been milled in a block of one batch. */
  mill(lines = 5000, { ms = 1000, busyMs = 10, rejects = 0, batches = 1 } = {}): void {
    this.nowMs += ms;
    this.monitor.onBlockDone({ type: 'block-done', slot: 0, lines, rejects, batches, busyMs });
  }

  /** Memory at so many percent of the limit, then a block. */
  at(percent: number, ms = 1000): void {
    this.residentMb = percent;
    this.mill(5000, { ms });
  }

  get batchSize(): number {
    return this.monitor.currentBatchSize;
  }
}
