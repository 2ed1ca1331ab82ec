/** What stands before every activity: its input may come from whoever may use the namespace. */
import { Context } from '@temporalio/activity';
import { whyUnreadable } from '../contract/unreadable.ts';
import { ThreadmillError } from '../core/errors.ts';
import { checkConfined } from '../engine/output/confine.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { failureOf } from './failures.ts';

/**
 * The activity with its dependencies, refused where its input can't be decrypted here (PAYLOAD_UNREADABLE: another worker may
 * have the key), or where it is to write outside of the folder that this worker is confined to (OUTPUT_DENIED).
 */
export function guarded<Input extends object, Result>(
  deps: ActivityDependencies,
  activity: (deps: ActivityDependencies, input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    try {
      const why = whyUnreadable(input);
      if (why !== null) throw new ThreadmillError('PAYLOAD_UNREADABLE', why);
      // `folder`: of a corpus, its own, which lies beside its datasets
      const { dataset, output, temporary, folder } = input as Readonly<Record<string, unknown>>;
      for (const place of [dataset, output, temporary, folder])
        if (typeof place === 'string') await checkConfined(place, deps.confine);
    } catch (error) {
      throw failureOf(error, Context.current().info.attempt);
    }
    return activity(deps, input);
  };
}
