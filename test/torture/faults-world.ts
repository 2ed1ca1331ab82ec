/** What befalls the world around a job: a full disk, a folder that may not be written, no more files, another clock or build. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Random } from '../../samples/generator/random.ts';
import type { Program } from '../e2e/program.ts';
import { until } from '../e2e/until.ts';
import { examine, partsOf, subjectFor, Watch, worked, type Subject } from './cycle.ts';
import { codeOf, sleep, struck, type Fault } from './faults-process.ts';
import type { Lane } from './lane.ts';

const root = path.join(import.meta.dirname, '../..');
const fakeTime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1';

function isRoot(): string | null {
  return process.getuid?.() === 0 ? null : 'needs root, to mount a small file system';
}

/** A file system of its own for the output of one cycle. */
async function onTmpfs<T>(lane: Lane, kib: number, use: (out: string) => Promise<T>): Promise<T> {
  const out = lane.stage.freshOut();
  mkdirSync(out);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', out]);
  try {
    return await use(out);
  } finally {
    await until('the file system to be let go', () => {
      try {
        execFileSync('umount', [out], { stdio: 'ignore' });
        return true;
      } catch {
        return false; // a worker has a file open there, for a moment
      }
    });
  }
}

const remount = (out: string, options: string): void => {
  execFileSync('mount', ['-o', `remount,${options}`, out]);
};

/** Bytes that a finished dataset takes. */
function bytesOf({ undisturbed }: Subject): number {
  const { parts, threads, rejects } = undisturbed.manifest;
  const files = [...(threads ?? parts), ...(rejects === null ? [] : [rejects])];
  return files.reduce((sum, file) => sum + ('bytes' in file ? file.bytes : 0), 0);
}

const diskFull: Fault = {
  name: 'disk full, until room is made',
  cycles: 6,
  missing: isRoot,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    const kib = Math.floor((bytesOf(subject) / 1024) * (0.2 + random.float() * 0.7));
    return onTmpfs(lane, kib, async (out) => {
      const job = await lane.start(subject.archive, subject.settings, out);
      return struck(lane, subject, job, async () => {
        const { trouble } = await until(
          'the job to say so',
          async () => {
            const progress = await lane.threadmill.getJobProgress(job.jobId);
            return progress.trouble === undefined ? null : progress;
          },
          60_000,
        );
        if (trouble?.includes('no space left on its disk') !== true)
          throw new Error(`It says ${trouble ?? 'nothing'}`);
        const watch = new Watch(job.dataset);
        remount(out, 'size=256m');
        return { ...(await watch.goesOn()), underWay: 0 };
      });
    });
  },
};

/** The flag that keeps even root from making a file in a folder. */
function canBeImmutable(): string | null {
  try {
    execFileSync('chattr', ['-i', tmpdir()], { stdio: 'ignore' });
    return isRoot();
  } catch {
    return 'needs chattr and a file system that knows it';
  }
}

const denied: Fault = {
  name: 'folder can no longer be written; mended, then resumed',
  cycles: 6,
  missing: canBeImmutable,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    const job = await lane.start(subject.archive, subject.settings);
    await worked(job.dataset, 1 + random.below(partsOf(subject) - 5));
    execFileSync('chattr', ['+i', job.dataset]);
    try {
      const code = await job.result.then(() => 'done', codeOf);
      if (code !== 'OUTPUT_DENIED') throw new Error(`It ended with ${code}`);
    } finally {
      execFileSync('chattr', ['-i', job.dataset]);
    }
    const watch = new Watch(job.dataset);
    const resumed = lane.resume(job.jobId);
    const blow = await watch.goesOn();
    await resumed;
    return examine(lane, subject, job, blow);
  },
};

