/** The report as one HTML page: no script, nothing from elsewhere. Pure. */
import { percentage, bytes, count, counted, duration } from '../core/figures.ts';
import { totalOf, zeroCounters } from '../core/fates.ts';
import type { RejectedLine } from '../engine/dataset/rejects.ts';
import { binsChart, fatesChart, partsChart, runChart, timelineChart, type Chart } from './charts.ts';
import type { DatasetFacts, Stretch } from './dataset-facts.ts';
import { fates, rejectCounts } from './fates.ts';
import { Html, html } from './html.ts';
import type { RowTallies } from './read-rows.ts';
import { runSeries } from './run-series.ts';
import { style } from './style.ts';
import { dateText, type Bin, type Ranked } from './tallies.ts';

/** Widths at which plots are drawn: as wide as their place on a desk and on a telephone. */
const widths = { full: 1070, half: 500, narrow: 330 } as const;
const rawShown = 160;

/** The whole page. */
export function reportPage(facts: DatasetFacts): string {
  const { manifest, rows, run } = facts;
  const { archive, counters } = manifest;
  const title = `${archive.name}: report`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <main>
          <header>
            <h1>${archive.name}</h1>
            <p>${subtitle(facts)}</p>
          </header>
          ${tiles(facts)}
          <section>
            <h2>What became of the lines</h2>
            <p class="note">Every line of the archive is one of these.</p>
            ${plot(fatesChart(fates(counters).filter(({ lines }) => lines > 0)), 'full')} ${fateTable(facts)}
          </section>
          ${rows === null ? noRows(manifest.settings.format) : rowSections(rows, manifest)}
          ${alongArchive(facts.stretches)} ${run === null ? null : runSection(run)} ${rejectSection(facts)}
          ${settingsSection(facts)}
          <footer>
            Made by threadmill ${manifest.threadmill} from ${archive.name}, fingerprint
            ${archive.fingerprint}, job ${manifest.jobId}. Dataset of ${date(Date.parse(manifest.createdAt))}.
          </footer>
        </main>
      </body>
    </html> `;
  return page.text;
}

function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function subtitle({ manifest, rows }: DatasetFacts): string {
  const { archive, settings } = manifest;
  const kind = archive.kind === 'comments' ? 'Comments' : 'Submissions';
  const span =
    rows?.firstMs == null || rows.lastMs === null ? '' : `, ${date(rows.firstMs)} to ${date(rows.lastMs)}`;
  return `${kind}${span}, as ${settings.format}`;
}

function tiles({ manifest, files, bytes: fileBytes }: DatasetFacts): Html {
  const { archive, counters, createdAt, startedAt } = manifest;
  const seconds = (Date.parse(createdAt) - Date.parse(startedAt)) / 1000;
  const tile = (name: string, value: string, more: string): Html =>
    html`<div>
      <dt>${name}</dt>
      <dd>${value}</dd>
      <small>${more}</small>
    </div>`;
  return html`<dl class="tiles">
    ${tile('Lines', count(counters.lines), `${bytes(archive.bytes)} of text, ${bytes(archive.compressedBytes)} on disk`)}
    ${tile('Kept', count(counters.kept), `${percentage(counters.kept, counters.lines)} of the lines`)}
    ${tile('Excluded', count(totalOf(counters.excluded)), percentage(totalOf(counters.excluded), counters.lines))}
    ${tile('Rejected', count(totalOf(counters.rejected)), percentage(totalOf(counters.rejected), counters.lines))}
    ${tile('Dataset', bytes(fileBytes), counted(files, 'file'))}
    ${tile('Time', duration(seconds), 'from start to end, pauses included')}
  </dl>`;
}

/** A plot in its two widths, of which the page shows one. */
function plot(chart: Chart, place: 'full' | 'half'): Html {
  return html`<div class="wide">${new Html(chart(widths[place]))}</div>
    <div class="narrow">${new Html(chart(widths.narrow))}</div>`;
}

interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly [name: string, ...figures: string[]])[];
}

function table({ heads, rows }: Table): Html {
  const [first = '', ...more] = heads;
  return html`<table>
    <thead>
      <tr>
        <th scope="col">${first}</th>
        ${more.map((head) => html`<th scope="col" class="number">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        ([name, ...figures]) =>
          html`<tr>
            <th scope="row">${name}</th>
            ${figures.map((figure) => html`<td class="number">${figure}</td>`)}
          </tr> `,
      )}
    </tbody>
  </table>`;
}

/** The figures of a plot, for those who would rather read them. */
function figures(about: string, content: Table): Html {
  return html`<details>
    <summary>The figures</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="${about}">${table(content)}</div>
  </details>`;
}

function fateTable({ manifest: { counters } }: DatasetFacts): Html {
  const reasons = rejectCounts(counters);
  const row = (label: string, lines: number, color: string | null): Html =>
    html`<tr>
      <th scope="row">
        ${color === null ? null : html`<span class="swatch" style="background:${color}"></span>`}${label}
      </th>
      <td class="number">${count(lines)}</td>
      <td class="number">${percentage(lines, counters.lines)}</td>
    </tr> `;
  return html`<table class="fates">
    <thead>
      <tr>
        <th scope="col">lines</th>
        <th scope="col" class="number">number</th>
        <th scope="col" class="number">share</th>
      </tr>
    </thead>
    <tbody>
      ${fates(counters)
        .filter(({ kind, lines }) => kind === 'kept' || lines > 0)
        .flatMap(({ kind, label, lines, color }) =>
          kind === 'rejected'
            ? reasons.map(([reason, those]) => row(`rejected: ${reason}`, those, color))
            : [row(label, lines, color)],
        )}
    </tbody>
  </table>`;
}

function noRows(format: string): Html {
  return html`<section>
    <h2>Rows</h2>
    <p class="note">Times, scores and the like are read from Parquet; this dataset is ${format}.</p>
  </section>`;
}

function rowSections(rows: RowTallies, manifest: DatasetFacts['manifest']): Html {
  const { kind } = manifest.archive;
  const tombstones = 'threadCounts' in manifest ? (manifest.threadCounts?.tombstones ?? 0) : 0;
  const all = rows.looked === rows.rows;
  const basis = all
    ? `All ${counted(rows.rows, 'row')}.`
    : `Scaled up from ${count(rows.looked)} of ${counted(rows.rows, 'row')}, in evenly spaced row groups.`;
  const of = all ? '' : ` Of ${count(rows.looked)} rows in evenly spaced row groups.`;
  const text = kind === 'comments' ? 'body' : 'title';
  const distributions = [
    distribution(rows.scores, { title: 'Scores', note: `Rows by score.${of}`, unit: 'score' }),
    distribution(rows.lengths, {
      title: `Length of the ${text}`,
      note: `Rows by bytes of UTF-8.${of}`,
      unit: 'bytes',
    }),
    distribution(rows.depths, {
      title: 'Depth in the thread',
      note: `0 answers the submission itself.${of}`,
      unit: 'depth',
    }),
  ].filter((section) => section !== null);
  const different = rows.differentAuthors === null ? '' : ` ${count(rows.differentAuthors)} different ones.`;
  const rankings = [
    ranking(rows.subreddits, { title: 'Subreddits', note: `Those with most rows.${of}` }),
    ranking(rows.authors, {
      title: 'Authors',
      note: `Those with most rows, without deleted ones.${different}${of}`,
    }),
  ].filter((section) => section !== null);
  const { calendar, rows: times } = rows.timeline;
  return html`<section>
      <h2>Rows by ${calendar}</h2>
      <p class="note">
        ${basis} By created_utc.${tombstones === 0 ? '' : ` ${counted(tombstones, 'tombstone')} among them.`}
      </p>
      <figure>${plot(timelineChart(rows.timeline), 'full')}</figure>
      ${figures(`Rows by ${calendar}`, {
        heads: [calendar, 'rows'],
        rows: times.map(([at, value]) => [dateText(calendar, at), count(value)]),
      })}
    </section>
    ${pairs([...distributions, ...rankings])}`;
}

/** Sections side by side; an odd last one has the whole width. */
function pairs(sections: readonly Html[]): Html {
  const rows: Html[] = [];
  for (let at = 0; at < sections.length; at += 2) {
    const [left, right] = sections.slice(at, at + 2);
    if (left !== undefined)
      rows.push(right === undefined ? left : html`<div class="pair">${[left, right]}</div>`);
  }
  return html`${rows}`;
}

interface Heading {
  readonly title: string;
  readonly note: string;
}

function distribution(
  bins: readonly Bin[],
  { title, note, unit }: Heading & { readonly unit: string },
): Html | null {
  if (bins.length === 0) return null;
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  return html`<section>
    <h2>${title}</h2>
    <p class="note">${note}</p>
    <figure>${plot(binsChart(bins, title, unit), 'half')}</figure>
    ${figures(title, {
      heads: [unit, 'rows', 'share'],
      rows: bins.map((bin) => [bin.label, count(bin.count), percentage(bin.count, total)]),
    })}
  </section>`;
}

function ranking(names: readonly Ranked[], { title, note }: Heading): Html | null {
  const most = names[0]?.count ?? 0;
  if (names.length < 2) return null;
  return html`<section>
    <h2>${title}</h2>
    <p class="note">${note}</p>
    <table class="ranking">
      <tbody>
        ${names.map(
          ({ name, count: rows }) =>
            html`<tr>
              <th scope="row">${name}</th>
              <td class="number">${count(rows)}</td>
              <td class="bar"><span style="width:${((rows / most) * 100).toFixed(1)}%"></span></td>
            </tr> `,
        )}
      </tbody>
    </table>
  </section>`;
}

/** Nothing where all is one stretch: that is the first plot. */
function alongArchive(stretches: readonly Stretch[]): Html | null {
  if (stretches.length < 2) return null;
  const seen = fates(zeroCounters).filter(
    ({ kind, label }) =>
      (kind === 'excluded' || kind === 'rejected') &&
      stretches.some(({ counters }) =>
        fates(counters).some((fate) => fate.label === label && fate.lines > 0),
      ),
  );
  return html`<section>
    <h2>What was left out, along the archive</h2>
    <p class="note">Share of the lines, part after part in the order of the archive.</p>
    <figure>${plot(partsChart(stretches), 'full')}</figure>
    <ul class="legend">
      ${seen.map(({ label, color }) => html`<li><span class="swatch" style="background:${color}"></span>${label}</li>`)}
    </ul>
    ${figures('What was left out, along the archive', {
      heads: ['lines', ...seen.map(({ label }) => label)],
      rows: stretches.map(({ firstLine, counters }) => [
        `${count(firstLine + 1)}–${count(firstLine + counters.lines)}`,
        ...seen.map(({ label }) => count(fates(counters).find((fate) => fate.label === label)?.lines ?? 0)),
      ]),
    })}
  </section>`;
}

function runSection(run: NonNullable<DatasetFacts['run']>): Html | null {
  const series = runSeries(run);
  if (series === null) return null;
  const marks = series.resumptions.length;
  return html`<section>
    <h2>The run</h2>
    <p class="note">
      Working time; what lies between two stretches of work is cut out.
      ${
        marks === 0
          ? 'It went through without an interruption.'
          : `Taken up again ${marks === 1 ? 'once' : `${count(marks)} times`}, marked in red.`
      }
    </p>
    <h3>Lines per second</h3>
    <figure>${plot(runChart(series, { key: 'linesPerSecond', label: 'Lines per second' }), 'full')}</figure>
    <h3>Memory beyond the decoder’s window, MB</h3>
    <figure>${plot(runChart(series, { key: 'memoryMb', label: 'Memory' }), 'full')}</figure>
    <h3>Batch size, lines</h3>
    <figure>${plot(runChart(series, { key: 'batchSize', label: 'Batch size', step: true }), 'full')}</figure>
  </section>`;
}

function excerpt({ raw, rawBase64 }: RejectedLine): string {
  // control characters are seen as what they are
  const text =
    raw === undefined ? `base64 ${rawBase64 ?? ''}` : JSON.stringify(raw).slice(1, -1).replaceAll('\\"', '"');
  return text.length > rawShown ? `${text.slice(0, rawShown)}…` : text;
}

function rejectSection({ rejects, manifest }: DatasetFacts): Html | null {
  if (rejects.length === 0) return null;
  return html`<section>
    <h2>Rejected lines</h2>
    <p class="note">
      The first of each reason; all ${count(totalOf(manifest.counters.rejected))} are in rejects.jsonl.zst.
    </p>
    <div class="scroll rejects" tabindex="0" role="region" aria-label="Rejected lines">
      <table>
        <thead>
          <tr>
            <th scope="col">line</th>
            <th scope="col">reason</th>
            <th scope="col">how it begins</th>
          </tr>
        </thead>
        <tbody>
          ${rejects.map(
            (reject) =>
              html`<tr>
                <td class="number">${count(reject.line)}</td>
                <td>${reject.field === undefined ? reject.reason : `${reject.reason} ${reject.field}`}</td>
                <td><code>${excerpt(reject)}</code></td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function settingsSection({ manifest }: DatasetFacts): Html {
  const { settings, holes } = manifest;
  const rows = Object.entries(settings).map(([key, value]): [string, string] => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  return html`<section>
    <h2>Made with</h2>
    <p class="note">
      The settings that decide the
      output.${
        holes.length === 0
          ? ''
          : ` The archive is damaged in ${counted(holes.length, 'place')}, which --salvage went over.`
      }
    </p>
    <details>
      <summary>The settings</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="The settings">
        ${table({ heads: ['setting', 'value'], rows })}
      </div>
    </details>
  </section>`;
}
