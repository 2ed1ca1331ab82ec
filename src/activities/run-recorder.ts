/** Looks at a running segment about once a second, for the job's run record. */
import type { LiveFigures } from '../contract/job.ts';
import { runSampleMs, thinned, type RunRecord, type RunSample } from '../contract/run.ts';

/** A segment lasts ten seconds, but a part on a slow disk may last for hours: then looks become rarer. */
const samplesMax = 24;
/** They travel in every heartbeat. */
const resumptionsMax = 20;

export class RunRecorder {
  private samples: readonly RunSample[] = [];
  private resumptions: readonly number[];
  private readonly startedSeconds: number;
  private readonly nowMs: () => number;
  private intervalMs = runSampleMs;
  private lookedMs = -Infinity;

  /**
   * `startedSeconds`: when the job first began, seconds since 1970. `resumptions`: those of attempts before this one.
   * `nowMs`: the time, ms since 1970.
   */
  constructor(startedSeconds: number, resumptions: readonly number[], nowMs: () => number = Date.now) {
    this.startedSeconds = startedSeconds;
    this.resumptions = resumptions;
    this.nowMs = nowMs;
  }

  /** The work is taken up again, where it was or at the segment's beginning. */
  resumed(): void {
    this.resumptions = [...this.resumptions, this.seconds()].slice(-resumptionsMax);
  }

  /** Remembers figures where the last ones are old enough, or it is the segment's last look. */
  look({ processedLines, linesPerSecond, memoryBytes, batchSize }: LiveFigures, last = false): void {
    const now = this.nowMs();
    if (!last && now - this.lookedMs < this.intervalMs) return;
    this.lookedMs = now;
    // 0 is no figure: at the archive's end the decoder has let go of a window that is still counted as its own
    const memoryMb = memoryBytes === 0 ? (this.samples.at(-1)?.[3] ?? 0) : Math.round(memoryBytes / 1e6);
    this.samples = [...this.samples, [this.seconds(), processedLines, linesPerSecond, memoryMb, batchSize]];
    if (this.samples.length <= samplesMax) return;
    this.samples = thinned(this.samples, samplesMax);
    this.intervalMs *= 2;
  }

  get record(): RunRecord {
    return { samples: this.samples, resumptions: this.resumptions };
  }

  /** To a tenth. */
  private seconds(): number {
    return Math.max(0, Math.round((this.nowMs() - this.startedSeconds * 1000) / 100) / 10);
  }
}
