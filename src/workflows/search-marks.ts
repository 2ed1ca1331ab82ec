/** The job's typed search attributes, as few events as they can be. */
import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

const kindKey = defineSearchAttributeKey('ThreadmillKind', SearchAttributeType.KEYWORD);
const subredditKey = defineSearchAttributeKey('ThreadmillSubreddit', SearchAttributeType.KEYWORD);
const stateKey = defineSearchAttributeKey('ThreadmillState', SearchAttributeType.KEYWORD);
const percentKey = defineSearchAttributeKey('ThreadmillPercent', SearchAttributeType.DOUBLE);

/** Each upsert is a history event: percent is marked at every tenth of the way. */
const percentStep = 10;

export class SearchMarks {
  private readonly enabled: boolean;
  private phase: string | null = null;
  private percent = 0;

  /** `enabled`: the server knows the attributes; unknown ones would fail the workflow task for ever. */
  constructor(enabled: boolean) {
    this.enabled = enabled;
  }

  /** What does not change; a per-subreddit archive is named after its subreddit. */
  begin({ kind, name }: { readonly kind: string; readonly name: string }): void {
    if (!this.enabled) return;
    const subreddit = /^(.+)_(comments|submissions)$/i.exec(name)?.[1];
    upsertSearchAttributes([
      { key: kindKey, value: kind },
      ...(subreddit === undefined ? [] : [{ key: subredditKey, value: subreddit }]),
    ]);
  }

  mark({
    state,
    completionPercentage,
  }: {
    readonly state: string;
    readonly completionPercentage: number;
  }): void {
    const step = Math.floor(completionPercentage / percentStep) * percentStep;
    if (!this.enabled || (state === this.phase && step <= this.percent)) return;
    this.phase = state;
    this.percent = step;
    upsertSearchAttributes([
      { key: stateKey, value: state },
      { key: percentKey, value: Math.floor(completionPercentage) },
    ]);
  }
}
