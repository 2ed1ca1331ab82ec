/** The part of the settings that a job carries. Pure: no Node API, so workflow code may use it. */
import type { JobSettings } from '../contract/job.ts';
import { optionalSettingKeys } from '../contract/output-settings.ts';
import { partBytesMax, partBytesMin } from '../core/limits.ts';
import { crossProblems } from './cross-checks.ts';
import { readSetting, type SettingKind, type SettingValue } from './kinds.ts';
import { nearestName } from './nearest.ts';
import { quoted, settingsInvalid, valueProblem } from './problems.ts';
import { settingByEnv, settingByKey, settingRows } from './table.ts';
import type { SettingsValues } from './values.ts';

const MiB = 1024 * 1024;
const jobKeys: readonly string[] = [
  ...settingRows.filter((row) => row.job && row.key !== 'partMib').map((row) => row.key),
  'partBytes',
];
const partBytesKind: SettingKind = { type: 'integer', min: partBytesMin, max: partBytesMax, unit: 'bytes' };

/** The settings that a job carries out of all settings; `baseBatchSize` is absent where it is chosen by size. */
export function toJobSettings(values: SettingsValues): JobSettings {
  const { baseBatchSize } = values;
  return {
    format: values.format,
    partBytes: values.partMib * MiB,
    keepRaw: values.keepRaw,
    preserveThreads: values.preserveThreads,
    paths: values.paths,
    validateTimestamps: values.validateTimestamps,
    qualityMinScore: values.qualityMinScore,
    excludeDeleted: values.excludeDeleted,
    excludeRemoved: values.excludeRemoved,
    salvage: values.salvage,
    ...given(values),
    maxRejectRate: values.maxRejectRate,
    minBatchSize: values.minBatchSize,
    maxBatchSize: values.maxBatchSize,
    ...(baseBatchSize === null ? {} : { baseBatchSize }),
    maxMemoryUsage: values.maxMemoryUsage,
    enableCheckpoints: values.enableCheckpoints,
    enableResourceMonitoring: values.enableResourceMonitoring,
    adaptiveBatchSizing: values.adaptiveBatchSizing,
    progressReportingInterval: values.progressReportingInterval,
    resourceCheckInterval: values.resourceCheckInterval,
    memoryCheckInterval: values.memoryCheckInterval,
    maxCheckpointsPerJob: values.maxCheckpointsPerJob,
  };
}

/** What selects lines and columns travels only where it is given. */
function given(values: SettingsValues): Partial<JobSettings> {
  return Object.fromEntries(
    optionalSettingKeys
      .filter((key) => values[key] !== null && values[key] !== false)
      .map((key) => [key, values[key]]),
  );
}

/** Job settings with every default of the table, as if nothing were configured. */
export function defaultJobSettings(): JobSettings {
  const defaults = Object.fromEntries(settingRows.map((row) => [row.key, row.default]));
  return toJobSettings(defaults as unknown as SettingsValues); // the table has exactly the keys of SettingsValues
}

export interface OverrideOptions {
  /** The settings under the overrides, for checks between two; default: the table's defaults. */
  readonly base?: JobSettings;
  /** Where the overrides came from, in words. */
  readonly from?: string;
}

export interface CheckedOverrides {
  readonly settings: Partial<JobSettings>;
  /** One sentence for each problem; empty: `settings` is good. */
  readonly problems: readonly string[];
}

function unknownKey(key: string, from: string): string {
  const meant = settingByEnv(key)?.key ?? nearestName(key, jobKeys);
  const row = settingByKey(key);
  return row !== undefined && !row.job && row.key === key
    ? `${quoted(key)} belongs to the worker or the server, not to one job; given by ${from}`
    : `${quoted(key)} is not a job setting: did you mean ${meant}? given by ${from}`;
}

/** Like {@link validateJobOverrides}, with the problems as a value: for workflow code, which may not throw them. */
export function checkJobOverrides(partial: unknown, options: OverrideOptions = {}): CheckedOverrides {
  const from = options.from ?? "the job's settings";
  if (partial === undefined || partial === null) return { settings: {}, problems: [] };
  if (typeof partial !== 'object' || Array.isArray(partial)) {
    return {
      settings: {},
      problems: [`${quoted(partial)} is not an object of job settings; given by ${from}`],
    };
  }
  const problems: string[] = [];
  const settings: Record<string, SettingValue> = {};
  for (const [key, raw] of Object.entries(partial)) {
    if (raw === undefined) continue;
    const row = settingByKey(key === 'partBytes' ? 'partMib' : key);
    if (row === undefined || !row.job) {
      problems.push(unknownKey(key, from));
      continue;
    }
    const named = key === 'partBytes' ? { ...row, kind: partBytesKind } : row;
    const read = readSetting(named.kind, raw);
    if (!read.ok) problems.push(valueProblem(named, raw, from, read.why));
    else if (key === 'partMib') settings['partBytes'] = Number(read.value) * MiB;
    else if (read.value !== null) settings[key] = read.value;
  }
  if (problems.length === 0) {
    const base = options.base ?? defaultJobSettings();
    const whole = { ...base, ...settings };
    const where = (key: string): string => (key in settings ? from : 'the settings of the worker');
    problems.push(
      ...crossProblems(
        {
          ...whole,
          baseBatchSize: settings['baseBatchSize'] === undefined ? null : Number(settings['baseBatchSize']),
        },
        where,
      ),
    );
  }
  return { settings, problems };
}

/** What a command may change of a running job. */
export type CommandSetting = 'baseBatchSize' | 'maxMemoryUsage';

/** Why a command can't set a value; null where it can. For the workflow, and for whoever reads its history. */
export function commandProblem(setting: CommandSetting, value: unknown): string | null {
  const { settings, problems } = checkJobOverrides({ [setting]: value }, { from: 'the command' });
  // a batch size outside the job's bounds is moved to the nearest, so only its own kind is checked here
  if (setting === 'baseBatchSize' && settings.baseBatchSize !== undefined) return null;
  return problems[0] ?? (settings[setting] === undefined ? `${setting} needs a value` : null);
}

/**
 * Validates overrides of one job that arrive as JSON: by `temporal workflow start`, a signal, or the library. Keys are
 * those of `JobSettings` (`partMib` is accepted for `partBytes`); null and undefined mean "not overridden".
 *
 * @throws {ThreadmillError} SETTINGS_INVALID, naming every problem
 */
export function validateJobOverrides(partial: unknown, options: OverrideOptions = {}): Partial<JobSettings> {
  const { settings, problems } = checkJobOverrides(partial, options);
  if (problems.length > 0) throw settingsInvalid('Job settings are invalid', problems);
  return settings;
}

/**
 * The settings of a job that was started with some over a worker's. A selection is taken whole: a job that has any settings of
 * its own selects what it says, and nothing that the worker's environment would add to it.
 *
 * @throws as {@link validateJobOverrides}
 */
export function settingsOfJob(worker: JobSettings, given: unknown): JobSettings {
  const own = validateJobOverrides(given, { base: worker });
  if (Object.keys(own).length === 0) return worker;
  const optional: readonly string[] = optionalSettingKeys;
  const rest = Object.fromEntries(Object.entries(worker).filter(([key]) => !optional.includes(key)));
  return { ...(rest as unknown as JobSettings), ...own };
}
