/** The sources of settings, strongest first: flags, the config file, the environment, `.env`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { nearestName } from './nearest.ts';
import { quoted } from './problems.ts';
import { settingByEnv, settingByKey, settingRows, type SettingRow } from './table.ts';
import type { SettingKey, SettingSource } from './values.ts';

/** Raw values by key; a name that is not known is a warning or a problem. */
export interface SettingsLayer {
  readonly given: ReadonlyMap<SettingKey, { readonly raw: unknown; readonly source: SettingSource }>;
  readonly warnings: readonly string[];
  readonly problems: readonly string[];
}

type Given = Map<SettingKey, { raw: unknown; source: SettingSource }>;

function failed(problem: string): SettingsLayer {
  return { given: new Map(), warnings: [], problems: [problem] };
}

/** An unknown `PUSHSHIFT_*` or `THREADMILL_*` name, with the nearest known one of the same family. */
function unknownName(name: string, where: string): string {
  const family = name.slice(0, name.indexOf('_') + 1);
  const known = settingRows.map((row) => row.env).filter((env) => env.startsWith(family));
  return `Unknown setting ${name} in ${where} is ignored; did you mean ${nearestName(name, known)}?`;
}

function ownName(name: string): boolean {
  return name.startsWith('PUSHSHIFT_') || name.startsWith('THREADMILL_');
}

function flagText(row: SettingRow, raw: unknown): string {
  return raw === false ? `flag --no-${row.flag ?? ''}` : `flag --${row.flag ?? ''}`;
}

/** Flags by camelCase key; a key that is no setting is the caller's own flag and passed over. */
export function flagLayer(flags: Readonly<Record<string, unknown>>): SettingsLayer {
  const given: Given = new Map();
  for (const row of settingRows) {
    const raw = row.flag === null ? undefined : flags[row.key];
    if (raw !== undefined) given.set(row.key, { raw, source: { kind: 'flag', text: flagText(row, raw) } });
  }
  return { given, warnings: [], problems: [] };
}

/** Variables of the process or of a `.env` file; an empty one counts as not set. */
export function environmentLayer(
  env: Readonly<Record<string, string | undefined>>,
  source: SettingSource,
): SettingsLayer {
  const given: Given = new Map();
  const warnings: string[] = [];
  for (const [name, raw] of Object.entries(env)) {
    const row = settingByEnv(name);
    if (row === undefined && ownName(name)) warnings.push(unknownName(name, source.text));
    if (row !== undefined && raw !== undefined && raw.trim() !== '') given.set(row.key, { raw, source });
  }
  return { given, warnings, problems: [] };
}

/** `.env` of the working folder; a missing one is nothing. */
export function dotenvLayer(cwd: string): SettingsLayer {
  const path = resolve(cwd, '.env');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder named .env is a Python virtual environment, and ENOENT is the rule.
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR')
      return { given: new Map(), warnings: [], problems: [] };
    return failed(`Cannot read ${quoted(path)}: ${code ?? String(error)}; make it readable or move it away`);
  }
  return environmentLayer(parseEnv(text), { kind: 'dotenv', text: `.env file ${path}` });
}

function readJson(path: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')) as unknown };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      problem: `Cannot read config file ${quoted(path)}: ${reason}; it must be one JSON object of settings`,
    };
  }
}

/** The `--config` file: one JSON object whose keys are environment names or camelCase keys. */
export function fileLayer(configFile: string, cwd: string): SettingsLayer {
  const path = resolve(cwd, configFile);
  const read = readJson(path);
  if ('problem' in read) return failed(read.problem);
  const { value } = read;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return failed(
      `Config file ${quoted(path)} holds ${quoted(value)}: it must be one JSON object of settings`,
    );
  }
  const source: SettingSource = { kind: 'file', text: `config file ${path}` };
  const given: Given = new Map();
  const warnings: string[] = [];
  const problems: string[] = [];
  for (const [name, raw] of Object.entries(value)) {
    const row = settingByEnv(name) ?? settingByKey(name);
    if (row === undefined && ownName(name)) warnings.push(unknownName(name, source.text));
    else if (row === undefined) {
      const meant = nearestName(
        name,
        settingRows.map((each) => each.key),
      );
      problems.push(`${quoted(name)} is not a setting: did you mean ${meant}? given by ${source.text}`);
    } else if (row.kind.type === 'secret') {
      problems.push(
        `${row.env} (${row.key}) is a secret and can't stand in a config file: give it in the environment or .env; given by ${source.text}`,
      );
    } else if (given.has(row.key)) {
      problems.push(`${row.env} (${row.key}) is given twice, under both names; given by ${source.text}`);
    } else given.set(row.key, { raw, source });
  }
  return { given, warnings, problems };
}
