/** `threadmill config`: every setting, its value and where that came from. */
import { settingRows, type ResolvedSettings } from '../../settings.ts';
import { textTable } from './text-table.ts';

function shown(value: string | number | boolean | null): string {
  return value === null ? 'auto' : String(value);
}

/** Lines of the table, heading first, in the order of the help. */
export function settingsTable(settings: ResolvedSettings): readonly string[] {
  return textTable([
    ['SETTING', 'KEY', 'VALUE', 'SOURCE'],
    ...settingRows.map((row) => [
      row.env,
      row.key,
      shown(settings.values[row.key]),
      settings.sources[row.key].text,
    ]),
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
        flag: `--${row.flag}`,
        source: settings.sources[row.key].text,
      },
    ]),
  );
}
