/** A corpus in text: one line while it runs, blocks for status, result and verification. Pure. */
import type { CorpusFailure, CorpusProgress, CorpusResult } from '../../contract/corpus.ts';
import { totalOf } from '../../core/fates.ts';
import { bytes, count, counted, duration, seconds } from '../../core/figures.ts';
import type { CorpusVerification } from '../ports.ts';
import { fates } from './summary.ts';
import { textTable } from './text-table.ts';
import type { Paint } from './paint.ts';

const barWidth = 20;
const states: Readonly<Record<CorpusProgress['state'], string>> = {
  listing: 'listing the archives',
  running: '',
  paused: 'paused',
  publishing: 'publishing',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** What can be said, the most wanted first. */
function pieces(progress: CorpusProgress): readonly string[] {
  const { completionPercentage, state, archives, done, failed, estimatedTimeRemaining: toGo } = progress;
  const share = state === 'done' ? completionPercentage : Math.min(completionPercentage, 99.9);
  const known = [`${share.toFixed(1)} %`, ...(states[state] === '' ? [] : [states[state]])];
  if (archives === 0) return known;
  const counts = [`${count(done)} of ${counted(archives, 'archive')}`];
  if (failed > 0) counts.push(`${count(failed)} failed`);
  if (progress.trouble !== undefined) return [...known, ...counts, 'waiting to try again'];
  if (state !== 'running') return [...known, ...counts];
  return [
    ...known,
    ...counts,
    ...(toGo === null ? [] : [`ETA ${duration(toGo)}`]),
    `${bytes(progress.bytesPerSecond)}/s`,
    `${count(progress.counters.lines)} lines`,
    ...(progress.jobs.length === 0 ? [] : [counted(progress.jobs.length, 'large one')]),
  ];
}

/** One line of at most `columns - 1` characters: what does not fit is left out from the end, the bar first of all. */
export function corpusLine(progress: CorpusProgress, columns: number): string {
  const room = Math.max(1, columns - 1);
  const full = Math.min(barWidth, Math.floor((progress.completionPercentage / 100) * barWidth));
  const all = pieces(progress);
  const whole = `[${'#'.repeat(full)}${'.'.repeat(barWidth - full)}] ${all.join('  ')}`;
  if (whole.length <= room) return whole;
  let line = '';
  for (const piece of all) {
    const longer = line === '' ? piece : `${line}  ${piece}`;
    if (longer.length > room) break;
    line = longer;
  }
  return line === '' ? (all[0] ?? '').slice(0, room) : line;
}

/** One line for a log file. */
export function plainCorpusLine(progress: CorpusProgress): string {
  return pieces(progress).join('  ');
}

function failureLines(failures: readonly CorpusFailure[], of: number): readonly string[] {
  if (of === 0) return [];
  return [
    `${counted(of, 'archive')} failed${failures.length < of ? `, the first ${failures.length}` : ''}:`,
    ...failures.map(({ archive, code, message }) => `  ${archive}: ${code}: ${message}`),
  ];
}

/** `threadmill status` of a corpus: figures, then a table of what is under way, then failures. */
export function corpusStatusBlock(progress: CorpusProgress): readonly string[] {
  const { counters, jobs, estimatedTimeRemaining: toGo, state } = progress;
  return [
    ...textTable([
      ['corpus', progress.jobId],
      ['datasets', progress.out],
      ['state', state],
      [
        'progress',
        `${progress.completionPercentage.toFixed(1)} %${toGo === null || state === 'done' ? '' : `, ${duration(toGo)} to go`}`,
      ],
      [
        'archives',
        `${count(progress.done)} of ${count(progress.archives)} done (${count(progress.standing)} stood there), ${count(progress.failed)} failed`,
      ],
      [
        'input',
        `${bytes(progress.bytes)} of ${bytes(progress.totalBytes)}, ${bytes(progress.bytesPerSecond)}/s`,
      ],
      [
        'lines',
        `${count(counters.lines)}: ${count(counters.kept)} kept, ${count(totalOf(counters.excluded))} excluded, ${count(totalOf(counters.rejected))} rejected, ${count(counters.blank)} blank`,
      ],
      [
        'at a time',
        `${count(progress.concurrency)} large ones, ${counted(progress.batches.length, 'batch').replace('batchs', 'batches')} of small ones under way`,
      ],
      ['retries', count(progress.retries)],
    ]),
    ...(jobs.length === 0
      ? []
      : [
          '',
          ...textTable([
            ['UNDER WAY', 'SIZE', 'ARCHIVE'],
            ...jobs.map(({ jobId, bytes: size, archive }) => [jobId, bytes(size), archive]),
          ]),
        ]),
    ...(progress.trouble === undefined ? [] : [`Waiting to try again: ${progress.trouble}`]),
    ...failureLines(progress.failures, progress.failed),
  ];
}

/** What `run`, `watch` and `result` end with. */
export function corpusSummary(
  result: CorpusResult,
  { webUrl, paint }: { readonly webUrl: string | null; readonly paint: Paint },
): readonly string[] {
  const { metrics, failed, done, standing, archives } = result;
  const stood = standing === 0 ? '' : `, ${count(standing)} of them stood there already`;
  return [
    failed === 0
      ? `${paint('green', 'Done')} ${paint('bold', counted(archives, 'archive'))}`
      : `${paint('red', 'Not all done')} ${paint('bold', `${count(failed)} of ${counted(archives, 'archive')} failed`)}`,
    ...textTable([
      ['datasets', result.out],
      ['ledger', result.ledger],
      ['corpus', result.jobId],
      ...(webUrl === null ? [] : [['Web UI', webUrl]]),
    ]).map(indent),
    '',
    ...textTable([
      ['archives', `${count(done)} done${stood}`],
      ['input', bytes(metrics.bytes)],
      ['time', `${seconds(metrics.seconds)}, ${metrics.archivesPerSecond} archives/s`],
      ['retries', count(metrics.retries)],
    ]).map(indent),
    '',
    ...fates(result).map(indent),
    ...(failed === 0
      ? []
      : [
          '',
          ...failureLines(result.failures, failed),
          'The same command tries these again, and only these.',
        ]),
  ];
}

/** `threadmill verify` of a corpus. */
export function corpusVerificationBlock(folder: string, found: CorpusVerification): readonly string[] {
  const size = `${counted(found.archives, 'archive')}, ${count(found.kept)} of ${count(found.lines)} lines kept, ${bytes(found.bytes)}`;
  return found.ok
    ? [`OK ${folder}: ${size}`]
    : [
        `BAD ${folder}: ${counted(found.problems.length, 'problem')}; ${size}`,
        ...found.problems.map((problem) => `  ${problem}`),
      ];
}

function indent(line: string): string {
  return line === '' ? '' : `  ${line}`;
}
