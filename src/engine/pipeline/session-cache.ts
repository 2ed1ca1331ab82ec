/** Sessions parked between two segments of their jobs. A cache, never the truth: a lost one costs decoding again. */
import { pipelineIdleMs } from '../../core/limits.ts';
import type { ResumePoint, SegmentInput } from '../../contract/job.ts';
import type { MillSession } from './mill-session.ts';

export class SessionCache {
  private readonly parked = new Map<
    string,
    { readonly session: MillSession; readonly timer: NodeJS.Timeout }
  >();
  private readonly idleMs: number;

  /** `idleMs`: a session nobody takes is closed after it; its window may hold 2 GiB. */
  constructor(idleMs = pipelineIdleMs) {
    this.idleMs = idleMs;
  }

  get size(): number {
    return this.parked.size;
  }

  /** Keeps a session for the job's next segment, in place of one that may be there. */
  park(jobId: string, session: MillSession): void {
    void this.drop(jobId);
    const timer = setTimeout(() => {
      void this.drop(jobId);
    }, this.idleMs);
    timer.unref();
    this.parked.set(jobId, { session, timer });
  }

  /** The job's session if it can serve the segment; one that can't is closed. */
  take(jobId: string, input: SegmentInput, next: ResumePoint): MillSession | null {
    const found = this.parked.get(jobId);
    if (found === undefined) return null;
    if (!found.session.serves(input, next)) {
      void this.drop(jobId);
      return null;
    }
    clearTimeout(found.timer);
    this.parked.delete(jobId);
    return found.session;
  }

  /** Closes what is parked for a job. */
  async drop(jobId: string): Promise<void> {
    const found = this.parked.get(jobId);
    if (found === undefined) return;
    clearTimeout(found.timer);
    this.parked.delete(jobId);
    await found.session.close();
  }

  async close(): Promise<void> {
    const sessions = [...this.parked.values()];
    this.parked.clear();
    for (const { timer } of sessions) clearTimeout(timer);
    await Promise.all(sessions.map(({ session }) => session.close()));
  }
}
