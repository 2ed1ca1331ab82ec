/** The activity that makes a dataset of finished parts: rejects joined, manifest last. */
import { Context } from '@temporalio/activity';
import type { PublishInput } from '../contract/job.ts';
import { releaseClaim } from '../engine/dataset/claim.ts';
import { publishDataset as publish } from '../engine/dataset/publish.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';

/** A part's rejects are joined in well under a second; the time-out is 5 s. */
const heartbeatMs = 1_000;

/** Idempotent: a dataset that is published already is left as it is. Heartbeats every second; cancelled between files. */
export async function publishDataset(_deps: ActivityDependencies, input: PublishInput): Promise<void> {
  const context = Context.current();
  const { info, log, cancellationSignal } = context;
  const timer = setInterval(() => {
    context.heartbeat();
  }, heartbeatMs);
  try {
    await publish(input, { signal: cancellationSignal });
    await releaseClaim(input.dataset, input.jobId);
    log.info('Dataset published', {
      dataset: input.dataset,
      parts: input.parts.length,
      lines: input.counters.lines,
      kept: input.counters.kept,
    });
  } catch (error) {
    throw failureOf(cancellationSignal.aborted ? cancellationSignal.reason : error, info.attempt);
  } finally {
    clearInterval(timer);
  }
}
