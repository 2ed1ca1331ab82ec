/** What a job takes out of its archive: which lines, and which columns of them. All absent: everything. */

/** A file of names as the job carries it once somebody has read it: a list of 100,000 does not travel. */
export interface NameFile {
  /** Absolute, on every machine that works on the job. */
  readonly path: string;
  /** Different names, and the SHA-256 of them: in order, one a line. */
  readonly names: number;
  readonly sha256: string;
}

/** All that is given has to hold of a line (each list: one of it). Part of the job's settings. */
export interface SelectionSettings {
  /** Names in lower case, without `r/`, in order. */
  readonly subreddit?: readonly string[];
  /** A path until the file is read; what is in it adds to `subreddit`. */
  readonly subredditsFile?: string | NameFile;
  /** As `subreddit`, without `u/`. */
  readonly author?: readonly string[];
  readonly authorsFile?: string | NameFile;
  /** `after <= created_utc < before`, seconds. */
  readonly after?: number;
  readonly before?: number;
  /** Ids of submissions without `t3_`. */
  readonly thread?: readonly string[];
  /** Words and phrases, any of which must occur. */
  readonly keyword?: readonly string[];
  /** RE2 syntax. */
  readonly regex?: string;
  readonly minScore?: number;
  /** See core/where.ts. */
  readonly where?: string;
}

/** In the order in which they go into a job's id. */
export const selectionKeys = [
  'subreddit',
  'subredditsFile',
  'author',
  'authorsFile',
  'after',
  'before',
  'thread',
  'keyword',
  'regex',
  'minScore',
  'where',
] as const satisfies readonly (keyof SelectionSettings)[];

/** Bytes of one list as it travels, in every segment's input: beyond it names belong into a file. */
export const listBytesMax = 8 * 1024;
/** Characters of an expression. */
export const expressionCharactersMax = 4096;

/** The part of a job's settings that selects lines; only what is given. */
export function selectionOf(settings: SelectionSettings): SelectionSettings {
  return Object.fromEntries(
    selectionKeys.filter((key) => settings[key] !== undefined).map((key) => [key, settings[key]]),
  );
}
