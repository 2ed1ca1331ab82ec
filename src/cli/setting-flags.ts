/** The flags of the settings, made from their table. */
import { Option } from 'commander';
import { settingRows, type SettingRow } from '../settings.ts';
import type { SettingGroup } from '../settings/table.ts';

const headings: Readonly<Record<SettingGroup, string>> = {
  output: 'Output:',
  columns: 'Columns:',
  filter: 'What becomes of lines:',
  selection: 'Selection:',
  processing: 'Processing:',
  checkpoints: 'Checkpoints:',
  connection: 'Server:',
};

function placeholder(row: SettingRow): string {
  switch (row.kind.type) {
    case 'integer':
      return row.kind.unit === undefined
        ? '<n>'
        : `<${row.kind.unit === 'milliseconds' ? 'ms' : row.kind.unit}>`;
    case 'share':
      return '<share>';
    case 'choice':
      return `<${row.kind.choices.join('|')}>`;
    case 'text':
      if (row.kind.noun.startsWith('host:port')) return '<host:port>';
      if (row.kind.noun.startsWith('a port')) return '<[host:]port>';
      if (row.kind.noun.includes('folder')) return '<dir>';
      if (row.kind.noun.includes('expression')) return '<expression>';
      return row.kind.noun.includes('path') ? '<path>' : '<name>';
    case 'list':
      return `<${row.kind.noun.split(' ').at(-1) ?? 'names'},…>`;
    case 'instant':
      return '<time>';
    case 'name-file':
      return '<path>';
    case 'boolean':
    case 'secret':
      return '';
  }
}

function describe(row: SettingRow): string {
  const value =
    row.default === null || row.kind.type === 'boolean' ? '' : ` (default: ${String(row.default)})`;
  return `${row.help}${value} [${row.env}]`;
}

/** Flags of one setting: a boolean has `--x` and `--no-x`, a secret none, anything else takes a value. */
function optionsOf(row: SettingRow): readonly Option[] {
  if (row.flag === null) return [];
  if (row.kind.type === 'boolean') {
    const positive = new Option(`--${row.flag}`, describe(row));
    const negative = new Option(`--no-${row.flag}`, `turn off: ${describe(row)}`);
    return [
      row.default === true ? positive.hideHelp() : positive,
      row.default === true ? negative : negative.hideHelp(),
    ];
  }
  const long = row.alias === undefined ? `--${row.flag}` : `--${row.alias}, --${row.flag}`;
  const option = new Option(`${long} ${placeholder(row)}`, describe(row));
  // given again, a list grows
  if (row.kind.type === 'list')
    option.argParser((value: string, before?: string) =>
      before === undefined ? value : `${before},${value}`,
    );
  return [option];
}

/** Settings that every command takes, whatever its groups: how much to say matters to all. */
const common: readonly SettingRow['key'][] = ['logLevel'];

/** The flags of the settings in these groups, each under its heading; of a boolean the help shows the useful half. */
export function settingOptions(groups: readonly SettingGroup[]): readonly Option[] {
  return settingRows
    .filter((row) => groups.includes(row.group) && !common.includes(row.key))
    .flatMap((row) => optionsOf(row).map((option) => option.helpGroup(headings[row.group])));
}

/** The flags of the settings that every command takes. */
export function commonSettingOptions(): readonly Option[] {
  return settingRows.filter((row) => common.includes(row.key)).flatMap(optionsOf);
}

function attribute(flag: string): string {
  return flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Picks the settings out of commander's options, by the table's keys, as `resolveSettings` takes them. */
export function settingFlags(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    settingRows
      .map((row): readonly [string, unknown] => [
        row.key,
        row.flag === null ? undefined : options[attribute(row.flag)],
      ])
      .filter(([, raw]) => raw !== undefined),
  );
}
