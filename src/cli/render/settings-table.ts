/** `threadmill config`: every setting, its value and where that came from. */
import { settingRows, type ResolvedSettings, type SettingRow } from '../../settings.ts';
import { textTable } from './text-table.ts';

/** A list of hundreds has no place in a table; `--json` shows all of it. */
const shownMax = 60;

function shown({ key, kind }: SettingRow, { values }: ResolvedSettings): string {
  const value = values[key];
  if (value === null) return 'auto' in kind ? 'auto' : 'none';
  const text = Array.isArray(value) ? value.join(',') : String(value);
  return text.length > shownMax ? `${text.slice(0, shownMax - 1)}…` : text;
}

/** Lines of the table, heading first, in the order of the help. */
export function settingsTable(settings: ResolvedSettings): readonly string[] {
  return textTable([
    ['SETTING', 'KEY', 'VALUE', 'SOURCE'],
    ...settingRows.map((row) => [row.env, row.key, shown(row, settings), settings.sources[row.key].text]),
  ]);
}

/** The same as JSON: by key, the value, the environment name and the source. */
export function settingsJson(settings: ResolvedSettings): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    settingRows.map((row) => [
      row.key,
      {
        value: settings.values[row.key],
        env: row.env,
        flag: row.flag === null ? null : `--${row.flag}`,
        source: settings.sources[row.key].text,
      },
    ]),
  );
}
