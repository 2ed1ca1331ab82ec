/** What a user names, as others have to find it. */
import { resolve } from 'node:path';
import { isRemote } from '../core/places.ts';

/** A path is taken from where the command runs; what is not on this machine is named in full already. */
export function absolutePlace(given: string): string {
  return isRemote(given) ? given : resolve(given);
}
