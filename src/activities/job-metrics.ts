/** What a worker counts for Prometheus: one table of metrics, and the hand that moves them. */
import type {
  MetricCounter,
  MetricGauge,
  MetricHistogram,
  MetricMeter,
  MetricTags,
} from '@temporalio/common';
import type { ArchiveInspection, LiveFigures, PartEntry, ResourceStats } from '../contract/job.ts';
import type { BlockReport } from '../engine/pipeline/mill-lane.ts';

interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
}

/** Not `job`: that is what Prometheus itself calls a group of targets. */
const ofJob = ['job_id', 'archive'] as const;

function counter(help: string, ...more: readonly string[]): MetricRow & { readonly kind: 'counter' } {
  return { kind: 'counter', labels: [...ofJob, ...more], help };
}

function gauge(help: string, labels: readonly string[] = ofJob): MetricRow & { readonly kind: 'gauge' } {
  return { kind: 'gauge', labels, help };
}

/** Every metric of ours, by the name under which it is scraped. */
export const metricRows = {
  threadmill_lines_total: counter('Lines of committed parts by what became of them', 'fate', 'reason'),
  threadmill_read_bytes_total: counter('Decompressed bytes of committed parts'),
  threadmill_written_bytes_total: counter('Bytes of committed part files'),
  threadmill_parts_total: counter('Committed parts'),
  threadmill_segments_total: counter('Segments by how they ended', 'end'),
  threadmill_retries_total: counter('Attempts at a segment after one that was lost or failed'),
  threadmill_resumptions_total: counter('Archives that were opened in their middle to go on there'),
  threadmill_warnings_total: counter('Warnings: memory near its limit'),
  threadmill_batches_total: counter('Milled batches'),
  threadmill_batch_seconds: {
    kind: 'histogram',
    labels: ofJob,
    help: 'Time of a batch on a mill thread, one mean a block of memory',
  },
  threadmill_batch_size_lines: gauge('Lines of a batch in the running segment, else 0'),
  threadmill_memory_bytes: gauge('What the running segment uses beyond window and idle worker, else 0'),
  threadmill_memory_limit_bytes: gauge('What it may use, else 0'),
  threadmill_window_bytes: gauge('What its decoder remembers, as far as it is filled, else 0'),
  threadmill_lines_per_second: gauge('Rate of the last seconds in the running segment, else 0'),
  threadmill_progress_ratio: gauge('Share of the archive that has been read, 0 to 1'),
  threadmill_running_segments: gauge('Segments that run in this worker now', []),
  threadmill_resident_bytes: gauge('Resident memory of the worker process', []),
} as const satisfies Readonly<Record<string, MetricRow>>;

type Rows = typeof metricRows;
type MetricName = keyof Rows;
type NameOf<K extends MetricRow['kind']> = {
  [N in MetricName]: Rows[N]['kind'] extends K ? N : never;
}[MetricName];

/** Batches take from a millisecond to seconds; over one second adaptive sizing halves them. */
export const batchSecondsBounds: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

/**
 * A series of Prometheus lives as long as the process. So many jobs of one worker get labels of their own; those after
 * them share `other`, which keeps a worker that runs for months at some 3,000 series.
 */
export const labelledJobsMax = 100;
const other = 'other';

/** How a segment ended, as a label. */
export type SegmentEnd = 'archive' | 'full' | 'cancelled' | 'shutdown' | 'failed';

/** The metrics of a worker. With telemetry off the meter does nothing, and neither does this. */
export class WorkerMetrics {
  private readonly counters = new Map<string, MetricCounter>();
  private readonly gauges = new Map<string, MetricGauge>();
  private readonly batchSeconds: MetricHistogram;
  private readonly labelled = new Set<string>();
  private running = 0;

  constructor(meter: MetricMeter) {
    for (const [name, { kind, help }] of Object.entries(metricRows)) {
      // the exporter adds the suffix that counters must have
      if (kind === 'counter')
        this.counters.set(name, meter.createCounter(name.replace(/_total$/, ''), undefined, help));
      if (kind === 'gauge') this.gauges.set(name, meter.createGauge(name, 'float', undefined, help));
    }
    const { help } = metricRows.threadmill_batch_seconds;
    this.batchSeconds = meter.createHistogram('threadmill_batch_seconds', 'float', undefined, help);
  }

