/** Starts and restarts jobs that write an archive anew as frames. */
import { stat } from 'node:fs/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { reframeWorkflowType, type ReframeInput } from '../contract/reframe.ts';
import { ThreadmillError } from '../core/errors.ts';
import { withoutSecrets } from '../core/places.ts';
import { refuseOpenSecret } from './identify-job.ts';
import { identifyReframe } from '../engine/reframe/reframe-id.ts';
import { reframeFacts } from './job-view.ts';

/** As for other jobs: a task that is lost with its worker costs this. */
const workflowTaskTimeout = '5s';

export interface ReframeOptions {
  /** Default: `<archive>.frames.zst` beside the archive. */
  readonly out?: string;
  /** zstd's, 1–19. Default 10. */
  readonly level?: number;
  /** Decompressed MiB of a frame, 1–256. Default 32. */
  readonly frameMib?: number;
  /** Do it anew where it is done, and replace what stands there. */
  readonly again?: boolean;
}

export interface StartedReframe {
  readonly jobId: string;
  readonly output: string;
  readonly alreadyDone: boolean;
  readonly alreadyRunning: boolean;
  readonly webUrl: string | null;
}

export interface ReframeHome {
  readonly client: Client;
  readonly taskQueue: string;
  readonly webUrlOf: (jobId: string) => string | null;
}

async function described(client: Client, jobId: string): Promise<WorkflowExecutionDescription | null> {
  try {
    return await client.workflow.getHandle(jobId).describe();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

/** Starts a job, or finds the one that does the same: see `ThreadmillClient.startReframe`. */
export async function startReframe(
  home: ReframeHome,
  path: string,
  { again = false, ...options }: ReframeOptions,
): Promise<StartedReframe> {
  refuseOpenSecret(home.client, path);
  const { jobId, archive, output } = identifyReframe(path, options);
  const { client, taskQueue } = home;
  const started = { jobId, output, webUrl: home.webUrlOf(jobId), alreadyDone: false, alreadyRunning: false };
  const found = await described(client, jobId);
  const status = found?.status.name;
  if (status === 'RUNNING' || status === 'PAUSED') return { ...started, alreadyRunning: true };
  const there = (await stat(output).catch(() => null)) !== null;
  if (status === 'COMPLETED' && there && !again) return { ...started, alreadyDone: true };
  const goesOn = found !== null && status !== 'COMPLETED' && !again;
  if (goesOn) {
    await restartReframe(client, taskQueue, jobId);
    return started;
  }
  if (there && !again) {
    throw new ThreadmillError(
      'USAGE',
      `Cannot write ${JSON.stringify(output)}: it stands there already; --again replaces it, --out names another`,
      { facts: { path: output } },
    );
  }
  const { level, frameMib } = options;
  const input: ReframeInput = {
    archive,
    out: output,
    ...(level === undefined ? {} : { level }),
    ...(frameMib === undefined ? {} : { frameMib }),
    ...(again ? { replace: true } : {}),
  };
  return { ...started, alreadyRunning: await begin(client, taskQueue, jobId, input) };
}

/** A new run of a closed job, with what its last one had made durable. */
export async function restartReframe(client: Client, taskQueue: string, jobId: string): Promise<void> {
  const { state, input } = await reframeFacts(client, jobId);
  if (input === null)
    throw new ThreadmillError('JOB_FAILED', `Job "${jobId}" has no input to go on with`, {
      facts: { jobId },
    });
  await begin(client, taskQueue, jobId, state === null ? input : { ...input, state });
}

/** Gives whether it ran already. */
async function begin(
  client: Client,
  taskQueue: string,
  jobId: string,
  input: ReframeInput,
): Promise<boolean> {
  try {
    await client.workflow.start(reframeWorkflowType, {
      workflowId: jobId,
      taskQueue,
      args: [input],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowTaskTimeout,
      memo: { archive: withoutSecrets(input.archive), dataset: input.out ?? '' },
      staticSummary: `reframe ${withoutSecrets(input.archive)}`,
    });
    return false;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return true;
    throw error;
  }
}
