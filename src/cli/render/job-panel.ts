/** One job on a terminal: where it is, what came of the lines, what it uses. Pure. */
import path from 'node:path';
import stringWidth from 'string-width';
import type { JobProgress } from '../../contract/job.ts';
import { totalOf } from '../../core/fates.ts';
import { bytes, count, counted, duration } from '../../core/figures.ts';
import type { Paint } from './paint.ts';
import { barOf, fitEnd, fitStart, labelledRows, plainText, type Glyphs, type LabelledRow } from './panel.ts';
import { percentText, stateText } from './progress-line.ts';

export interface PanelOptions {
  /** Of the terminal; every line is narrower. */
  readonly columns: number;
  readonly paint: Paint;
  readonly glyphs: Glyphs;
}

const barWidthMax = 60;

/** The bar as wide as what stands behind it leaves room, and that. */
function barLine(progress: JobProgress, { columns, paint, glyphs }: PanelOptions): string {
  const eta = progress.estimatedTimeRemaining;
  const ended = progress.state === 'done' || progress.state === 'failed' || progress.state === 'cancelled';
  const behind = [
    percentText(progress),
    ...(eta === null || ended || progress.state === 'paused' ? [] : [`ETA ${duration(eta)}`]),
  ];
  const text = behind.join('  ');
  const width = Math.min(barWidthMax, columns - 1 - text.length - 2);
  if (width < 4) return text.slice(0, Math.max(1, columns - 1));
  const { done, rest } = barOf(progress.completionPercentage / 100, width, glyphs);
  return `${paint(progress.state === 'paused' ? 'yellow' : 'green', done)}${paint('dim', rest)}  ${text}`;
}

/** The archive's name, and the state where it is not simply running. */
function titleLine(progress: JobProgress, { columns, paint, glyphs }: PanelOptions): string {
  const said = progress.trouble === undefined ? stateText(progress) : 'waiting to try again';
  const state = said === '' ? '' : `  ${said}`;
  const room = columns - 1 - stringWidth(state);
  const name = plainText(path.basename(progress.archive));
  if (room < 4) return fitEnd(name, columns - 1, glyphs);
  return paint('bold', fitEnd(name, room, glyphs)) + paint('yellow', state);
}

/** `213 of 512 MB`; both in one unit, so that they compare at a glance. */
function memoryText({ memoryBytes, memoryLimitBytes }: JobProgress): string {
  const limit = bytes(memoryLimitBytes);
  const megabytes = limit.endsWith(' MB') ? String(Math.round(memoryBytes / 1e6)) : bytes(memoryBytes);
  return `memory ${megabytes} of ${limit}`;
}

function readRow(progress: JobProgress): LabelledRow {
  return {
    label: 'read',
    cells: [
      counted(progress.processedLines, 'line'),
      ...(progress.state === 'running' && progress.linesPerSecond > 0 ? rates(progress) : []),
    ],
  };
}

function rates(progress: JobProgress): readonly string[] {
  return [
    `${count(progress.linesPerSecond)} lines/s`,
    `${(progress.bytesPerSecond / 1e6).toFixed(progress.bytesPerSecond < 1e7 ? 1 : 0)} MB/s`,
  ];
}

/** Of the parts that are written: what is read beyond them is not judged for good. */
function writtenRow({ parts, counters }: JobProgress): LabelledRow {
  return {
    label: 'written',
    cells: [
      counted(parts, 'part'),
      `${count(counters.kept)} kept`,
      `${count(totalOf(counters.excluded))} excluded`,
      `${count(totalOf(counters.rejected))} rejected`,
    ],
  };
}

/** Threads are made when all is read. */
function threadRows({ buckets, bucketsDone }: JobProgress): readonly LabelledRow[] {
  if (buckets === 0) return [];
  return [{ label: 'threads', cells: [`${count(bucketsDone)} of ${counted(buckets, 'file')}`] }];
}

function workerRow(progress: JobProgress): LabelledRow {
  return {
    label: 'worker',
    cells: [
      `batch ${count(progress.batchSize)}`,
      counted(progress.retries, 'retry').replace('retrys', 'retries'),
      memoryText(progress),
      ...(progress.worker === undefined ? [] : [plainText(progress.worker)]),
    ],
  };
}

/** Of a job that writes an archive anew. */
function frameRows(progress: JobProgress, frames: number): readonly LabelledRow[] {
  const { processedBytes, bytesPerSecond, memoryBytes, retries, worker } = progress;
  const runs = progress.state === 'running' && bytesPerSecond > 0;
  return [
    { label: 'read', cells: [bytes(processedBytes), ...(runs ? [`${bytes(bytesPerSecond)}/s`] : [])] },
    { label: 'written', cells: [counted(frames, 'frame')] },
    {
      label: 'worker',
      cells: [
        counted(retries, 'retry').replace('retrys', 'retries'),
        `memory ${bytes(memoryBytes)}`,
        ...(worker === undefined ? [] : [plainText(worker)]),
      ],
    },
  ];
}

/** The lines of a job, each narrower than `columns`. What the width does not hold stands in a line of its own. */
export function jobPanel(progress: JobProgress, options: PanelOptions): readonly string[] {
  const { columns, paint, glyphs } = options;
  const rows =
    progress.frames === undefined
      ? [readRow(progress), writtenRow(progress), ...threadRows(progress), workerRow(progress)]
      : frameRows(progress, progress.frames);
  const label = new RegExp(`^(${rows.map((row) => row.label).join('|')})`);
  return [
    titleLine(progress, options),
    barLine(progress, options),
    ...labelledRows(rows, columns - 1).map((line) =>
      fitStart(line, columns - 1, glyphs).replace(label, (name) => paint('dim', name)),
    ),
  ];
}
