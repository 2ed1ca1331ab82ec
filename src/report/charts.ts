/** The report's plots, drawn by Observable Plot to SVG text: no script is needed where they are looked at. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Stretch } from './dataset-facts.ts';
import { fates, type FateCount } from './fates.ts';
import { dateText, startOf, type Bin, type Timeline } from './tallies.ts';
import type { RunSeries } from './run-series.ts';

/** Draws a plot of this width, in CSS pixels. */
export type Chart = (width: number) => string;

/** What is used of an element; the compiler is given no DOM, since nothing else here has one. */
interface PlotElement {
  readonly outerHTML: string;
  querySelector(selector: string): { remove(): void } | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
}

const { document } = parseHTML('<!doctype html><html></html>') as unknown as { readonly document: never };
const count = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 2 });

/** Colours are CSS variables, so that a report follows its reader's choice of light or dark. */
const ink = { kept: 'var(--kept)', line: 'var(--line)', mark: 'var(--mark)' } as const;

function draw(label: string, options: Plot.PlotOptions): string {
  const element: unknown = Plot.plot({
    document,
    marginBottom: 34,
    marginLeft: 52,
    marginRight: 12,
    ...options,
  });
  const plot = element as PlotElement;
  plot.querySelector('style')?.remove(); // the page has it once
  plot.removeAttribute('class');
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', label);
  plot.removeAttribute('font-size');
  plot.removeAttribute('font-family');
  return plot.outerHTML;
}

const countAxis = (label: string): Plot.ScaleOptions => ({
  grid: true,
  ticks: 5,
  label,
  labelArrow: false,
  tickFormat: (value: number) => compact.format(value),
});

/** Rows by month or day. */
export function timelineChart({ calendar, rows }: Timeline): Chart {
  const bars = rows.map(([at, value]) => ({
    name: dateText(calendar, at),
    from: startOf(calendar, at),
    to: startOf(calendar, at + 1),
    value,
  }));
  const first = rows[0]?.[0] ?? 0;
  const slots = (rows.at(-1)?.[0] ?? 0) - first + 1;
  return (width) =>
    draw(`Rows by ${calendar}`, {
      width,
      height: 260,
      x: { type: 'utc', label: null, ticks: width < 500 ? 4 : 10 },
      y: countAxis('rows'),
      marks: [
        Plot.rectY(bars, {
          x1: 'from',
          x2: 'to',
          y: 'value',
          fill: ink.kept,
          inset: slots > width / 5 ? 0 : 0.5,
          title: ({ name, value }: (typeof bars)[number]) => `${name}: ${count.format(value)} rows`,
        }),
        Plot.ruleY([0]),
      ],
    });
}

/** A distribution as bars under their labels; of many labels in little room only some are written. */
export function binsChart(bins: readonly Bin[], label: string, unit: string): Chart {
  const total = bins.reduce((sum, bin) => sum + bin.count, 0);
  return (width) => {
    const widest = Math.max(...bins.map(({ tick }) => tick.length));
    const every = Math.max(1, Math.ceil((bins.length * (widest * 8 + 10)) / (width - 64)));
    const written = bins.filter((_, at) => at % every === 0).map((bin) => bin.label);
    const ticks = new Map(bins.map((bin) => [bin.label, bin.tick]));
    return draw(label, {
      width,
      height: 240,
      x: {
        type: 'band',
        domain: bins.map((bin) => bin.label),
        ticks: written,
        tickFormat: (bin: string) => ticks.get(bin) ?? bin,
        label: unit,
        labelArrow: false,
        padding: 0.08,
      },
      y: countAxis('rows'),
      marks: [
        Plot.barY(bins, {
          x: 'label',
          y: 'count',
          fill: ink.kept,
          title: (bin: Bin) =>
            `${bin.label}: ${count.format(bin.count)} rows, ${percent.format(bin.count / total)}`,
        }),
        Plot.ruleY([0]),
      ],
    });
  };
}

/** One bar: all lines by what became of them. */
export function fatesChart(counts: readonly FateCount[]): Chart {
  const total = counts.reduce((sum, fate) => sum + fate.lines, 0);
  return (width) =>
    draw('All lines by what became of them', {
      width,
      height: 44,
      margin: 0,
      marginTop: 0,
      marginBottom: 0,
      marginLeft: 0,
      marginRight: 0,
      x: { axis: null, domain: [0, total] },
      marks: [
        Plot.barX(counts, {
          x: 'lines',
          fill: 'color',
          inset: 0.5,
          title: ({ label, lines }: FateCount) =>
            `${label}: ${count.format(lines)} lines, ${percent.format(lines / total)}`,
        }),
      ],
    });
}

/** Shares of what was left out, part after part. */
export function partsChart(parts: readonly Stretch[]): Chart {
  const bars = parts.flatMap(({ counters, firstLine }) =>
    fates(counters)
      .filter(({ kind, lines }) => (kind === 'excluded' || kind === 'rejected') && lines > 0)
      .map(({ label, color, lines }) => ({
        label,
        color,
        lines,
        from: firstLine,
        to: firstLine + counters.lines,
        share: lines / counters.lines,
      })),
  );
  return (width) =>
    draw('Share of excluded and rejected lines along the archive', {
      width,
      height: 220,
      x: {
        label: 'line of the archive',
        labelArrow: false,
        ticks: width < 500 ? 4 : 8,
        tickFormat: (line: number) => compact.format(line),
      },
      y: {
        grid: true,
        ticks: 5,
        label: 'share of lines',
        labelArrow: false,
        percent: true,
        tickFormat: (value: number) => `${value} %`,
      },
      marks: [
        Plot.rectY(bars, {
          x1: 'from',
          x2: 'to',
          y: 'share',
          fill: 'color',
          inset: bars.length > width / 4 ? 0 : 0.5,
          title: ({ label, lines, from, to, share }: (typeof bars)[number]) =>
            `lines ${count.format(from + 1)}–${count.format(to)}\n${label}: ${count.format(lines)}, ${percent.format(share)}`,
        }),
        Plot.ruleY([0]),
      ],
    });
}

/** One figure of the run over its working time, with a mark where it was taken up again. */
export function runChart(
  { points, resumptions, end }: RunSeries,
  figure: {
    readonly key: 'linesPerSecond' | 'memoryMb' | 'batchSize';
    readonly label: string;
    readonly step?: boolean;
  },
): Chart {
  const curve = figure.step === true ? 'step-after' : 'linear';
  return (width) =>
    draw(`${figure.label} over the run`, {
      width,
      height: 150,
      x: {
        domain: [0, end.at],
        label: `${end.unit} of work`,
        labelArrow: false,
        ticks: width < 500 ? 4 : 10,
      },
      y: { ...countAxis(figure.label), ticks: 3, zero: true, label: null },
      marks: [
        Plot.areaY(points, {
          x: 'at',
          // both given, else areas are stacked
          y1: 0,
          y2: figure.key,
          z: 'stretch',
          fill: ink.line,
          fillOpacity: 0.15,
          curve,
        }),
        Plot.lineY(points, {
          x: 'at',
          y: figure.key,
          z: 'stretch',
          stroke: ink.line,
          strokeWidth: 1.5,
          curve,
        }),
        Plot.ruleX(resumptions, {
          x: 'at',
          stroke: ink.mark,
          strokeWidth: 1.5,
          strokeDasharray: '3,3',
          title: 'title',
        }),
        Plot.dot(resumptions, { x: 'at', frameAnchor: 'top', r: 3.5, fill: ink.mark, title: 'title' }),
        Plot.ruleY([0]),
      ],
    });
}
