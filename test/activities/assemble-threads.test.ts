import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { asyncLocalStorage, type Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { assembleThreads } from '../../src/activities/assemble-threads.ts';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { Turns } from '../../src/activities/turns.ts';
import type { AssemblyHeartbeat, AssemblyInput, AssemblyResult } from '../../src/contract/assembly.ts';
import { spillsOf } from '../../src/contract/job-state.ts';
import { ProcessMemory } from '../../src/engine/resources/process-memory.ts';
import { defaultJobSettings } from '../../src/settings/job-settings.ts';
import { jobState } from '../contract/scene.ts';
import { inFolder, snapshot } from '../engine/dataset/scene.ts';
import { buckets, jobId, spillPair } from '../engine/dataset/thread-scene.ts';

/** The part of an activity's surroundings that it uses, and what it did with it. */
class ActivityScene {
  readonly beats: AssemblyHeartbeat[] = [];
  readonly dropped: string[] = [];
  readonly abort = new AbortController();
  readonly turns = new Turns();
  readonly memory = new ProcessMemory(0);
  details: Readonly<Record<string, boolean>> = {};
  readonly input: AssemblyInput;

  constructor(input: AssemblyInput) {
    this.input = input;
  }

  run(change: Partial<AssemblyInput> = {}, heartbeatDetails?: unknown): Promise<AssemblyResult> {
    const details = (): ActivityScene['details'] => this.details;
    const context = {
      info: { attempt: 1, workflowExecution: { workflowId: jobId }, heartbeatDetails },
      heartbeat: (beat: AssemblyHeartbeat) => this.beats.push(structuredClone(beat)),
      cancellationSignal: this.abort.signal,
      get cancellationDetails() {
        return details();
      },
      log: { debug: () => undefined },
    };
    const deps = {
      threads: 1,
      turns: this.turns,
      memory: this.memory,
      sessions: {
        drop: (job: string) => {
          this.dropped.push(job);
          return Promise.resolve();
        },
      },
    };
    return asyncLocalStorage.run(context as unknown as Context, () =>
      assembleThreads(deps as unknown as ActivityDependencies, { ...this.input, ...change }),
    );
  }

  /** As the SDK does. */
  stop(details: Readonly<Record<string, boolean>>): void {
    this.details = details;
    this.abort.abort(new CancelledFailure('CANCELLED'));
  }
}

/** Three buckets to be built. */
async function withSpills(use: (scene: ActivityScene, folder: string) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const dataset = path.join(folder, 'dataset');
    const { comments, submissions } = await spillPair(dataset, 'jsonl');
    const state = { ...jobState(), ...comments, joined: { ...jobState(), ...submissions } };
    const input: AssemblyInput = {
      settings: { ...defaultJobSettings(), format: 'jsonl' },
      dataset,
      buckets,
      joined: true,
      spills: spillsOf(state),
      todo: [0, 1, 2],
    };
    await use(new ActivityScene(input), dataset);
  });
}

const indices = ({ built }: Pick<AssemblyResult, 'built'>): readonly number[] =>
  built.map(([index]) => index);

async function namesIn(folder: string, stem: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(stem)).sort();
}

describe('assembleThreads()', () => {
  it('builds its group from the spills of both archives, and gives what it built and what it used', () =>
    withSpills(async (scene, folder) => {
      const result = await scene.run();
      assert.deepEqual(indices(result), [0, 1, 2]);
      assert.deepEqual(
        await namesIn(folder, 'threads-'),
        [0, 1, 2].map((at) => `threads-0000${at}.jsonl`),
      );
      assert.deepEqual(scene.dropped, [jobId], 'a decoder that waits would hold its window');
      assert.ok(result.peakMemoryBytes > 0 && result.figures.bucketsPerSecond > 0);
      assert.ok(result.stats !== null && result.stats.limitBytes === 512_000_000);
      assert.equal(scene.memory.jobBytes(100), 100, 'it is counted as a user no longer');
    }));

  it('goes on with what a lost attempt had built, and builds that no second time', () =>
    withSpills(async (scene, folder) => {
      const first = await scene.run({ todo: [0, 2] });
      await rm(path.join(folder, 'threads-00000.jsonl'));
      const { built } = await scene.run({}, { built: first.built, failures: 0 });
      assert.deepEqual(
        built.map(([index]) => index),
        [0, 2, 1],
      );
      assert.deepEqual(await namesIn(folder, 'threads-'), ['threads-00001.jsonl', 'threads-00002.jsonl']);
    }));

  it('starts its group again without checkpoints, and tells a heartbeat nothing to resume from', () =>
    withSpills(async (scene, folder) => {
      const settings = { ...defaultJobSettings(), format: 'jsonl', enableCheckpoints: false } as const;
      const first = await scene.run({ todo: [0], settings });
      const before = await snapshot(folder);
      await rm(path.join(folder, 'threads-00000.jsonl'));
      const again = await scene.run({ todo: [0], settings }, { built: first.built, failures: 0 });
      assert.deepEqual([indices(again), await snapshot(folder)], [[0], before]);
      assert.ok(scene.beats.length > 0 && scene.beats.every(({ built }) => built.length === 0));
    }));

  it('waits for its turn while another of its job is at work, and beats meanwhile', () =>
    withSpills(async (scene) => {
      const end = await scene.turns.take(jobId, new AbortController().signal);
      const waiting = scene.run();
      while (scene.beats.length < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      assert.deepEqual(scene.dropped, [], 'it has begun');
      end();
      assert.deepEqual(indices(await waiting), [0, 1, 2]);
    }));

  for (const details of [{ cancelRequested: true }, { workerShutdown: true }]) {
    it(`returns what is done on ${Object.keys(details).join()}, while it waits for its turn`, () =>
      withSpills(async (scene, folder) => {
        const end = await scene.turns.take(jobId, new AbortController().signal);
        const { built } = await new ActivityScene(scene.input).run({ todo: [1] });
        const waiting = scene.run({}, { built, failures: 0 });
        scene.stop(details);
        assert.deepEqual(indices(await waiting), [1]);
        assert.deepEqual(await namesIn(folder, 'threads-'), ['threads-00001.jsonl']);
        end();
      }));
  }

  it('tells the server what is done where it was paused or is no longer wanted', () =>
    withSpills(async (scene) => {
      const { built } = await new ActivityScene(scene.input).run({ todo: [1] });
      const end = await scene.turns.take(jobId, new AbortController().signal);
      const waiting = scene.run({}, { built, failures: 0 });
      scene.stop({ paused: true });
      await assert.rejects(waiting, CancelledFailure);
      assert.deepEqual(indices(scene.beats.at(-1) ?? { built: [] }), [1]);
      end();
    }));

  it('fails with what it had built in its details where a spill is gone', () =>
    withSpills(async (scene, folder) => {
      const { built } = await scene.run({ todo: [2] });
      await rm(path.join(folder, 'submissions-00000.spill'));
      await assert.rejects(scene.run({}, { built, failures: 0 }), (error: Error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.deepEqual([error.type, error.nonRetryable], ['DATASET_INVALID', true]);
        assert.deepEqual(error.details?.[1], { built });
        return true;
      });
    }));

  it('refuses to commit into a folder that is another job’s by now', () =>
    withSpills(async (scene, folder) => {
      await rm(path.join(folder, '.threadmill-job.json'));
      await assert.rejects(scene.run(), (error: Error) => {
        assert.ok(error instanceof ApplicationFailure);
        assert.equal(error.type, 'DATASET_IN_USE');
        return true;
      });
      assert.deepEqual(await namesIn(folder, 'threads-'), []);
    }));
});
