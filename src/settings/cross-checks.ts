/** What settings demand of each other; each check names both sides and where they came from. */
import { keepsThreads, type SplitKey } from '../contract/split.ts';
import type { SettingKey, SettingsValues } from './values.ts';
import { settingByKey } from './table.ts';

/** Gives where a setting's value came from, in words. */
export type Provenance = (key: SettingKey) => string;

type Checked = Pick<
  SettingsValues,
  'minBatchSize' | 'maxBatchSize' | 'baseBatchSize' | 'format' | 'preserveThreads' | 'paths'
> &
  Partial<Pick<SettingsValues, 'port' | 'uiPort' | 'address'>> & {
    // absent in a job, null among the settings
    readonly after?: number | null;
    readonly before?: number | null;
    readonly columns?: readonly string[] | null;
    readonly splitBy?: SplitKey | null;
  };

/** The problems between settings that are each valid; none: an empty list. */
export function crossProblems(values: Checked, from: Provenance): readonly string[] {
  const problems: string[] = [];
  const say = (key: SettingKey): string => `${settingByKey(key)?.env ?? key} (${key})`;
  const { minBatchSize, maxBatchSize, baseBatchSize } = values;
  if (minBatchSize > maxBatchSize) {
    problems.push(
      `${say('minBatchSize')} is "${String(minBatchSize)}": must be at most ${say('maxBatchSize')}, which is ` +
        `"${String(maxBatchSize)}"; given by ${from('minBatchSize')} and ${from('maxBatchSize')}`,
    );
  } else if (baseBatchSize !== null && (baseBatchSize < minBatchSize || baseBatchSize > maxBatchSize)) {
    problems.push(
      `${say('baseBatchSize')} is "${String(baseBatchSize)}": must be from ${String(minBatchSize)} (minBatchSize, ` +
        `${from('minBatchSize')}) to ${String(maxBatchSize)} (maxBatchSize, ${from('maxBatchSize')}); ` +
        `given by ${from('baseBatchSize')}`,
    );
  }
  const { format, preserveThreads, paths } = values;
  if (format === 'conversations' && !preserveThreads) {
    problems.push(
      `${say('format')} is "conversations": must go with ${say('preserveThreads')}, which is "false"; ` +
        `given by ${from('format')} and ${from('preserveThreads')}`,
    );
  }
  const { splitBy = null } = values;
  if (format === 'conversations' && splitBy !== null && !keepsThreads(splitBy)) {
    problems.push(
      `${say('splitBy')} is "${splitBy}": that cuts threads, of which ${say('format')} "conversations" is made; split by ` +
        `subreddit, or choose another format; given by ${from('splitBy')} and ${from('format')}`,
    );
  }
  if (paths && format !== 'conversations') {
    problems.push(
      `${say('paths')} is "true": must go with the format conversations, but ${say('format')} is "${format}"; ` +
        `given by ${from('paths')} and ${from('format')}`,
    );
  }
  if (format === 'conversations' && Array.isArray(values.columns)) {
    problems.push(
      `${say('columns')} is "${values.columns.join()}": conversations have members of their own; leave it out, or choose another ` +
        `format; given by ${from('columns')} and ${from('format')}`,
    );
  }
  const { after, before } = values;
  if (typeof after === 'number' && typeof before === 'number' && after >= before) {
    problems.push(
      `${say('after')} is "${String(after)}": must be before ${say('before')}, which is "${String(before)}", or nothing is ` +
        `selected; given by ${from('after')} and ${from('before')}`,
    );
  }
  if (values.address === null && typeof values.port === 'number' && values.port === values.uiPort) {
    problems.push(
      `${say('uiPort')} is "${String(values.uiPort)}": must differ from ${say('port')}; ` +
        `given by ${from('uiPort')} and ${from('port')}`,
    );
  }
  return problems;
}
