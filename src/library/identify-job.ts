/** Who a job is, of archives that may be anywhere. */
import type { Client } from '@temporalio/client';
import type { JobSettings } from '../contract/job.ts';
import { joinProblem } from '../contract/join.ts';
import { ThreadmillError } from '../core/errors.ts';
import { givesAccess, isRemote } from '../core/places.ts';
import { identify, identifyAnywhere, type JobIdentity } from '../engine/dataset/job-id.ts';

export interface JobRequest {
  readonly path: string;
  readonly out: string;
  readonly settings: JobSettings;
  readonly submissions?: string;
}

/**
 * At once where the archives are on this machine, else when their servers have answered.
 *
 * @throws {ThreadmillError} as `identifyAnywhere`; SETTINGS_INVALID; USAGE of an address that would not stay secret
 */
export function identifyJob(client: Client, request: JobRequest): JobIdentity | Promise<JobIdentity> {
  const { path, out, settings, submissions = null } = request;
  const problem = submissions === null ? null : joinProblem(settings);
  if (problem !== null) throw problem;
  const places = submissions === null ? [path] : [path, submissions];
  if (!places.some(isRemote)) return identify(path, out, settings, submissions);
  for (const place of places) refuseOpenSecret(client, place);
  return identifyAnywhere(path, out, settings, submissions);
}

/**
 * A signed address is part of the job's input, which everybody who may look at jobs can read.
 *
 * @throws {ThreadmillError} USAGE where it is not encrypted
 */
export function refuseOpenSecret(client: Client, place: string): void {
  if (!givesAccess(place) || client.options.loadedDataConverter.payloadCodecs.length > 0) return;
  throw new ThreadmillError(
    'USAGE',
    `Cannot take ${JSON.stringify(place)}: what stands behind its "?" gives access, and would be readable in Temporal's history; ` +
      'set THREADMILL_PAYLOAD_KEY, so that it is encrypted, or use an address without it',
  );
}
