/** What befalls processes: killed, frozen, woken too late, starved. */
import type { Random } from '../../samples/generator/random.ts';
import { partFile, partNaming, rejectsFile } from '../../src/contract/part.ts';
import { totalOf } from '../../src/core/fates.ts';
import { until } from '../e2e/until.ts';
import type { Program } from '../e2e/program.ts';
import {
  examine,
  flagsOf,
  partsOf,
  subjectFor,
  Watch,
  worked,
  type Blow,
  type Cut,
  type Outcome,
  type Subject,
} from './cycle.ts';
import type { Lane, LaneJob } from './lane.ts';
import type { DangerPoint, Trap } from './trap.ts';

export interface Fault {
  readonly name: string;
  /** Cycles of a full run. */
  readonly cycles: number;
  /** Why it can't be had on this machine; null: it can. */
  readonly missing?: () => string | null;
  cycle(lane: Lane, random: Random): Promise<Outcome>;
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Longer than the heartbeat time-out of 5 s: the server has given the attempt up. */
const givenUpMs = 6_500;

/** A job under a blow; its dataset is examined when it has ended. */
export async function struck(
  lane: Lane,
  subject: Subject,
  job: LaneJob,
  blow: () => Promise<Blow>,
): Promise<Outcome> {
  const struckBy = await blow();
  await job.result;
  return examine(lane, subject, job, struckBy);
}

/** A moment of the job's work: so many parts stand there, and a little more. */
async function someMoment(job: LaneJob, subject: Subject, random: Random): Promise<void> {
  await worked(job.dataset, 1 + random.below(partsOf(subject) - 5));
  await sleep(random.below(40));
}

/** Kills what works for the job; another worker, or the next one, goes on. */
function killed(
  name: string,
  cycles: number,
  signal: (victim: Program, random: Random) => Promise<void>,
  cut: Cut = 'small parts',
): Fault {
  return {
    name,
    cycles,
    async cycle(lane, random) {
      await lane.ready();
      const subject = await subjectFor(lane, random, cut);
      const job = await lane.start(subject.archive, subject.settings);
      return struck(lane, subject, job, async () => {
        const victim = await lane.busy();
        await someMoment(job, subject, random);
        victim.freeze();
        const watch = new Watch(job.dataset);
        await signal(victim, random);
        return watch.goesOn();
      });
    },
  };
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)] as T;
}

/** A trap on some part of the job, or on its publication. */
function trapFor(point: DangerPoint, what: 'part' | 'publication', subject: Subject, random: Random): Trap {
  const { parts, threads } = subject.undisturbed.manifest;
  const buckets = threads?.length ?? 0;
  const naming = partNaming({ ...subject.undisturbed.manifest.settings, kind: 'comments', buckets });
  const { index } = pick(parts, random);
  const withRejects = pick(
    parts.filter(({ counters }) => totalOf(counters.rejected) > 0),
    random,
  ).index;
  const joined = random.chance(1 / 2) ? 'manifest.json' : 'rejects.jsonl.zst';
  const published = point === 'removed' ? rejectsFile(withRejects, naming) : joined;
  const written = random.chance(1 / 4) ? rejectsFile(withRejects, naming) : partFile(index, naming);
  const assembled = buckets > 0 && random.chance(1 / 3) ? 'threads-00000' : written;
  const file = what === 'publication' ? published : assembled;
  return { point, file, signal: 'SIGKILL' };
}

function trapped(
  name: string,
  cycles: number,
  points: readonly DangerPoint[],
  what: 'part' | 'publication',
): Fault {
  return {
    name,
    cycles,
    async cycle(lane, random) {
      await lane.ready();
      const subject = await subjectFor(lane, random);
      const point = points[random.below(points.length)] as DangerPoint;
      lane.arm(trapFor(point, what, subject, random));
      const job = await lane.start(subject.archive, subject.settings);
      return struck(lane, subject, job, async () => {
        await (
          await lane.sprung(job)
        ).ended;
        const watch = new Watch(job.dataset);
        // behind the last piece nothing is left to be seen but the job's end
        const blow = await Promise.race([
          watch.goesOn(),
          job.result.then(() => ({ resumeMs: null, underWay: 0 })),
        ]);
        return blow;
      });
    },
  };
}

/** A worker that stops inside a commit, and wakes when its successor has finished the job. */
function zombie(
  name: string,
  cycles: number,
  points: readonly DangerPoint[],
  what: 'part' | 'publication',
): Fault {
  return {
    name,
    cycles,
    async cycle(lane, random) {
      await lane.ready();
      const subject = await subjectFor(lane, random);
      const point = points[random.below(points.length)] as DangerPoint;
      lane.arm({ ...trapFor(point, what, subject, random), signal: 'SIGSTOP' });
      const job = await lane.start(subject.archive, subject.settings);
      return struck(lane, subject, job, async () => {
        const victim = await lane.sprung(job);
        const watch = new Watch(job.dataset);
        const blow = await watch.goesOn();
        await job.result;
        victim.thaw();
        // it hears of its end with its next heartbeat
        await sleep(1_500);
        return blow;
      });
    },
  };
}

