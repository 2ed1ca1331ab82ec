/** `threadmill config`: every setting, its value and where that came from. */
import { settingRows, type ResolvedSettings, type SettingRow } from '../../settings.ts';
import { textTable } from './text-table.ts';

function shown(row: SettingRow, { values }: ResolvedSettings): string {
  const value = values[row.key];
  // a secret says of itself only that it is one
  return value === null ? (row.kind.type === 'secret' ? 'none' : 'auto') : String(value);
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
