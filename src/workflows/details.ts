/** The job's current details in the Web UI: Markdown, whole-archive figures. */
import { totalOf } from '../core/fates.ts';
import type { JobProgress, JobSettings } from '../contract/job.ts';

const barCells = 30;

function thousands(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

type Row = readonly [name: string, value: string];

/** A table of both: the Web UI shows some ten lines without scrolling. */
function sideBySide(left: readonly Row[], right: readonly Row[]): readonly string[] {
  const length = Math.max(left.length, right.length);
  return [
    '| | | | |',
    '|---|---:|---|---:|',
    ...Array.from({ length }, (_, at) => {
      const [name = '', value = ''] = left[at] ?? [];
      const [other = '', otherValue = ''] = right[at] ?? [];
      return `| ${name} | ${value} | ${other} | ${otherValue} |`;
    }),
  ];
}

/** A bar, the counters, the output, and the last warning. */
export function detailsMarkdown(progress: JobProgress, settings: JobSettings | null): string {
  const percent = progress.completionPercentage;
  const full = Math.floor((percent / 100) * barCells);
  const { counters } = progress;
  const rejected = totalOf(counters.rejected);
  const fates: readonly Row[] = [
    ['lines', thousands(counters.lines)],
    ['kept', thousands(counters.kept)],
    ['excluded', thousands(totalOf(counters.excluded))],
    ['rejected', thousands(rejected)],
    ['blank', thousands(counters.blank)],
  ];
  const effort: readonly Row[] = [
    ['parts', thousands(progress.parts)],
    ...(progress.buckets === 0
      ? []
      : ([
          ['threads', `${thousands(progress.bucketsDone)} of ${thousands(progress.buckets)} files`],
        ] as const)),
    [
      'rate',
      `${thousands(progress.linesPerSecond)} lines/s, ${thousands(progress.bytesPerSecond / 1e6)} MB/s`,
    ],
    ['batch size', `${thousands(progress.batchSize)} lines`],
    [
      'memory',
      `${thousands(progress.memoryBytes / 1e6)} of ${thousands(progress.memoryLimitBytes / 1e6)} MB`,
    ],
    ['retries', thousands(progress.retries)],
  ];
  return [
    `**${progress.state}** \`${'█'.repeat(full)}${'░'.repeat(barCells - full)}\` **${percent.toFixed(1)} %**`,
    '',
    ...sideBySide(fates, effort),
    '',
    `- Dataset \`${verbatim(progress.dataset)}\`${settings === null ? '' : ` (${settings.format})`}`,
    ...(settings === null ? [] : [`- Settings: ${settingsText(settings)}`]),
    // last: the Web UI cuts a line off now and then, and shows the archive beside it
    `- Archive \`${verbatim(progress.archive)}\``,
    ...progress.warnings.slice(-1).map((warning) => `\n> \`${verbatim(warning)}\``),
  ].join('\n');
}

/** What decides the output's shape, and what can be changed while it runs. */
function settingsText(settings: JobSettings): string {
  const { partBytes, preserveThreads, minBatchSize, maxBatchSize } = settings;
  return [
    `parts of ${thousands(partBytes / 2 ** 20)} MiB`,
    preserveThreads ? 'threads' : 'no threads',
    `batches of ${thousands(minBatchSize)} to ${thousands(maxBatchSize)} lines${settings.adaptiveBatchSizing ? '' : ', not adapted'}`,
  ].join(' · ');
}

/** For between backticks: a file may be named like Markdown, and the Web UI would show its links and pictures. */
function verbatim(text: string): string {
  return text.replace(/[`\r\n]+/g, ' ');
}
