/** What a finished job did: every line accounted for, and why few were kept if few were. */
import type { JobResult } from '../../contract/job.ts';
import { totalOf } from '../../core/fates.ts';
import { bytes, count, percentage, seconds } from '../../core/figures.ts';
import type { Paint } from './paint.ts';
import { textTable } from './text-table.ts';

export interface SummaryExtras {
  readonly webUrl: string | null;
  readonly parts: number | null;
  readonly paint: Paint;
}

/** Below this share of non-blank lines a reader wonders where they went. */
const lowKeepShare = 0.5;

const why: Readonly<Record<Exclude<keyof JobResult['metrics']['excluded'], 'not-selected'>, string>> = {
  deleted: 'deleted by their authors (--no-exclude-deleted keeps them)',
  removed: 'removed by moderators or Reddit (--no-exclude-removed keeps them)',
  'low-score': 'scored below --quality-min-score',
};

/** One row for each fate that happened, with its share of all lines. */
export function fates({
  metrics,
}: {
  readonly metrics: Pick<
    JobResult['metrics'],
    'totalProcessedLines' | 'kept' | 'excluded' | 'rejected' | 'blank'
  >;
}): readonly string[] {
  const total = metrics.totalProcessedLines;
  const excluded = Object.entries(metrics.excluded).map(
    ([rule, lines]) => [`excluded: ${rule}`, lines] as const,
  );
  const rejected = Object.entries(metrics.rejected).map(
    ([reason, lines]) => [`rejected: ${reason}`, lines] as const,
  );
  const rows: readonly (readonly [string, number])[] = [
    ...excluded.filter(([, lines]) => lines > 0),
    ...rejected.filter(([, lines]) => lines > 0),
    ...(metrics.blank > 0 ? ([['blank', metrics.blank]] as const) : []),
  ];
  return textTable(
    [
      ['lines', count(total), ''],
      ['kept', count(metrics.kept), percentage(metrics.kept, total)],
      ...rows.map(([name, lines]) => [name, count(lines), percentage(lines, total)]),
    ],
    [1, 2],
  );
}

/** Why little was kept, the commonest reason first; null where enough was. */
function lowKeepReason(result: JobResult): string | null {
  const { metrics } = result;
  // little is what a selection is for; and what is deleted counts first, whether it was asked for or not
  if (metrics.excluded['not-selected'] > 0) return null;
  const lines = metrics.totalProcessedLines - metrics.blank;
  if (lines === 0 || metrics.kept / lines >= lowKeepShare) return null;
  const rules = Object.keys(why) as (keyof typeof why)[];
  const reasons: [string, number][] = rules.map((rule) => [why[rule], metrics.excluded[rule]]);
  reasons.push(['rejected (threadmill rejects shows them)', totalOf(metrics.rejected)]);
  const told = reasons
    .filter(([, number]) => number > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([reason, number]) => `${percentage(number, lines)} ${reason}`);
  return `Only ${percentage(metrics.kept, lines)} of the lines were kept: ${told.join('; ')}.`;
}

/** What the rows of a thread dataset are; nothing for flat parts. */
function threadRows({ metrics: { threads } }: JobResult): readonly string[] {
  if (threads === null) return [];
  const some: readonly (readonly [string, number])[] = [
    ['tombstones', threads.tombstones],
    ['orphans', threads.orphans],
    ['duplicates', threads.duplicates],
    ['cycles', threads.cycles],
  ];
  return [
    '',
    ...textTable(
      [
        ['threads', count(threads.threads)],
        ['rows', count(threads.rows)],
        ...some.filter(([, number]) => number > 0).map(([name, number]) => [name, count(number)]),
        ['deepest', count(threads.maxDepth)],
      ],
      [1],
    ),
  ];
}

/** The block that `run`, `watch` and `result` end with. */
export function summaryBlock(result: JobResult, extras: SummaryExtras): readonly string[] {
  const { metrics } = result;
  const { paint } = extras;
  const low = lowKeepReason(result);
  const rate = `${count(metrics.linesPerSecond)} lines/s`;
  const effort = [
    ...(extras.parts === null ? [] : [['parts', count(extras.parts)]]),
    ...(metrics.values === undefined ? [] : [['values', `${count(metrics.values)}, a file each`]]),
    ['time', `${seconds(metrics.seconds)}, ${rate}`],
    [
      'peak memory',
      `${bytes(metrics.peakMemoryMb * 1_000_000)} of the whole worker, beyond the decoder's window`,
    ],
    ['retries', count(metrics.retries)],
  ];
  return [
    `${paint('green', 'Done')} ${paint('bold', result.archive)}`,
    ...textTable([
      ['dataset', result.dataset],
      ['job', result.jobId],
      ...(extras.webUrl === null ? [] : [['Web UI', extras.webUrl]]),
    ]).map(indent),
    '',
    ...fates(result).map(indent),
    ...threadRows(result).map(indent),
    '',
    ...textTable(effort).map(indent),
    ...(low === null ? [] : ['', paint('yellow', low)]),
    ...result.warnings.map((warning) => paint('yellow', `Warning: ${warning}`)),
  ];
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`;
}