  /** A segment of a job begins; until it has ended, the result is told what happens. */
  segment(jobId: string, archive: string): SegmentMetrics {
    if (this.labelled.size < labelledJobsMax) this.labelled.add(jobId);
    const labels = this.labelled.has(jobId) ? { job_id: jobId, archive } : { job_id: other, archive: other };
    this.set('threadmill_running_segments', ++this.running, {});
    return new SegmentMetrics(this, labels, () => {
      this.set('threadmill_running_segments', --this.running, {});
    });
  }

  count(name: NameOf<'counter'>, value: number, labels: MetricTags): void {
    this.counters.get(name)?.add(value, labels);
  }

  set(name: NameOf<'gauge'>, value: number, labels: MetricTags): void {
    this.gauges.get(name)?.set(value, labels);
  }

  batch(seconds: number, labels: MetricTags): void {
    this.batchSeconds.record(seconds, labels);
  }
}

/** The metrics of one attempt at a segment. */
export class SegmentMetrics {
  private readonly metrics: WorkerMetrics;
  private readonly labels: MetricTags;
  private readonly onEnd: () => void;
  private over = false;
  private busyMs = 0;

  constructor(metrics: WorkerMetrics, labels: MetricTags, onEnd: () => void) {
    this.metrics = metrics;
    this.labels = labels;
    this.onEnd = onEnd;
  }

  /** `attempt` from 1; `resumed`: the archive had to be opened in its middle. */
  begun({ attempt, resumed }: { readonly attempt: number; readonly resumed: boolean }): void {
    // so that both are there, as 0, before anything happens: an alert on their rate sees the first one too
    this.count('threadmill_retries_total', attempt > 1 ? 1 : 0);
    this.count('threadmill_resumptions_total', resumed ? 1 : 0);
    this.count('threadmill_warnings_total', 0);
  }

  /** A part is committed. */
  committed({ start, end, bytes, counters }: PartEntry): void {
    const lines = (count: number, fate: string, reason = ''): void => {
      this.count('threadmill_lines_total', count, { fate, reason });
    };
    lines(counters.kept, 'kept');
    lines(counters.blank, 'blank');
    for (const [rule, count] of Object.entries(counters.excluded)) lines(count, 'excluded', rule);
    for (const [reason, count] of Object.entries(counters.rejected)) lines(count, 'rejected', reason);
    this.count('threadmill_read_bytes_total', end - start);
    this.count('threadmill_written_bytes_total', bytes);
    this.count('threadmill_parts_total', 1);
  }

  /** A block is milled. */
  milled({ batches, busyMs }: BlockReport): void {
    this.busyMs += busyMs;
    if (batches === 0) return;
    this.count('threadmill_batches_total', batches);
    this.metrics.batch(this.busyMs / batches / 1000, this.labels);
    this.busyMs = 0;
  }

  /** Figures of the moment. */
  live(
    { batchSize, memoryBytes, linesPerSecond, compressedBytes }: LiveFigures,
    stats: ResourceStats | null,
    { compressedBytes: totalBytes }: Pick<ArchiveInspection, 'compressedBytes'>,
  ): void {
    this.set('threadmill_batch_size_lines', batchSize);
    this.set('threadmill_memory_bytes', memoryBytes);
    this.set('threadmill_lines_per_second', linesPerSecond);
    this.set('threadmill_memory_limit_bytes', stats?.limitBytes ?? 0);
    this.set('threadmill_window_bytes', stats?.windowBytes ?? 0);
    this.set('threadmill_progress_ratio', Math.min(1, compressedBytes / totalBytes));
    if (stats !== null) this.metrics.set('threadmill_resident_bytes', stats.residentBytes, {});
  }

  warned(): void {
    this.count('threadmill_warnings_total', 1);
  }

  /** May be called again: only the first end counts. */
  ended(end: SegmentEnd): void {
    if (this.over) return;
    this.over = true;
    this.count('threadmill_segments_total', 1, { end });
    for (const name of momentary) this.set(name, 0);
    this.onEnd();
  }

  private count(name: NameOf<'counter'>, value: number, more: MetricTags = {}): void {
    this.metrics.count(name, value, { ...this.labels, ...more });
  }

  private set(name: NameOf<'gauge'>, value: number): void {
    this.metrics.set(name, value, this.labels);
  }
}

/** What there is only while a segment runs; a gauge that nobody moves would go on for ever. */
const momentary = [
  'threadmill_batch_size_lines',
  'threadmill_memory_bytes',
  'threadmill_memory_limit_bytes',
  'threadmill_window_bytes',
  'threadmill_lines_per_second',
] as const satisfies readonly NameOf<'gauge'>[];
