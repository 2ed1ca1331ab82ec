/** The job's current details in the Web UI: Markdown, whole-archive figures. */
import { totalOf } from '../core/fates.ts';
import type { JobProgress, JobSettings } from '../contract/job.ts';

const barCells = 30;

function thousands(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A bar, the counters, the output, and the last warning. */
export function detailsMarkdown(progress: JobProgress, settings: JobSettings | null): string {
  const percent = progress.completionPercentage;
  const full = Math.floor((percent / 100) * barCells);
  const { counters } = progress;
  const rejected = totalOf(counters.rejected);
  const rows: readonly (readonly [string, string])[] = [
    ['lines', thousands(counters.lines)],
    ['kept', thousands(counters.kept)],
    ['excluded', thousands(totalOf(counters.excluded))],
    ['rejected', thousands(rejected)],
    ['blank', thousands(counters.blank)],
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
    ['retries', thousands(progress.retries)],
  ];
  return [
    `**${progress.state}** \`${'█'.repeat(full)}${'░'.repeat(barCells - full)}\` **${percent.toFixed(1)} %**`,
    '',
    '| | |',
    '|---|---:|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    `Archive \`${verbatim(progress.archive)}\``,
    '',
    `Dataset \`${verbatim(progress.dataset)}\`${settings === null ? '' : ` (${settings.format})`}`,
    ...progress.warnings.slice(-1).map((warning) => `\n> \`${verbatim(warning)}\``),
  ].join('\n');
}

/** For between backticks: a file may be named like Markdown, and the Web UI would show its links and pictures. */
function verbatim(text: string): string {
  return text.replace(/[`\r\n]+/g, ' ');
}