/** A limit that leaves no file to be opened. */
const noFiles: Fault = {
  name: 'no file descriptor left in the worker, 2 to 6 s',
  cycles: 8,
  async cycle(lane, random) {
    await lane.ready();
    const subject = await subjectFor(lane, random);
    const job = await lane.start(subject.archive, subject.settings);
    return struck(lane, subject, job, async () => {
      const victim = await lane.busy();
      await worked(job.dataset, 1 + random.below(partsOf(subject) - 5));
      const before =
        /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${victim.pid}/limits`, 'utf8'))?.[1] ?? '1024';
      limitFiles(victim, String(readdirSync(`/proc/${victim.pid}/fd`).length + random.below(3)));
      const watch = new Watch(job.dataset);
      await Promise.race([sleep(2_000 + random.below(4_000)), job.result]);
      limitFiles(victim, before);
      watch.restart();
      return { ...(await watch.goesOn()), underWay: 0 };
    });
  },
};

/** Node itself aborts where it can't open what it needs for a context: then the other worker goes on. */
function limitFiles(victim: Program, files: string): void {
  try {
    execFileSync('prlimit', ['--pid', String(victim.pid), `--nofile=${files}:`], { stdio: 'ignore' });
  } catch (error) {
    if (victim.isRunning) throw error;
  }
}

/** A worker whose clock jumps an hour ahead and two back, in the middle of its work. */
const clockSteps: Fault = {
  name: 'clock of the worker steps by +1 h and -2 h',
  cycles: 6,
  missing: () => (existsSync(fakeTime) ? null : 'needs libfaketime, of Debian'),
  async cycle(lane, random) {
    await lane.ready(0);
    const subject = await subjectFor(lane, random);
    const clock = path.join(lane.stage.folder, 'clock');
    writeFileSync(clock, '+0');
    const env = {
      LD_PRELOAD: fakeTime,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      // time that only goes on is another clock
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const worker = await lane.worker({ env });
    try {
      const job = await lane.start(subject.archive, subject.settings);
      return await struck(lane, subject, job, async () => {
        await worked(job.dataset, 1);
        writeFileSync(clock, '+1h');
        await worked(job.dataset, 2 + random.below(8));
        writeFileSync(clock, '-1h');
        return { resumeMs: null, underWay: 0 };
      });
    } finally {
      await worker.kill();
    }
  },
};

/** Another build of the same release: its workflow bundle differs, compatibly. */
function upgradedBuild(lane: Lane): string {
  const folder = path.join(lane.stage.folder, 'upgraded');
  const client = path.join(folder, 'src/client.ts');
  if (existsSync(client)) return client;
  cpSync(path.join(root, 'src'), path.join(folder, 'src'), { recursive: true });
  cpSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  const details = path.join(folder, 'src/workflows/details.ts');
  const text = readFileSync(details, 'utf8');
  const changed = text.replace("['lines',", "['build', 'upgraded'],\n    ['lines',");
  if (changed === text) throw new Error('The upgraded build would be the same one');
  writeFileSync(details, changed);
  return client;
}

const upgrade: Fault = {
  name: 'worker upgraded in mid-job to another build',
  cycles: 6,
  async cycle(lane, random: Random) {
    const [old] = await lane.ready(1);
    if (old === undefined) throw new Error('No worker to upgrade');
    const subject = await subjectFor(lane, random);
    const job = await lane.start(subject.archive, { ...subject.settings, maxCheckpointsPerJob: 2 });
    let upgraded;
    try {
      return await struck(lane, subject, job, async () => {
        await worked(job.dataset, 1 + random.below(partsOf(subject) - 6));
        old.freeze();
        const watch = new Watch(job.dataset);
        if (random.chance(1 / 2)) await old.kill();
        else await old.stop();
        upgraded = await lane.worker({ client: upgradedBuild(lane) });
        watch.restart();
        return watch.goesOn();
      });
    } finally {
      await (upgraded as unknown as { kill(): Promise<void> } | undefined)?.kill();
    }
  },
};

export const worldFaults: readonly Fault[] = [diskFull, denied, noFiles, clockSteps, upgrade];
