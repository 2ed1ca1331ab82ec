/** What befalls the server, and a run that holds it: these have a stage of their own, since all jobs of a server suffer. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Random } from '../../samples/generator/random.ts';
import { findTemporal } from '../../src/server/binary.ts';
import { isAlive, terminate } from '../../src/server/host.ts';
import { readServerFile } from '../../src/server/server-file.ts';
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
  type Outcome,
  type Subject,
} from './cycle.ts';
import { sleep, struck, type Fault } from './faults-process.ts';
import type { Lane, LaneJob } from './lane.ts';

/** How long a server stays away, ms. */
const awayMs = 60_000;

function onServer(
  name: string,
  cycles: number,
  strike: (lane: Lane, random: Random, watch: Watch) => Promise<void>,
): Fault {
  return {
    name,
    cycles,
    async cycle(lane, random) {
      await lane.ready();
      const subject = await subjectFor(lane, random);
      const job = await lane.start(subject.archive, subject.settings);
      return struck(lane, subject, job, async () => {
        const victim = await lane.busy();
        await worked(job.dataset, 1 + random.below(partsOf(subject) / 2));
        // so that something is left to be done when the server is back
        victim.slow();
        const watch = new Watch(job.dataset);
        await strike(lane, random, watch);
        victim.thaw();
        return { ...(await watch.goesOn()), underWay: 0 };
      });
    },
  };
}

async function another(lane: Lane, pid: number): Promise<void> {
  const { server } = lane.stage;
  await until('another server', () => server.pid !== 0 && server.pid !== pid, 60_000);
}

const serverKilled = onServer('server SIGKILL', 12, async (lane, _random, watch) => {
  const { pid } = lane.stage.server;
  process.kill(pid, 'SIGKILL');
  await another(lane, pid);
  watch.restart();
});

const serverFrozen = onServer(
  'server SIGSTOP for up to 8 s, then SIGCONT',
  8,
  async (lane, random, watch) => {
    const { pid } = lane.stage.server;
    process.kill(pid, 'SIGSTOP');
    await sleep(random.below(8_000));
    process.kill(pid, 'SIGCONT');
    watch.restart();
  },
);

const serverAway = onServer('server away for 60 s', 2, async (lane, _random, watch) => {
  const { pid } = lane.stage.server;
  const file = readServerFile(path.join(lane.stage.folder, 'server'));
  const supervisor = file?.supervisorPid;
  if (supervisor === undefined) throw new Error('No supervisor to be held');
  process.kill(supervisor, 'SIGSTOP');
  process.kill(pid, 'SIGKILL');
  await sleep(awayMs);
  process.kill(supervisor, 'SIGCONT');
  await another(lane, pid);
  watch.restart();
});

/** `threadmill run` with its own embedded server. */
async function ownRun(lane: Lane, subject: Subject, out: string): Promise<Program> {
  const flags = [...flagsOf(subject), '--threads', '1'];
  const env = { TEMPORAL_CLI: await findTemporal() };
  return lane.program(
    ['run', subject.archive.path, '--json', '--log-level', 'debug', '--out', out, ...flags],
    {
      env,
    },
  );
}

/** Ends the embedded server of a run in the lane's folder; `forget`: its database goes too. */
async function endServer(lane: Lane, forget: boolean): Promise<void> {
  const data = path.join(lane.stage.folder, 'data');
  const left = readServerFile(path.join(data, 'checkpoints'));
  for (const pid of [left?.supervisorPid, left?.temporalPid ?? undefined])
    if (pid !== undefined && isAlive(pid)) await terminate(pid, 5_000);
  if (forget) rmSync(data, { recursive: true, force: true });
}

/** The one object that `--json` ends with. */
function jsonIn(stdout: string): Pick<LaneJob, 'jobId'> | null {
  try {
    return JSON.parse(stdout) as Pick<LaneJob, 'jobId'>;
  } catch {
    return null;
  }
}

function wholeRun(name: string, cycles: number, forget: boolean): Fault {
  return {
    name,
    cycles,
    async cycle(lane, random): Promise<Outcome> {
      await lane.ready(1);
      const subject = await subjectFor(lane, random);
      await lane.ready(0);
      const out = lane.stage.freshOut();
      const dataset = path.join(out, subject.archive.name);
      const first = await ownRun(lane, subject, out);
      await worked(dataset, 1 + random.below(partsOf(subject) - 5));
      await sleep(random.below(40));
      first.freeze();
      const watch = new Watch(dataset);
      await first.kill();
      if (forget || random.chance(1 / 2)) await endServer(lane, forget);
      watch.restart();
      const again = await ownRun(lane, subject, out);
      const told = (error: unknown): never => {
        const talk = again.stderr.split('\n').filter((line) => !line.includes('"level":20'));
        throw new Error(`${again.stdout}\n${talk.slice(-30).join('\n')}`, { cause: error });
      };
      const blow: Blow = await watch.goesOn().catch(told);
      const ended = await again.ended;
      const { jobId } = jsonIn(again.stdout) ?? told('no one object on standard output');
      const result = Promise.reject(new Error('Its own server knew'));
      result.catch(() => undefined);
      const outcome = await examine(lane, subject, { jobId, dataset, result }, blow);
      await endServer(lane, true);
      return ended === 0
        ? outcome
        : { ...outcome, problems: [...outcome.problems, `exit code ${ended}: ${again.stderr}`] };
    },
  };
}

export const serverFaults: readonly Fault[] = [
  serverKilled,
  serverFrozen,
  serverAway,
  wholeRun('threadmill run (client, worker, server) SIGKILL, then run again', 6, false),
  wholeRun('the same, and the database of the server is lost', 6, true),
];
