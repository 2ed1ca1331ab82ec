/** What the keys of a live view do to the job that it shows. */
import type { JobProgress } from '../contract/job.ts';
import { count } from '../core/figures.ts';
import type { Threadmill } from './ports.ts';

/** Lines of a batch that `+` and `-` step through; the job itself knows its bounds. */
const batchSteps = [
  100, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 4000, 5000, 7000, 10_000, 20_000, 50_000,
];

/** The next step up or down from a size; the size itself where there is none. */
export function nextBatchSize(lines: number, direction: 1 | -1): number {
  const next =
    direction === 1 ? batchSteps.find((step) => step > lines) : batchSteps.findLast((step) => step < lines);
  return next ?? lines;
}

type Steered = Pick<Threadmill, 'pauseJob' | 'unpauseJob' | 'setBatchSize'>;

export interface Steering {
  /** What a key does; false: it does nothing. */
  press(key: string): boolean;
  seen(progress: JobProgress): void;
}

export interface SteeringOptions {
  readonly threadmill: Steered;
  /** Said once a command took effect, or why it did not. */
  readonly say: (text: string) => void;
  /** Shown while it is under way; empty: nothing is. */
  readonly note: (text: string) => void;
}

/** Pause and batch size of one job by key. One command at a time; of sizes asked for meanwhile the last one counts. */
export function createSteering({ threadmill, say, note }: SteeringOptions): Steering {
  let last: JobProgress | null = null;
  let busy = false;
  let wanted: number | null = null;

  /** Runs one command to its end, whatever it is. */
  async function command(doing: string, act: () => Promise<string | null>): Promise<void> {
    busy = true;
    note(doing);
    try {
      const done = await act();
      if (done !== null) say(done);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    } finally {
      busy = false;
      note('');
    }
  }

  async function pauseOrResume(progress: JobProgress): Promise<void> {
    const { jobId } = progress;
    if (progress.state === 'paused') {
      await command('going on …', async () => {
        await threadmill.unpauseJob(jobId);
        return 'Going on';
      });
    } else {
      await command('pausing …', async () => {
        await threadmill.pauseJob(jobId);
        // that it is paused is said when it is, whoever asked for it
        return null;
      });
    }
  }

  async function resize(jobId: string): Promise<void> {
    while (wanted !== null) {
      const lines = wanted;
      wanted = null;
      await command(`batch size ${count(lines)} …`, async () => {
        const took = await threadmill.setBatchSize(jobId, lines);
        return `Batch size ${count(took)} from here`;
      });
    }
  }

  return {
    seen(progress) {
      last = progress;
    },
    press(key) {
      const progress = last;
      if (progress === null) return false;
      if (key === 'p') {
        if (!busy) void pauseOrResume(progress);
        return true;
      }
      if ((key !== '+' && key !== '-' && key !== '=') || progress.frames !== undefined) return false;
      // + without shift on many keyboards
      const lines = nextBatchSize(wanted ?? progress.batchSize, key === '-' ? -1 : 1);
      wanted = lines;
      if (!busy) void resize(progress.jobId);
      return true;
    },
  };
}
