/** A look at an archive that leaves this thread free, wherever the archive is. */
import type { ArchiveInspection } from '../../contract/job.ts';
import { isRemote } from '../../core/places.ts';
import { unpackError, type PackedError } from '../pipeline/thread-error.ts';
import { resolvePlace } from '../storage/place.ts';
import { startThread } from '../thread.ts';
import { inspectArchive, type InspectOptions } from './inspect.ts';

export interface LookData {
  readonly place: string;
  readonly options: InspectOptions;
}

export type FromLook =
  | { readonly type: 'found'; readonly inspection: ArchiveInspection }
  | { readonly type: 'failed'; readonly error: PackedError };

/** The beginning of an archive, decompressed, is small; the SDK takes 20 MB. */
const resourceLimits = { maxYoungGenerationSizeMb: 16, maxOldGenerationSizeMb: 256 };

/** As `inspectArchive`; of an archive that is not on this machine by a thread of its own, since its bytes are waited for. */
export async function lookAtArchive(given: string, options: InspectOptions = {}): Promise<ArchiveInspection> {
  const place = resolvePlace(given);
  if (!isRemote(place)) return inspectArchive(place, options);
  const answer = await new Promise<FromLook>((resolve, reject) => {
    const thread = startThread('archive/look-thread', {
      workerData: { place, options } satisfies LookData,
      resourceLimits,
      onError: reject,
    });
    thread.once('message', resolve);
    thread.once('exit', () => {
      reject(new Error('The thread that looked at the archive has ended without a word')); // unless it has answered
    });
  });
  if (answer.type === 'found') return answer.inspection;
  throw unpackError(answer.error);
}
