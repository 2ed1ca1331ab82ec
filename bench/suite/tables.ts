/** The tables, as Markdown. */
import type { BenchArchive } from './archives.ts';
import type { Figures, Results } from './results.ts';
import type { Measured } from './row.ts';
import type { StartUp } from './start-up.ts';

const unknown = '–';

export function fixed(value: number | null, digits: number): string {
  return value === null || !Number.isFinite(value) ? unknown : value.toFixed(digits);
}

function megabytes(bytes: number | null): string {
  return fixed(bytes === null ? null : bytes / 1e6, 0);
}

/** A table whose figures stand to the right, the first column and notes to the left; padded as prettier does. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isText = (column: number): boolean => column === 0 || head[column] === 'note';
  const all = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => (cells[column] ?? '').length)));
  const line = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) => {
      const space = ' '.repeat((widths[column] ?? 0) - cell.length);
      return isText(column) ? cell + space : space + cell;
    });
    return `| ${padded.join(' | ')} |`;
  };
  const rule = widths.map((width, column) =>
    isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  return [line(all[0] ?? []), line(rule), ...all.slice(1).map(line)].join('\n');
}

/** What a row tells instead of figures, or besides. */
function noteOf({ row, error }: Measured, figures: Figures | null): string {
  const own = figures?.fact('ownSeconds') ?? NaN;
  const job = figures?.fact('jobSeconds') ?? NaN;
  const late = figures?.fact('workStartSeconds') ?? NaN;
  const scaled = row.measuredOn === undefined ? '' : `on ${row.measuredOn.name}, multiplied`;
  return [
    row.missing ?? (error === null ? '' : `failed: ${oneLine(error)}`),
    row.note ?? '',
    scaled,
    Number.isNaN(own) ? '' : `${fixed(own, 2)} s without the start of Node`,
    Number.isNaN(job)
      ? ''
      : `its job ${fixed(job, 2)} s by Temporal, of it ${fixed(late, 2)} s until its worker polls`,
  ]
    .filter((text) => text !== '')
    .join('; ');
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 160 ? `${line.slice(0, 160)}…` : line;
}

/** Everything over one archive, against `zstd -dc` of the same rounds. */
export function speedTable(results: Results, archive: BenchArchive): string {
  const floor = results.floor(archive.name);
  const rows = results.measured
    .filter(({ row }) => row.archive === archive && !row.id.includes('-batch-'))
    .map((measured) => {
      const figures = results.figures(measured.row.id);
      const ratio = (of: 'min' | 'median'): string =>
        fixed(figures === null || floor === null ? null : figures.seconds[of] / floor.seconds[of], 2);
      return [
        measured.row.title,
        ratio('min'),
        ratio('median'),
        fixed(figures?.seconds.min ?? null, 2),
        fixed(figures?.seconds.median ?? null, 2),
        fixed(figures === null ? null : archive.bytes / 1e6 / figures.seconds.min, 0),
        fixed(figures?.cpuSeconds ?? null, 2),
        megabytes(figures?.peakBytes ?? null),
        megabytes(figures?.beyondWindowBytes ?? null),
        fixed(figures?.bytesOut == null ? null : figures.bytesOut / 1e6, 1),
        String(figures?.runs ?? 0),
        noteOf(measured, figures),
      ];
    });
  const head = ['', '× zstd, min', '× zstd, median', 's, min', 's, median', 'MB/s', 'CPU s'];
  return markdownTable([...head, 'peak MB', 'beyond window MB', 'MB out', 'runs', 'note'], rows);
}

/** Jobs over archives of growing size. */
export function growthTable(results: Results, archives: readonly BenchArchive[]): string {
  const rows = archives.map((archive) => {
    const job = results.figures(`job-parquet@${archive.name}`);
    const floor = results.floor(archive.name);
    return [
      `${(archive.bytes / 1e9).toFixed(1)} GB`,
      fixed(job?.seconds.min ?? null, 2),
      fixed(job === null || floor === null ? null : job.seconds.min / floor.seconds.min, 2),
      megabytes(job?.beyondWindowBytes ?? null),
      megabytes(job?.fact('idleBytes') ?? null),
      megabytes(job?.peakBytes ?? null),
      fixed(job?.fact('segments') ?? null, 0),
      fixed(job?.fact('events') ?? null, 0),
      fixed(job?.fact('eventsOfRunMax') ?? null, 0),
      fixed(job?.fact('eventsPerSegment') ?? null, 1),
      fixed(job?.fact('marks') ?? null, 0),
    ];
  });
  const memory = ['peak beyond window MB', 'of it idle worker MB', 'peak with window MB'];
  const history = ['segments', 'events', 'events, longest run', 'events a segment', 'search marks'];
  return markdownTable(['comments', 's, min', '× zstd', ...memory, ...history], rows);
}

/** The engine under different batch sizes. */
export function batchTable(results: Results, archive: BenchArchive): string {
  const found = results.measured.filter(({ row }) => row.archive === archive && row.id.includes('-batch-'));
  const figures = found.map(({ row }) => results.figures(row.id));
  const best = Math.min(...figures.map((each) => each?.seconds.min ?? Infinity));
  const cells = (each: Figures | null): readonly string[] => [
    fixed(each?.seconds.min ?? null, 2),
    fixed(each?.seconds.median ?? null, 2),
    each === null ? unknown : `+${((each.seconds.min / best - 1) * 100).toFixed(1)} %`,
    megabytes(each?.beyondWindowBytes ?? null),
  ];
  return markdownTable(
    ['batch size, lines', 's, min', 's, median', 'over the best', 'peak beyond window MB'],
    found.map(({ row }, at) => [row.title.replace(/^.*batch /, ''), ...cells(figures[at] ?? null)]),
  );
}

/** From keypress to summary. */
export function startUpTable(runs: readonly StartUp[]): string {
  const stages = Object.keys(runs[0]?.stages ?? {});
  return markdownTable(
    ['`npm start`', ...runs.map(({ title }) => title)],
    [
      ...stages.map((stage) => [stage, ...runs.map(({ stages: all }) => fixed(all[stage] ?? null, 2))]),
      ['**keypress to summary**', ...runs.map(({ summarySeconds }) => fixed(summarySeconds, 2))],
      ['keypress to prompt', ...runs.map(({ endSeconds }) => fixed(endSeconds, 2))],
    ],
  );
}
