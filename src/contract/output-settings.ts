/** Which settings decide bytes of the output: one list for the job's identity, for a pipeline's, and for the manifest. */
import type { JobSettings } from './job.ts';

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

/** Name and value of each, in that order. */
export function decisiveSettings(settings: JobSettings): readonly (readonly [key: string, value: unknown])[] {
  return decisiveSettingKeys.map((key) => [key, settings[key]] as const);
}
