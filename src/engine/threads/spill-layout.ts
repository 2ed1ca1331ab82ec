/** What a spilled row holds: keys, from which threads are arranged, and a payload, which only waits to be written. */
import { columnsOf, type ArchiveKind, type Column, type ColumnChoice } from '../../core/columns.ts';
import type { OutputFormat } from '../../contract/job.ts';
import type { SplitKey } from '../../contract/split.ts';

/** What the keys hold already. */
const keyColumns: ReadonlySet<string> = new Set(['id', 'created_utc', 'link_id', 'parent_id']);
/** All that a turn of a conversation shows. */
const turnColumns: ReadonlySet<string> = new Set(['subreddit', 'author', 'body', 'score']);
/** An excluded line's text does not go on; a tombstone has none. */
export const withheldColumns: ReadonlySet<string> = new Set(['body', 'selftext', 'extra', 'raw']);

const lineColumn: Column = { name: 'raw', type: 'string', sources: [], required: true };

/** Flags of a row. */
export const keptFlag = 1;

/** How a row names its parent. Format of the spill. */
export const parentClass = { none: 0, thread: 1, comment: 2, other: 3 } as const;

/** Whether rows are the original lines. */
export function holdsLines({ format, columns }: OutputChoice): boolean {
  return (format === 'jsonl' || format === 'jsonl.zst') && columns === undefined;
}

type OutputChoice = Pick<ColumnChoice, 'columns'> & { readonly format: OutputFormat };

/** How rows wait in a spill: with the keys of their place in a thread, with the value that they are split by, or with both. */
export interface SpillShape {
  readonly threads: boolean;
  readonly splitBy: SplitKey | null;
}

/** The payload's columns of a shape, in their order. */
export function spilledColumns(
  kind: ArchiveKind,
  options: OutputChoice & ColumnChoice,
  { threads }: Pick<SpillShape, 'threads'>,
): readonly Column[] {
  if (threads) return payloadColumns(kind, options);
  return holdsLines(options) ? [lineColumn] : columnsOf(kind, options);
}

/** The payload's columns in their order, where rows are arranged in threads. The submission's serve the thread table too, whatever the format. */
export function payloadColumns(kind: ArchiveKind, options: OutputChoice & ColumnChoice): readonly Column[] {
  const { format, keepRaw, extra } = options;
  const lines = holdsLines(options);
  const conversations = format === 'conversations';
  const columns = columnsOf(kind, {
    keepRaw: false,
    columns: kind === 'comments' ? options.columns : undefined,
    extra: extra === true && !lines && !conversations,
  }).filter(({ name }) => !keyColumns.has(name));
  const withLine = lines || (keepRaw && !conversations);
  const line = withLine ? [lineColumn] : [];
  if (kind === 'submissions') return [...columns, ...line];
  if (lines) return line;
  if (conversations) return columns.filter(({ name }) => turnColumns.has(name));
  return [...columns, ...line];
}
