/** What a spilled row holds: keys, from which threads are arranged, and a payload, which only waits to be written. */
import { columnsOf, type ArchiveKind, type Column, type ColumnChoice } from '../../core/columns.ts';
import type { OutputFormat } from '../../contract/job.ts';

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

/** The payload's columns in their order. The submission's serve the thread table too, whatever the format. */
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
