/** Any JSON as the input of a job, and as signals, updates and queries of one that runs: no workflow task may fail for ever. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { createRandom, type Random } from '../../samples/generator/random.ts';
import type { ArchiveJobInput } from '../../src/contract/job.ts';
import { archiveOf, manyFrames, shortComments } from '../e2e/archives.ts';
import { assertWhole } from '../e2e/datasets.ts';
import { committed, eventsOf, type Stage } from '../e2e/stage.ts';
import { until } from '../e2e/until.ts';
import { mutatedJson, pick, randomJson } from './random-json.ts';

export interface WorkflowReport {
  readonly inputs: number;
  readonly completed: number;
  readonly commands: number;
}

const names = [
  'setBatchSize',
  'setMaxMemory',
  'pause',
  'resume',
  'progress',
  'stats',
  'config',
  'rejects',
  'nonsense',
  '__proto__',
] as const;

/** The input that a closed job is resumed with: the largest one that there is. */
async function seedInput(stage: Stage, out: string): Promise<ArchiveJobInput> {
  const archive = await archiveOf(shortComments);
  const job = await stage.job(archive, { partMib: 2, maxCheckpointsPerJob: 1 }, out);
  await stage.threadmill.waitForJob(job.jobId);
  const [event] = await eventsOf(job.handle);
  const [payload] = event?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
  return JSON.parse(Buffer.from(payload?.data ?? []).toString()) as ArchiveJobInput;
}

async function noTaskFailed(handle: WorkflowHandle, what: string): Promise<void> {
  for (const event of await eventsOf(handle)) {
    const failure = event.workflowTaskFailedEventAttributes?.failure;
    // a command came in the moment in which the job ended: the task is done anew, with it
    if (failure?.message === 'UnhandledCommand') continue;
    assert.equal(
      failure?.message,
      undefined,
      `A workflow task failed for ${what}: ${failure?.stackTrace ?? ''}`,
    );
  }
}

async function startAny(stage: Stage, input: unknown, id: string): Promise<boolean> {
  const { client } = stage.threadmill;
  const what = JSON.stringify({ input }).slice(0, 3_000);
  const { workflowId } = await client.workflow.start('archiveWorkflow', {
    workflowId: id,
    taskQueue: stage.taskQueue,
    args: input === undefined ? [] : [input],
  });
  const handle = client.workflow.getHandle(workflowId);
  const { status } = await until(
    `the end of ${what}`,
    async () => {
      await noTaskFailed(handle, what);
      const description = await handle.describe();
      return description.status.name === 'RUNNING' ? null : description;
    },
    60_000,
  );
  assert.ok(status.name === 'FAILED' || status.name === 'COMPLETED', `${status.name}: ${what}`);
  return status.name === 'COMPLETED';
}

async function command(handle: WorkflowHandle, random: Random): Promise<void> {
  const name = pick(random, names);
  const args = Array.from({ length: random.below(3) }, () => randomJson(random));
  // refused is as good as taken: what may not be is a task that fails
  if (random.chance(1 / 2)) await handle.signal(name, ...args);
  else if (random.chance(1 / 2))
    await handle.executeUpdate<unknown, [unknown]>(name, { args: args as [unknown] }).catch(() => undefined);
  else await handle.query(name, ...args).catch(() => undefined);
}

/** What stands where an input may lead: at the root, which `../..` is from the worker's folder, and in that folder. */
function around(stage: Stage): readonly string[] {
  return ['/', stage.folder].flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)));
}

/** So many inputs and commands from a seed. The worker is confined to a folder of its own: fails where anything appears outside of it. */
export async function fuzzWorkflows(
  stage: Stage,
  { seed, inputs }: { readonly seed: number; readonly inputs: number },
): Promise<WorkflowReport> {
  const random = createRandom(seed);
  const confined = stage.freshFolder('confined');
  let outs = 0;
  const freshOut = (): string => path.join(confined, `out-${outs++}`);
  const worker = await stage.worker(['--confine-out', '--out', confined]);
  const good = await seedInput(stage, freshOut());
  const before = around(stage);
  let completed = 0;
  const edges: readonly unknown[] = [
    undefined,
    { archive: 'x'.repeat(100_000) },
    { ...good, settings: randomJson(random) },
    { archive: '/nope', state: { inspection: {}, settings: {}, counters: {}, next: {}, parts: [1] } },
    { archive: '/nope', state: { ...good.state, workerQueue: {} } },
    { archive: '/nope', state: { ...good.state, workerQueue: 'q'.repeat(5_000) } },
  ];
  const any = (): unknown => {
    if (random.chance(1 / 4)) return randomJson(random);
    const input = { ...good, out: freshOut() };
    // the state is what workflow code itself looks into
    if (random.chance(1 / 3)) return mutatedJson(input, random);
    let state: unknown = good.state;
    for (let times = 1 + random.below(3); times > 0; times--) state = mutatedJson(state, random);
    return { ...input, state };
  };
  const all = [...edges, ...Array.from({ length: inputs }, any)];
  for (const [at, input] of all.entries()) {
    if (await startAny(stage, input, `fuzz-${seed}-${at}`)) completed++;
  }
  const archive = await archiveOf(manyFrames);
  const job = await stage.job(archive, { partMib: 8 }, freshOut());
  await committed(job.dataset, 1);
  worker.slow();
  let commands = 0;
  try {
    for (; commands < inputs; commands++) await command(job.handle, random);
    await job.handle.signal('resume');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error; // it has ended meanwhile
  }
  worker.thaw();
  await stage.threadmill.waitForJob(job.jobId);
  await noTaskFailed(job.handle, 'a command');
  await assertWhole(job.dataset, archive);
  assert.deepEqual(around(stage), before, 'something was made outside of the folder of the outputs');
  return { inputs: all.length, completed, commands };
}
