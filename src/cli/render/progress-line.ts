/** A job's progress in one line, for a log. */
import type { JobProgress } from '../../contract/job.ts';
import { totalOf } from '../../core/fates.ts';
import { bytes, count, counted, duration } from '../../core/figures.ts';

const states: Readonly<Record<JobProgress['state'], string>> = {
  inspecting: 'inspecting the archive',
  running: '',
  paused: 'paused',
  assembling: 'assembling threads',
  publishing: 'publishing',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** Its state in words; empty while it simply runs. */
export function stateText(progress: JobProgress): string {
  return states[progress.state];
}

/** Whole percents would stand still for minutes on a large archive; 100 % is kept for the end. */
export function percentText(progress: JobProgress): string {
  const share = progress.completionPercentage;
  return `${(progress.state === 'done' ? share : Math.min(share, 99.9)).toFixed(1)} %`;
}

function retries({ retries: count }: JobProgress): readonly string[] {
  return count > 0 ? [counted(count, 'retry').replace('retrys', 'retries')] : [];
}

/** What can be said, the most wanted first. */
function pieces(progress: JobProgress): readonly string[] {
  const eta = progress.estimatedTimeRemaining;
  const state = stateText(progress);
  const known = [percentText(progress), ...(state === '' ? [] : [state])];
  if (progress.trouble !== undefined) return [...known, 'waiting to try again'];
  if (progress.state === 'assembling') {
    return [
      ...known,
      `${count(progress.bucketsDone)} of ${counted(progress.buckets, 'file')}`,
      ...(eta === null ? [] : [`ETA ${duration(eta)}`]),
      `memory ${bytes(progress.memoryBytes)}`,
    ];
  }
  // What nobody works at has no rate and no memory.
  if (progress.state !== 'running' && progress.state !== 'paused') return known;
  if (progress.frames !== undefined) {
    return [
      ...known,
      `${bytes(progress.bytesPerSecond)}/s`,
      ...(eta === null ? [] : [`ETA ${duration(eta)}`]),
      counted(progress.frames, 'frame'),
      ...retries(progress),
      `memory ${bytes(progress.memoryBytes)}`,
    ];
  }
  return [
    ...known,
    `${count(progress.linesPerSecond)} lines/s`,
    ...(eta === null ? [] : [`ETA ${duration(eta)}`]),
    `${bytes(progress.bytesPerSecond)}/s`,
    ...retries(progress),
    `batch ${count(progress.batchSize)}`,
    `memory ${bytes(progress.memoryBytes)}`,
  ];
}

/** One line for a log file: what can be said, and how far by lines and parts. */
export function plainProgressLine(progress: JobProgress): string {
  const rejected = totalOf(progress.counters.rejected);
  if (progress.frames !== undefined) return pieces(progress).join('  ');
  return [
    ...pieces(progress),
    counted(progress.processedLines, 'line'),
    counted(progress.parts, 'part'),
    ...(rejected > 0 ? [`${count(rejected)} rejected`] : []),
  ].join('  ');
}
