/** One wording for everything that can be wrong with settings, wherever they came from. */
import { ThreadmillError } from '../core/errors.ts';
import { allowedText } from './kinds.ts';
import type { SettingRow } from './table.ts';

/** A value as JSON, cut so that a message stays readable. */
export function quoted(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  const quotes = typeof value === 'string' ? text : `"${text}"`;
  return quotes.length > 80 ? `${quotes.slice(0, 79)}…` : quotes;
}

/** The setting, its value, what is allowed, and where it came from. */
export function valueProblem(row: SettingRow, raw: unknown, from: string, why?: string): string {
  const shown = row.kind.type === 'secret' ? 'no such thing (its value is not shown)' : quoted(raw);
  const reason = why === undefined ? '' : `, but ${why}`;
  return `${row.env} (${row.key}) is ${shown}: must be ${allowedText(row.kind)}${reason}; given by ${from}`;
}

/** One error for all problems found; `what` begins it, e.g. `Settings are invalid`. */
export function settingsInvalid(what: string, problems: readonly string[]): ThreadmillError {
  const [first = ''] = problems;
  const message =
    problems.length === 1
      ? `${what}: ${first}`
      : `${what}, ${String(problems.length)} problems:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
  return new ThreadmillError('SETTINGS_INVALID', message, { facts: { problems: problems.length } });
}
