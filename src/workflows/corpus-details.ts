/** A corpus's current details in the Web UI: Markdown. */
import { totalOf } from '../core/fates.ts';
import { bytes, count, duration } from '../core/figures.ts';
import type { CorpusProgress } from '../contract/corpus.ts';

const barCells = 30;

/** For between backticks: a file may be named like Markdown, and the Web UI would show its links and pictures. */
function verbatim(text: string): string {
  return text.replace(/[`\r\n]+/g, ' ');
}

/** A bar, counters, what is under way, and the first failures. */
export function corpusDetails(progress: CorpusProgress): string {
  const percent = progress.completionPercentage;
  const full = Math.floor((percent / 100) * barCells);
  const { counters, estimatedTimeRemaining: toGo } = progress;
  const rows: readonly (readonly [string, string])[] = [
    ['archives', `${count(progress.done)} of ${count(progress.archives)}`],
    ['that stood there', count(progress.standing)],
    ['failed', count(progress.failed)],
    [
      'input',
      `${bytes(progress.bytes)} of ${bytes(progress.totalBytes)}, ${bytes(progress.bytesPerSecond)}/s`,
    ],
    ['to go', toGo === null ? 'not known yet' : duration(toGo)],
    ['lines', count(counters.lines)],
    ['kept', count(counters.kept)],
    ['excluded', count(totalOf(counters.excluded))],
    ['rejected', count(totalOf(counters.rejected))],
    ['retries', count(progress.retries)],
    ['at a time', count(progress.concurrency)],
  ];
  return [
    `**${progress.state}** \`${'█'.repeat(full)}${'░'.repeat(barCells - full)}\` **${percent.toFixed(1)} %**`,
    '',
    '| | |',
    '|---|---:|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    `Datasets in \`${verbatim(progress.out)}\``,
    ...progress.jobs.map(({ jobId, archive }) => `\n- \`${verbatim(jobId)}\`: \`${verbatim(archive)}\``),
    ...progress.failures.map(
      ({ archive, code, message }) => `\n> \`${verbatim(archive)}\`: ${code}: \`${verbatim(message)}\``,
    ),
  ].join('\n');
}
