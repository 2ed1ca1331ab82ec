/** Places as texts: what Node's `path` does for files of this machine, for the places of a store as well. */
import path from 'node:path';
import { schemeOf } from '../../core/places.ts';

/** A place in its one absolute form: equal texts are the same place. */
export function resolvePlace(given: string): string {
  return path.resolve(given);
}

/** A file (or folder) in a folder. */
export function placeIn(folder: string, name: string): string {
  return schemeOf(folder) === 'file' ? path.join(folder, name) : `${folder}/${name}`;
}
