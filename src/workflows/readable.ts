/** What a workflow does with a value that its worker can't decrypt. */
import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { whyUnreadable } from '../contract/unreadable.ts';

/** Fails the workflow task and not the workflow: whoever catches everything has to let it pass. */
export class KeyMissing extends Error {}

/**
 * Passes on what is readable. A new job whose input is not fails at once, with PAYLOAD_UNREADABLE: nothing is lost by it. One
 * that has begun fails its workflow task only, which the server gives out again: a worker with the key can go on, and to end
 * the job for one that is set up wrongly would harm it.
 */
export function readable<T>(value: T, { isNew = false } = {}): T {
  const why = whyUnreadable(value);
  if (why === null) return value;
  // a replay means that this run had begun with a worker that could read it
  if (isNew && !workflowInfo().unsafe.isReplaying)
    throw ApplicationFailure.nonRetryable(why, 'PAYLOAD_UNREADABLE');
  // eslint-disable-next-line no-restricted-syntax -- here the task is to fail, and not the workflow
  throw new KeyMissing(why);
}
