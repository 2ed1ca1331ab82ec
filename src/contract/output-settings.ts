/** Which settings decide bytes of the output: one list for the job's identity, for a pipeline's, and for the manifest. */
import type { JobSettings } from './job.ts';
import { selectionKeys, type NameFile } from './selection.ts';

/** In the order in which they go into a job's id: a change of order is a change of every id. */
export const decisiveSettingKeys = [
  'format',
  'partBytes',
  'keepRaw',
  'preserveThreads',
  'paths',
  'validateTimestamps',
  'qualityMinScore',
  'excludeDeleted',
  'excludeRemoved',
  'salvage',
] as const satisfies readonly (keyof JobSettings)[];

/** The same for settings that are absent where they are not given: they change no id then. */
export const optionalSettingKeys = [
  'columns',
  'extra',
  'splitBy',
  ...selectionKeys,
] as const satisfies readonly (keyof JobSettings)[];

/** Name and value of each that is given, in that order. Of a file of names it is the names that count, not where they are. */
export function decisiveSettings(settings: JobSettings): readonly (readonly [key: string, value: unknown])[] {
  return [...decisiveSettingKeys.map((key) => [key, settings[key]] as const), ...givenSettings(settings)];
}

/** Those of {@link decisiveSettings} that are there only where they are given: columns and selection. */
export function givenSettings(settings: JobSettings): readonly (readonly [key: string, value: unknown])[] {
  return optionalSettingKeys
    .filter((key) => settings[key] !== undefined && settings[key] !== false)
    .map((key) => [key, withoutPlace(settings[key])] as const);
}

function withoutPlace(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const { names, sha256 } = value as NameFile;
  return { names, sha256 };
}
