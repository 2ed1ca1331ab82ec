/** Opens what is not on this machine. */
import { schemeOf } from '../../core/places.ts';
import { RangeReader } from './range-reader.ts';
import type { RemoteObject } from './remote-object.ts';

async function openObject(place: string): Promise<RemoteObject> {
  if (schemeOf(place) === 's3') return (await import('./s3-object.ts')).openS3Object(place);
  return (await import('./https-object.ts')).openHttpsObject(place);
}

/** @throws {ThreadmillError} STORAGE_*; an error with the code ENOENT where there is nothing */
export async function openRemoteFile(place: string): Promise<RangeReader> {
  return new RangeReader(await openObject(place));
}
