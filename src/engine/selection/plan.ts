/** A selection ready for work: names in tables, expressions read; plain data that goes to the mill threads. */
import { selectionOf, type SelectionSettings } from '../../contract/selection.ts';
import { columnsOf, type ArchiveKind } from '../../core/columns.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { columnsIn, parseWhere, type Where } from '../../core/where.ts';
import { namesOf } from './name-files.ts';
import { buildNameTable, type NameTable } from './name-table.ts';
import { compileRegex } from './regex.ts';

/** Lines whose id falls into a share of 0 to 1: the same ids whatever archive they stand in. */
export interface SampleShare {
  readonly rate: number;
  readonly seed: number;
}

/** What has to hold of a line; null: nothing. */
export interface SelectionPlan {
  readonly subreddits: NameTable | null;
  readonly authors: NameTable | null;
  readonly threads: NameTable | null;
  /** `after <= created_utc < before`, seconds. */
  readonly after: number | null;
  readonly before: number | null;
  readonly keywords: readonly string[] | null;
  readonly regex: string | null;
  readonly minScore: number | null;
  readonly where: Where | null;
  readonly sample: SampleShare | null;
}

/**
 * Checks what depends on the archive's kind or needs more than a look at the settings: columns, the regular expression, files of
 * names that have been read by somebody else. `joined`: submissions are joined to these comments.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID, SELECTION_CHANGED
 */
export function checkSelection(
  settings: SelectionSettings & { readonly columns?: readonly string[] | undefined },
  kind: ArchiveKind,
  joined = false,
): void {
  const { regex, where, columns } = settings;
  if (regex !== undefined) compileRegex(regex);
  namesOf(settings, 'subreddit');
  namesOf(settings, 'author');
  const known = new Set(columnsOf(kind, { keepRaw: false }).map(({ name }) => name));
  const refuse = (what: string, names: readonly string[]): void => {
    const strange = names.find((name) => !known.has(name));
    if (strange === undefined) return;
    throw new ThreadmillError(
      'SETTINGS_INVALID',
      `Cannot use ${what} with an archive of ${kind}: they have no column "${strange}"; they have ${[...known].join(', ')}`,
      { facts: { column: strange, kind } },
    );
  };
  if (where !== undefined) refuse('--where', columnsIn(treeOf(where)));
  // the comments' rows have the titles of submissions that are joined to them
  if (columns !== undefined)
    refuse('--columns', joined ? columns.filter((name) => name !== 'title') : columns);
}

function treeOf(text: string): Where {
  const parsed = parseWhere(text);
  if (parsed.ok) return parsed.where;
  throw new ThreadmillError('SETTINGS_INVALID', `Cannot use --where ${JSON.stringify(text)}: ${parsed.why}`);
}

/**
 * The plan of a selection; null where all lines are wanted. Reads files of names.
 *
 * @throws {ThreadmillError} SELECTION_CHANGED
 */
export function planSelection(
  settings: SelectionSettings,
  kind: ArchiveKind,
  sample: SampleShare | null = null,
): SelectionPlan | null {
  if (sample === null && Object.keys(selectionOf(settings)).length === 0) return null;
  const subreddits = namesOf(settings, 'subreddit');
  const authors = namesOf(settings, 'author');
  const { thread } = settings;
  return {
    subreddits: subreddits === null ? null : buildNameTable(subreddits),
    authors: authors === null ? null : buildNameTable(authors),
    threads:
      thread === undefined
        ? null
        : buildNameTable(kind === 'comments' ? thread.map((id) => `t3_${id}`) : thread),
    after: settings.after ?? null,
    before: settings.before ?? null,
    keywords: settings.keyword ?? null,
    regex: settings.regex ?? null,
    minScore: settings.minScore ?? null,
    where: settings.where === undefined ? null : treeOf(settings.where),
    sample,
  };
}

/** Text that keywords and the regular expression look at. */
export function textFields(kind: ArchiveKind): readonly string[] {
  return kind === 'comments' ? ['body'] : ['title', 'selftext'];
}

/** The fields that a plan looks at. */
export function plannedFields(plan: SelectionPlan | null, kind: ArchiveKind): readonly string[] {
  if (plan === null) return [];
  const sources = new Map(columnsOf(kind, { keepRaw: false }).map(({ name, sources: from }) => [name, from]));
  return [
    ...(plan.subreddits === null ? [] : ['subreddit']),
    ...(plan.authors === null ? [] : ['author']),
    ...(plan.threads === null ? [] : [kind === 'comments' ? 'link_id' : 'id']),
    ...(plan.keywords === null && plan.regex === null ? [] : textFields(kind)),
    ...(plan.minScore === null ? [] : ['score']),
    ...(plan.where === null ? [] : columnsIn(plan.where).flatMap((name) => sources.get(name) ?? [])),
  ];
}
