/** How a job went, as it is drawn: its working time, with the times between cut out. Pure. */
import { runSampleMs, type RunRecord } from '../contract/run.ts';

export interface RunPoint {
  /** In the unit of the series. */
  readonly at: number;
  readonly linesPerSecond: number;
  readonly memoryMb: number;
  readonly batchSize: number;
  /** Points of one stretch are one line: between two of them nobody looked. */
  readonly stretch: number;
}

export interface RunMark {
  readonly at: number;
  readonly title: string;
}

export interface RunSeries {
  readonly points: readonly RunPoint[];
  readonly resumptions: readonly RunMark[];
  readonly end: { readonly at: number; readonly unit: string };
}

/** What is longer without a look than so many times the usual is no work: a pause, a kill, a night. */
const gapFactor = 5;

const units: readonly (readonly [name: string, seconds: number])[] = [
  ['hours', 3600],
  ['minutes', 60],
  ['seconds', 1],
];

/** Words for a time: `40 s`, `3 min`, `5 h`. */
function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** The series, or null where too little was seen to draw a line. */
export function runSeries({ samples, resumptions }: RunRecord): RunSeries | null {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || samples.length < 3) return null;
  const steps = samples.slice(1).map(([seconds], at) => seconds - (samples[at]?.[0] ?? 0));
  const usual = Math.max([...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 0, runSampleMs / 1000);
  const cuts: { readonly from: number; readonly to: number; readonly saved: number }[] = [];
  let saved = 0;
  for (const [at, step] of steps.entries()) {
    if (step <= gapFactor * usual) continue;
    saved += step - usual;
    const from = samples[at]?.[0] ?? 0;
    cuts.push({ from, to: from + step, saved });
  }
  const working = (seconds: number): number => {
    let before = first[0];
    for (const cut of cuts) {
      if (seconds >= cut.to) before = first[0] + cut.saved;
      else if (seconds > cut.from) return cut.to - first[0] - cut.saved; // in a gap: where the work goes on
    }
    return Math.max(0, seconds - before);
  };
  const total = working(last[0]);
  const [unit, unitSeconds] = units.find(([, size]) => total >= 2 * size) ?? (['seconds', 1] as const);
  return {
    points: samples.map(([seconds, , linesPerSecond, memoryMb, batchSize]) => ({
      at: working(seconds) / unitSeconds,
      linesPerSecond,
      memoryMb,
      batchSize,
      stretch: cuts.filter(({ to }) => seconds >= to).length,
    })),
    resumptions: resumptions.map((seconds) => {
      const cut = cuts.find(({ from, to }) => seconds > from && seconds <= to);
      const after = cut === undefined ? '' : `, ${duration(cut.to - cut.from)} after the last sign`;
      return { at: working(seconds) / unitSeconds, title: `taken up again${after}` };
    }),
    end: { at: total / unitSeconds, unit },
  };
}