const kill = (victim: Program): Promise<void> => victim.kill();

async function shutDown(victim: Program, random: Random): Promise<void> {
  victim.thaw();
  process.kill(victim.pid, 'SIGTERM');
  await sleep(random.below(1_200));
  await victim.kill();
}

async function freezeFor(victim: Program, ms: number): Promise<void> {
  await sleep(ms);
  victim.thaw();
}

/** Of an error of the library. */
export function codeOf(error: unknown): string {
  return String((error as { readonly code?: unknown }).code);
}

const everyAttempt: Fault = {
  name: 'every attempt at one part killed (ten, then WORKER_LOST), then resumed',
  cycles: 1,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    lane.arm({ point: 'written', file: 'part-00003', signal: 'SIGKILL', again: true });
    const job = await lane.start(subject.archive, subject.settings);
    const keeper = setInterval(() => {
      if (lane.running.length === 0) void lane.worker().catch(() => undefined);
    }, 4_000);
    try {
      const code = await job.result.then(() => 'none', codeOf);
      const deaths = lane.sprungPids().length;
      lane.disarm();
      const watch = new Watch(job.dataset);
      const resumed = lane.resume(job.jobId);
      const blow = await watch.goesOn();
      await resumed;
      const outcome = await examine(lane, subject, job, blow);
      const wrong =
        code === 'WORKER_LOST' && deaths >= 10 && deaths <= 20
          ? []
          : [`it ended with ${code} after ${deaths} deaths`];
      return { ...outcome, problems: [...outcome.problems, ...wrong] };
    } finally {
      clearInterval(keeper);
    }
  },
};

const continued: Fault = {
  name: 'worker SIGKILL at continue-as-new',
  cycles: 10,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    const job = await lane.start(subject.archive, { ...subject.settings, maxCheckpointsPerJob: 1 });
    const handle = lane.threadmill.client.workflow.getHandle(job.jobId);
    const { runId } = await handle.describe();
    return struck(lane, subject, job, async () => {
      const victim = await lane.busy();
      await until('another run', async () => (await handle.describe()).runId !== runId, 60_000);
      await sleep(random.below(30));
      const watch = new Watch(job.dataset);
      await victim.kill();
      return watch.goesOn();
    });
  },
};

const client: Fault = {
  name: 'client SIGKILL or SIGSTOP while it starts and watches',
  cycles: 10,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    const out = lane.stage.freshOut();
    const flags = ['--address', lane.stage.server.address, '--task-queue', lane.taskQueue, '--out', out];
    const program = lane.program(['start', subject.archive.path, '--json', ...flags, ...flagsOf(subject)]);
    const { jobId, dataset } = JSON.parse(await program.firstLine()) as LaneJob;
    const watching = lane.program(['watch', jobId, ...flags.slice(0, 4)]);
    const job: LaneJob = { jobId, dataset, result: lane.wait(jobId) };
    return struck(lane, subject, job, async () => {
      await sleep(random.below(1_000));
      if (random.chance(1 / 2)) await watching.kill();
      else {
        watching.freeze();
        await job.result;
        watching.thaw();
        await watching.ended;
      }
      await watching.kill();
      return { resumeMs: null, underWay: 0 };
    });
  },
};

/** Busy loops in four processes: heartbeats have to find their moment. */
const load: Fault = {
  name: 'worker on a tenth of its time under heavy load, 8 s',
  cycles: 6,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    const job = await lane.start(subject.archive, subject.settings);
    return struck(lane, subject, job, async () => {
      const victim = await lane.busy();
      await someMoment(job, subject, random);
      const hogs = Array.from({ length: 4 }, () => lane.hog());
      victim.slow();
      await Promise.race([sleep(8_000), job.result]);
      victim.thaw();
      await Promise.all(hogs.map((hog) => hog.kill()));
      return { resumeMs: null, underWay: 0 };
    });
  },
};

export const processFaults: readonly Fault[] = [
  killed('worker SIGKILL at a random moment', 44, kill),
  killed('the same, parts of 32 MiB', 10, kill, 'large parts'),
  trapped('worker SIGKILL before fsync', 14, ['written'], 'part'),
  trapped('worker SIGKILL between fsync and rename', 14, ['synced'], 'part'),
  trapped('worker SIGKILL between rename and heartbeat', 14, ['renamed'], 'part'),
  trapped('worker SIGKILL at publish', 20, ['written', 'synced', 'renamed', 'removed'], 'publication'),
  continued,
  killed('worker SIGKILL while shutting down', 12, shutDown),
  killed('worker SIGSTOP under 5 s, then SIGCONT', 8, (victim, random) =>
    freezeFor(victim, random.below(4_000)),
  ),
  killed('worker SIGSTOP over 5 s: two workers race', 12, (victim) => freezeFor(victim, givenUpMs)),
  zombie(
    'zombie inside a commit wakes after its successor ended',
    14,
    ['written', 'synced', 'renamed'],
    'part',
  ),
  zombie(
    'zombie inside a publication wakes after the end',
    8,
    ['written', 'synced', 'renamed', 'removed'],
    'publication',
  ),
  load,
  client,
  everyAttempt,
];
