/** The settings of a process, from every source, validated as a whole. The only reader of `process.env`. */
import { join } from 'node:path';
import { Secret } from './core/secret.ts';
import { crossProblems } from './settings/cross-checks.ts';
import { readSetting, type SettingValue } from './settings/kinds.ts';
import { dotenvLayer, environmentLayer, fileLayer, flagLayer } from './settings/layers.ts';
import { settingsInvalid, valueProblem } from './settings/problems.ts';
import { settingByKey, settingRows } from './settings/table.ts';
import type { SettingKey, SettingSource, SettingsValues } from './settings/values.ts';

export {
  checkJobOverrides,
  defaultJobSettings,
  toJobSettings,
  validateJobOverrides,
} from './settings/job-settings.ts';
export { settingRows } from './settings/table.ts';
export type { SettingRow } from './settings/table.ts';
export type { LogLevel, SettingKey, SettingSource, SettingsValues } from './settings/values.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface SettingsInput {
  /** By camelCase key, as text or boolean; other keys are passed over. */
  readonly flags?: Readonly<Record<string, unknown>>;
  /** Default: the environment of the process. */
  readonly env?: Environment;
  /** Where `.env` is looked for and relative paths start; default: the working folder. */
  readonly cwd?: string;
  /** A JSON file of settings. */
  readonly configFile?: string | undefined;
}

export interface ResolvedSettings {
  readonly values: SettingsValues;
  readonly sources: Readonly<Record<SettingKey, SettingSource>>;
  /** Names that are not known, each with the nearest that is. */
  readonly warnings: readonly string[];
}

const defaultSource: SettingSource = { kind: 'default', text: 'default' };

/** Stands the widest value in for a bad one, so that one mistake does not make a second message. */
function withoutBad(values: SettingsValues, bad: ReadonlySet<SettingKey>): SettingsValues {
  return {
    ...values,
    minBatchSize: bad.has('minBatchSize') ? 0 : values.minBatchSize,
    maxBatchSize: bad.has('maxBatchSize') ? Infinity : values.maxBatchSize,
    baseBatchSize: bad.has('baseBatchSize') ? null : values.baseBatchSize,
    uiPort: bad.has('uiPort') || bad.has('port') ? -1 : values.uiPort,
  };
}

/**
 * All settings with where each came from: flag beats config file beats environment beats `.env` beats default.
 * An empty variable counts as not set; `checkpointStorage` follows `dataDir` unless it is given itself.
 * Reads the config file and `.env`, nothing else; changes nothing.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID, naming every problem: setting, value, what is allowed, where it came from
 */
export function resolveSettings(input: SettingsInput = {}): ResolvedSettings {
  const cwd = input.cwd ?? process.cwd();
  const layers = [
    flagLayer(input.flags ?? {}),
    ...(input.configFile === undefined ? [] : [fileLayer(input.configFile, cwd)]),
    environmentLayer(input.env ?? process.env, { kind: 'environment', text: 'the environment' }),
    dotenvLayer(cwd),
  ];
  const problems = layers.flatMap((layer) => layer.problems);
  const values: Partial<Record<SettingKey, SettingValue>> = {};
  const sources: Partial<Record<SettingKey, SettingSource>> = {};
  const bad = new Set<SettingKey>();
  for (const row of settingRows) {
    const given = layers.map((layer) => layer.given.get(row.key)).find((each) => each !== undefined);
    values[row.key] = row.default;
    sources[row.key] = given?.source ?? defaultSource;
    if (given === undefined) continue;
    const read = readSetting(row.kind, given.raw);
    if (read.ok) values[row.key] = read.value;
    else {
      bad.add(row.key);
      problems.push(valueProblem(row, given.raw, given.source.text, read.why));
    }
  }
  if (sources.checkpointStorage === defaultSource && sources.dataDir !== defaultSource) {
    values.checkpointStorage = join(values.dataDir as string, 'checkpoints');
    sources.checkpointStorage = { kind: 'default', text: 'default, in dataDir' };
  }
  // The table has exactly the keys of SettingsValues, each with a kind of its type; a bad value left the default.
  const whole = values as unknown as SettingsValues;
  const from = sources as Readonly<Record<SettingKey, SettingSource>>;
  problems.push(...crossProblems(withoutBad(whole, bad), (key) => from[key].text));
  if (problems.length > 0) throw settingsInvalid('Settings are invalid', problems);
  return { values: whole, sources: from, warnings: layers.flatMap((layer) => layer.warnings) };
}

/**
 * A payload key that a caller hands over, by the setting's own rules.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID, without the value
 */
export function readPayloadKey(text: string): Secret {
  const row = settingByKey('payloadKey');
  if (row === undefined) throw new TypeError('There is no setting payloadKey');
  const read = readSetting(row.kind, text);
  if (read.ok && read.value instanceof Secret) return read.value;
  throw settingsInvalid('Cannot encrypt payloads', [valueProblem(row, text, 'the caller')]);
}

/** What kind of terminal the user has, as `TERM` names it; empty where there is none. */
export function terminalType(env: Environment = process.env): string {
  return env['TERM'] ?? '';
}

/** Whether the user allows colour on a terminal: not with a non-empty NO_COLOR, nor on a dumb terminal. */
export function colorAllowed(env: Environment = process.env): boolean {
  return (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
