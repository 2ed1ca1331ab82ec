/** Places as texts: what Node's `path` does for files of this machine, for the places of a store as well. */
import path from 'node:path';
import { schemeOf } from '../../core/places.ts';
import { ThreadmillError } from '../../core/errors.ts';

/** An object of a store, or with a key that ends a folder's name, all that is below it. */
export interface S3Place {
  readonly bucket: string;
  /** Without a slash at either end; empty: the bucket itself. */
  readonly key: string;
}

function unusable(given: string, why: string): ThreadmillError {
  return new ThreadmillError('USAGE', `Cannot use ${JSON.stringify(given)}: ${why}`);
}

/**
 * What an address in a store means.
 *
 * @throws {ThreadmillError} USAGE where it names no bucket, or leads up or nowhere by `..`, `.` or an empty piece: stores take
 *   these as names, which no file system and no user does
 */
export function s3Place(place: string): S3Place {
  const [bucket = '', ...pieces] = place.slice('s3://'.length).replace(/\/+$/, '').split('/');
  if (!/^[A-Za-z0-9][A-Za-z0-9._:-]*$/.test(bucket)) {
    throw unusable(place, 'it names no bucket; write s3://BUCKET/KEY');
  }
  if (pieces.some((piece) => piece === '' || piece === '.' || piece === '..')) {
    throw unusable(place, 'between its slashes must be names, not "..", "." or nothing');
  }
  return { bucket, key: pieces.join('/') };
}

/**
 * A place in its one absolute form: equal texts are the same place.
 *
 * @throws {ThreadmillError} USAGE where it is none
 */
export function resolvePlace(given: string): string {
  switch (schemeOf(given)) {
    case 's3': {
      const { bucket, key } = s3Place(given);
      return key === '' ? `s3://${bucket}` : `s3://${bucket}/${key}`;
    }
    case 'https':
      return webAddress(given);
    case 'file':
      return path.resolve(given);
  }
}

function webAddress(given: string): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw unusable(given, 'it is no web address');
  }
  if (url.username !== '' || url.password !== '') {
    const { host } = url;
    throw unusable(
      `${url.protocol}//…@${host}`,
      'name and password would stand in logs and in the history of the job; use an address that needs none, or download it first',
    );
  }
  url.hash = '';
  return url.href;
}

/** A file (or folder) in a folder. */
export function placeIn(folder: string, name: string): string {
  return schemeOf(folder) === 'file' ? path.join(folder, name) : `${folder}/${name}`;
}

/** The name of a file, without the way to it. */
export function fileName(place: string): string {
  if (schemeOf(place) === 'file') return path.basename(place);
  const [way = ''] = schemeOf(place) === 'https' ? new URL(place).pathname.split('?') : [place];
  const name = way.replace(/\/+$/, '').split('/').at(-1) ?? '';
  try {
    return path.basename(decodeURIComponent(name));
  } catch {
    return name; // a lone % is a sign like any other
  }
}
