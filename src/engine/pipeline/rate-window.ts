/** Lines and bytes a second over the last seconds, from counters that only grow. */

/** Short enough to follow a change, long enough that a part's fsync does not show. */
const windowMs = 5_000;

interface Sample {
  readonly ms: number;
  readonly lines: number;
  readonly bytes: number;
}

export class RateWindow {
  private samples: Sample[] = [];

  add(ms: number, lines: number, bytes: number): void {
    this.samples.push({ ms, lines, bytes });
    // the newest sample outside the window stays, so that the window is always covered
    while (this.samples.length > 2 && (this.samples[1] as Sample).ms < ms - windowMs) this.samples.shift();
  }

  /** Zero until there are two samples. */
  perSecond(): { readonly linesPerSecond: number; readonly bytesPerSecond: number } {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (first === undefined || last === undefined || last.ms <= first.ms)
      return { linesPerSecond: 0, bytesPerSecond: 0 };
    const seconds = (last.ms - first.ms) / 1000;
    return {
      linesPerSecond: (last.lines - first.lines) / seconds,
      bytesPerSecond: (last.bytes - first.bytes) / seconds,
    };
  }
}
