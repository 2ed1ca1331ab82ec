/** Keeps an activity from being run on what this worker can't decrypt. */
import { Context } from '@temporalio/activity';
import { whyUnreadable } from '../contract/unreadable.ts';
import { ThreadmillError } from '../core/errors.ts';
import { failureOf } from './failures.ts';

/** The activity, refused with PAYLOAD_UNREADABLE where its input is not readable here: another worker may have the key. */
export function onReadable<Input, Result>(
  activity: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const why = whyUnreadable(input);
    if (why === null) return activity(input);
    throw failureOf(new ThreadmillError('PAYLOAD_UNREADABLE', why), Context.current().info.attempt);
  };
}
