/** The table of a torture. */
import type { Row } from './bench.ts';

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

interface Sums {
  readonly cycles: number;
  readonly lost: number;
  readonly doubled: number;
  readonly leftOver: number;
  readonly wrong: number;
  readonly resumeMs: readonly number[];
  /** Parts. */
  readonly redoneSealed: readonly number[];
  readonly redoneOthers: readonly number[];
}

function sumsOf(rows: readonly Row[]): Sums {
  const outcomes = rows.flatMap((row) => row.outcomes);
  const sum = (of: (outcome: (typeof outcomes)[number]) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const partsRedone = (sealed: boolean): readonly number[] =>
    outcomes.filter((outcome) => outcome.sealed === sealed).map(({ redoneParts }) => redoneParts);
  return {
    cycles: outcomes.length,
    lost: sum(({ lostLines }) => lostLines),
    doubled: sum(({ doubledLines }) => doubledLines),
    leftOver: sum(({ leftOver }) => leftOver),
    wrong: outcomes.filter(({ problems }) => problems.length > 0).length,
    resumeMs: outcomes.flatMap(({ resumeMs }) => resumeMs ?? []),
    redoneSealed: partsRedone(true),
    redoneOthers: partsRedone(false),
  };
}

function line(name: string, rows: readonly Row[]): string {
  const { cycles, lost, doubled, leftOver, wrong, resumeMs, redoneSealed, redoneOthers } = sumsOf(rows);
  const missing = rows.length === 1 ? rows[0]?.missing : null;
  if (missing != null) return `| ${name} | not done: ${missing} | | | | | | | | |`;
  const resume =
    resumeMs.length === 0 ? ['-', '-'] : [seconds(median(resumeMs)), seconds(Math.max(...resumeMs))];
  const most = (parts: readonly number[]): string => (parts.length === 0 ? '-' : String(Math.max(...parts)));
  const cells = [cycles, lost, doubled, leftOver, wrong, ...resume, most(redoneSealed), most(redoneOthers)];
  return `| ${name} | ${cells.join(' | ')} |`;
}

/**
 * Markdown. Lost and doubled are lines of input; left over are files that are not of the dataset; wrong are cycles of which
 * anything at all was not as it should be. Redone: parts that were committed again or under way at the blow, the most of a cycle:
 * of 2 MiB, of which a worker makes dozens a second, or of 32 MiB where the row says so.
 */
export function tableOf(rows: readonly Row[]): string {
  return [
    '| fault | cycles | lost | doubled | left over | wrong | resume, median s | worst s | parts redone, Parquet and threads | csv, jsonl.zst |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|',
    ...rows.map((row) => line(row.fault, [row])),
    line('**all**', rows),
  ].join('\n');
}

/** Cycles that were not as they should be, of all rows. */
export function wrongCycles(rows: readonly Row[]): number {
  return sumsOf(rows).wrong;
}
