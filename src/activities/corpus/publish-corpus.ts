/** The activity that makes the ledger and the manifest of a corpus that is through. */
import { Context } from '@temporalio/activity';
import type { PublishCorpusInput } from '../../contract/corpus.ts';
import { publishCorpus as publish } from '../../engine/corpus/corpus-manifest.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { failureOf } from '../failures.ts';
import { beating } from './beating.ts';

/** Idempotent: what is published already is left as it is. Heartbeats every second; seconds for 40,000 archives. */
export async function publishCorpus(_deps: ActivityDependencies, input: PublishCorpusInput): Promise<void> {
  const { info, log } = Context.current();
  const jobId = info.workflowExecution?.workflowId ?? info.activityId;
  const stop = beating();
  try {
    const { out, folder, settings, archives, startedMs } = input;
    const { done, failed } = await publish({ out, folder, jobId, settings, archives, startedMs });
    log.info('Corpus published', { out, done, failed });
  } catch (error) {
    throw failureOf(error, info.attempt);
  } finally {
    stop();
  }
}
