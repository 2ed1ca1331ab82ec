/** All that was measured, by row, with the floor of each archive. */
import type { Measured } from './row.ts';

export interface Figures {
  readonly seconds: { readonly min: number; readonly median: number };
  /** Median; null where it is not known. */
  readonly cpuSeconds: number | null;
  /** Highest; null where it is not known. */
  readonly peakBytes: number | null;
  readonly beyondWindowBytes: number | null;
  readonly bytesOut: number | null;
  readonly runs: number;
  /** Median of a fact of the row; NaN where it has none. */
  fact(name: string): number;
}

export class Results {
  readonly measured: readonly Measured[];
  private readonly byId: ReadonlyMap<string, Measured>;

  constructor(measured: readonly Measured[]) {
    this.measured = measured;
    this.byId = new Map(measured.map((each) => [each.row.id, each]));
  }

  /** Null where the row was not run, or failed. */
  figures(id: string): Figures | null {
    const samples = this.byId.get(id)?.samples ?? [];
    if (samples.length === 0) return null;
    const known = (values: readonly (number | null | undefined)[]): readonly number[] =>
      values.filter((value) => value != null);
    const seconds = samples.map((sample) => sample.seconds);
    const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);
    return {
      seconds: { min: Math.min(...seconds), median: median(seconds) },
      cpuSeconds: orNull(median(known(samples.map((sample) => sample.cpuSeconds)))),
      peakBytes: orNull(Math.max(...known(samples.map((sample) => sample.peakBytes)))),
      beyondWindowBytes: orNull(Math.max(...known(samples.map((sample) => sample.beyondWindowBytes)))),
      bytesOut: samples.at(-1)?.bytesOut ?? null,
      runs: samples.length,
      fact: (name) => median(known(samples.map(({ facts }) => facts?.[name]))),
    };
  }

  /** Of `zstd -dc` over an archive. */
  floor(archive: string): Figures | null {
    return this.figures(`zstd@${archive}`);
  }
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}
