/** What a run of a corpus is given, checked: it may come from anybody. */
import { ApplicationFailure } from '@temporalio/workflow';
import { concurrencyMax, type CorpusJobInput, type CorpusState } from '../contract/corpus.ts';

function refuse(what: string): never {
  throw ApplicationFailure.nonRetryable(what, 'USAGE');
}

/** Anything may come through `temporal workflow start`; what is no corpus must fail at once and not be retried. */
export function checkCorpusInput(input: unknown): asserts input is CorpusJobInput {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>;
  const { archives, list, out, concurrency, state } = given;
  const named = Array.isArray(archives) && archives.every((name) => typeof name === 'string' && name !== '');
  if ((archives !== undefined && !named) || (archives === undefined && typeof list !== 'string')) {
    refuse(
      'The input must be an object with "archives", files, folders or patterns, e.g. {"archives": ["/data/reddit"]}, or ' +
        'with "list", a file of them',
    );
  }
  if (list !== undefined && typeof list !== 'string') refuse('"list" must be the path of a file of names');
  if (out !== undefined && typeof out !== 'string') refuse('"out" must be the path of a folder');
  const whole =
    Number.isInteger(concurrency) && Number(concurrency) >= 1 && Number(concurrency) <= concurrencyMax;
  if (concurrency !== undefined && !whole)
    refuse(`"concurrency" must be a whole number from 1 to ${concurrencyMax}`);
  if (state !== undefined && !isCorpusState(state)) {
    refuse('"state" is what one run of a corpus leaves to the next, and this is none; leave it out');
  }
}

/** As far as the workflow uses it without asking again. */
function isCorpusState(value: unknown): value is CorpusState {
  if (typeof value !== 'object' || value === null) return false;
  const { out, folder, settings, batches, tally, failures, pace, ...rest } = value as Record<string, unknown>;
  const counts = ['archives', 'bytes', 'large', 'largeLength', 'nextLarge', 'concurrency', 'startedMs'];
  return (
    [out, folder].every((text) => typeof text === 'string') &&
    [settings, tally].every((each) => typeof each === 'object' && each !== null) &&
    typeof (tally as { readonly counters?: unknown }).counters === 'object' &&
    [batches, failures, pace].every((each) => Array.isArray(each)) &&
    counts.every((name) => typeof rest[name] === 'number') &&
    typeof rest['paused'] === 'boolean'
  );
}
