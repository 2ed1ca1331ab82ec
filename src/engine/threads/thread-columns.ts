/** The columns of thread datasets: one table that writers, manifest, tests and documents are made from. */
import { columnsOf, type Column, type ColumnChoice } from '../../core/columns.ts';

const made = (name: string, type: Column['type'], required: boolean): Column => ({
  name,
  type,
  sources: [],
  required,
});

/** The columns of rows: a comment's, whose `body` (and `extra`, and `raw`) a tombstone lacks; `title` of joined submissions; the tree. */
export function threadColumns(options: ColumnChoice & { readonly joined: boolean }): readonly Column[] {
  const { columns } = options;
  const comment = columnsOf('comments', { keepRaw: false, columns }).map((column) =>
    column.name === 'body' ? { ...column, required: false } : column,
  );
  return [
    ...comment,
    ...(options.joined && columns?.includes('title') !== false
      ? [{ ...made('title', 'string', false), sources: ['title'] }]
      : []),
    made('depth', 'int32', true),
    made('parent_missing', 'boolean', true),
    made('tombstone', 'boolean', true),
    ...(options.extra === true ? [made('extra', 'string', false)] : []),
    ...(options.keepRaw ? [made('raw', 'string', false)] : []),
  ];
}

/** The columns of the thread table: what threadmill counts, then the submission's, which are null where it is missing. */
export function threadTableColumns(): readonly Column[] {
  return [
    made('link_id', 'string', true),
    made('submission', 'string', true),
    made('comments_kept', 'int32', true),
    made('comments_excluded', 'int32', true),
    made('comments_missing', 'int32', true),
    made('max_depth', 'int32', false),
    made('first_utc', 'timestamp', false),
    made('last_utc', 'timestamp', false),
    ...columnsOf('submissions', { keepRaw: false })
      .filter(({ name }) => name !== 'id')
      .map((column) => ({ ...column, required: false })),
  ];
}
