/** The columns of both kinds of archive: one table that every format, test and document is made from. */

export type ArchiveKind = 'comments' | 'submissions';
/** `timestamp` is milliseconds since 1970 UTC in memory, TIMESTAMP(MILLIS, UTC) in Parquet, ISO 8601 in CSV. */
export type ColumnType = 'string' | 'int32' | 'double' | 'boolean' | 'timestamp';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** The source fields, first usable one wins; empty for a column made by threadmill. */
  readonly sources: readonly string[];
  readonly required: boolean;
}

function column(
  name: string,
  type: ColumnType,
  sources: readonly string[] = [name],
  required = false,
): Column {
  return { name, type, sources, required };
}

const id = column('id', 'string', ['id'], true);
/** Not required: with timestamp validation off, an unusable one of the right type still makes a row. */
const createdUtc = column('created_utc', 'timestamp', ['created_utc'], true);
const common = {
  subreddit: column('subreddit', 'string'),
  subredditId: column('subreddit_id', 'string'),
  author: column('author', 'string'),
  authorFullname: column('author_fullname', 'string'),
  score: column('score', 'int32'),
  gilded: column('gilded', 'int32'),
  edited: column('edited', 'boolean'),
  editedUtc: column('edited_utc', 'timestamp', ['edited']),
  distinguished: column('distinguished', 'string'),
  stickied: column('stickied', 'boolean'),
  authorFlairText: column('author_flair_text', 'string'),
  permalink: column('permalink', 'string'),
  retrievedUtc: column('retrieved_utc', 'timestamp', ['retrieved_on', 'retrieved_utc']),
} as const;

const commentColumns: readonly Column[] = [
  id,
  createdUtc,
  common.subreddit,
  common.subredditId,
  common.author,
  common.authorFullname,
  column('link_id', 'string', ['link_id'], true),
  column('parent_id', 'string'),
  column('body', 'string', ['body'], true),
  common.score,
  column('controversiality', 'int32'),
  common.gilded,
  common.edited,
  common.editedUtc,
  common.distinguished,
  common.stickied,
  column('is_submitter', 'boolean'),
  common.authorFlairText,
  common.permalink,
  common.retrievedUtc,
];

const submissionColumns: readonly Column[] = [
  id,
  createdUtc,
  common.subreddit,
  common.subredditId,
  common.author,
  common.authorFullname,
  column('title', 'string', ['title'], true),
  column('selftext', 'string'),
  column('url', 'string'),
  column('domain', 'string'),
  column('is_self', 'boolean'),
  common.score,
  column('num_comments', 'int32'),
  column('upvote_ratio', 'double'),
  column('over_18', 'boolean'),
  column('spoiler', 'boolean'),
  common.stickied,
  column('locked', 'boolean'),
  common.distinguished,
  column('link_flair_text', 'string'),
  common.authorFlairText,
  column('crosspost_parent', 'string'),
  common.gilded,
  common.edited,
  common.editedUtc,
  common.permalink,
  common.retrievedUtc,
];

/** Which columns a dataset has. */
export interface ColumnChoice {
  readonly keepRaw: boolean;
  /** Names of the wanted ones; absent: all. */
  readonly columns?: readonly string[] | undefined;
  readonly extra?: boolean | undefined;
}

const tables: Readonly<Record<ArchiveKind, readonly Column[]>> = {
  comments: commentColumns,
  submissions: submissionColumns,
};

/**
 * The columns of a kind in their fixed order, whatever the order of `columns`. `extra` (fields without a column, as JSON) and
 * `raw` (the original line) come last, each only where it is asked for.
 */
export function columnsOf(kind: ArchiveKind, choice: ColumnChoice): readonly Column[] {
  const { columns: wanted } = choice;
  const chosen =
    wanted === undefined ? tables[kind] : tables[kind].filter(({ name }) => wanted.includes(name));
  if (choice.extra !== true && !choice.keepRaw) return chosen;
  return [
    ...chosen,
    ...(choice.extra === true ? [column('extra', 'string', [], true)] : []),
    ...(choice.keepRaw ? [column('raw', 'string', [], true)] : []),
  ];
}

/** Names of the columns of either kind, each once: comments' first. */
export const columnNames: readonly string[] = [
  ...new Set([...commentColumns, ...submissionColumns].map(({ name }) => name)),
];

/** The source fields that some column of a kind reads. */
export function fieldsWithColumn(kind: ArchiveKind): ReadonlySet<string> {
  return new Set(tables[kind].flatMap(({ sources }) => sources));
}
