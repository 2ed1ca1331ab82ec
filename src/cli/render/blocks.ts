/** Blocks of figures for status, stats, list, inspect, verify and rejects. Pure. */
import type { ArchiveInspection, JobProgress, ResourceStats } from '../../contract/job.ts';
import { totalOf } from '../../core/fates.ts';
import type { DatasetVerification, JobSummary, RejectedLine } from '../ports.ts';
import { bytes, count, counted, duration } from '../../core/figures.ts';
import { textTable } from './text-table.ts';

/** `threadmill status`. */
export function statusBlock(progress: JobProgress): readonly string[] {
  const { counters, frames } = progress;
  const eta = progress.estimatedTimeRemaining;
  if (frames !== undefined) return framesBlock(progress, frames);
  return [
    ...textTable([
      ['job', progress.jobId],
      ['archive', progress.archive],
      ['dataset', progress.dataset],
      ['state', progress.state],
      [
        'progress',
        `${progress.completionPercentage.toFixed(1)} %${eta === null || progress.state === 'done' ? '' : `, ${duration(eta)} to go`}`,
      ],
      [
        'lines',
        `${count(progress.processedLines)}, ${count(progress.linesPerSecond)} lines/s, ${bytes(progress.bytesPerSecond)}/s`,
      ],
      [
        'committed',
        `${counted(progress.parts, 'part')}: ${count(counters.kept)} kept, ${count(totalOf(counters.excluded))} excluded, ${count(totalOf(counters.rejected))} rejected, ${count(counters.blank)} blank`,
      ],
      ...(progress.buckets === 0
        ? []
        : [['threads', `${count(progress.bucketsDone)} of ${counted(progress.buckets, 'file')} assembled`]]),
      [
        'memory',
        `${bytes(progress.memoryBytes)} of ${bytes(progress.memoryLimitBytes)} beyond a window of ${bytes(progress.windowBytes)}`,
      ],
      ['batch size', counted(progress.batchSize, 'line')],
      ['retries', count(progress.retries)],
    ]),
    ...progress.warnings.map((warning) => `Warning: ${warning}`),
  ];
}

/** The same of a job that writes an archive anew. */
function framesBlock(progress: JobProgress, frames: number): readonly string[] {
  const eta = progress.estimatedTimeRemaining;
  const toGo = eta === null || progress.state === 'done' ? '' : `, ${duration(eta)} to go`;
  return [
    ...textTable([
      ['job', progress.jobId],
      ['archive', progress.archive],
      ['output', progress.dataset],
      ['state', progress.state],
      ['progress', `${progress.completionPercentage.toFixed(1)} %${toGo}`],
      ['written', `${counted(frames, 'frame')}, ${bytes(progress.bytesPerSecond)}/s of text`],
      ['memory', `${bytes(progress.memoryBytes)} beyond a window of ${bytes(progress.windowBytes)}`],
      ['retries', count(progress.retries)],
    ]),
    ...progress.warnings.map((warning) => `Warning: ${warning}`),
  ];
}

/** `threadmill stats`. */
export function statsBlock(stats: ResourceStats): readonly string[] {
  return textTable([
    [
      'memory',
      `${stats.memoryUsagePercentage.toFixed(1)} % of ${bytes(stats.limitBytes)} beyond a window of ${bytes(stats.windowBytes)}`,
    ],
    ['resident', `${bytes(stats.residentBytes)}, peak ${bytes(stats.peakResidentBytes)}`],
    ['heap, external', `${bytes(stats.heapBytes)}, ${bytes(stats.externalBytes)}`],
    ['rate', `${count(stats.processingRate)} lines/s`],
    ['CPU', `${stats.cpuPercentage.toFixed(0)} %`],
    ['event-loop delay', `${stats.eventLoopDelayMs.toFixed(1)} ms`],
    [
      'batch',
      `${counted(stats.batchSize, 'line')} in ${stats.batchMs.toFixed(1)} ms, ${stats.errorsPerBatch.toFixed(2)} rejected`,
    ],
    ['blocks in flight', count(stats.blocksInFlight)],
    ['warnings', count(stats.warnings)],
    ['adjustments', count(stats.adjustments)],
    ['decoder held', stats.decoderHeld ? 'yes' : 'no'],
  ]);
}

/** `threadmill list`, newest first. */
export function jobsTable(jobs: readonly JobSummary[], nowMs: number): readonly string[] {
  const newest = [...jobs].sort((a, b) => b.startedMs - a.startedMs);
  return textTable([
    ['JOB', 'STATE', 'DONE', 'STARTED', 'ARCHIVE'],
    ...newest.map((job) => [
      job.jobId,
      job.status,
      job.percent === null ? '-' : `${job.percent.toFixed(0)} %`,
      `${duration((nowMs - job.startedMs) / 1000)} ago`,
      job.archive,
    ]),
  ]);
}

/** `threadmill inspect`. */
export function inspectionBlock(found: ArchiveInspection): readonly string[] {
  const frames = `${found.framesComplete ? '' : 'at least '}${counted(found.frames, 'frame')}`;
  return textTable([
    ['archive', found.path],
    ['kind', `${found.kind}, ${found.container}`],
    [
      'size',
      `${bytes(found.compressedBytes)} on disk, ${found.contentBytes === null ? `about ${bytes(found.estimatedBytes)}` : bytes(found.contentBytes)} of text`,
    ],
    ...(found.container === 'zst_blocks' ? [['blocks', frames.replace('frame', 'block')]] : []),
    ...(found.container === 'zstd'
      ? [
          ['frames', frames],
          ...(found.entry == null ? [] : [['entered by', found.entry.replace('-', ' ')]]),
          ['window', bytes(found.windowBytes)],
        ]
      : []),
    ['lines', `about ${count(found.estimatedLines)}, ${bytes(found.meanLineBytes)} each`],
    ['memory', `${bytes(found.memoryBytes)} needed: window and limit`],
    ['fingerprint', found.fingerprint],
  ]);
}

/** `threadmill verify`. */
export function verificationBlock(folder: string, found: DatasetVerification): readonly string[] {
  const { threads, values } = found;
  const what = [
    ...(values === undefined ? [] : [counted(values, 'value')]),
    ...(threads === null ? [] : [counted(threads.threads, 'thread')]),
  ].join(', ');
  const size = `${what === '' ? counted(found.parts, 'part') : what}, ${count(found.rows)} rows of ${count(found.lines)} lines, ${bytes(found.bytes)}`;
  return found.ok
    ? [`OK ${folder}: ${size}`]
    : [
        `BAD ${folder}: ${counted(found.problems.length, 'problem')}; ${size}`,
        ...found.problems.map((problem) => `  ${problem}`),
      ];
}

const rawShown = 200;

/** One rejected line: where it is, why, and how it begins. Control characters do not reach the terminal. */
export function rejectLine(reject: RejectedLine): string {
  const reason = reject.field === undefined ? reject.reason : `${reject.reason} ${reject.field}`;
  const raw =
    reject.raw === undefined ? `base64 ${reject.rawBase64 ?? ''}` : JSON.stringify(reject.raw).slice(1, -1);
  const start = raw.length > rawShown ? `${raw.slice(0, rawShown)}…` : raw;
  const archive = reject.archive === undefined ? '' : `${reject.archive}  `;
  return `${archive}line ${count(reject.line)}  byte ${count(reject.offset)}  ${reason}  ${bytes(reject.bytes)}  ${start.replace(/[\u007f-\u009f]/g, '?')}`;
}
