/** The rejects of an archive's parts as one file. */
import type { PartEntry } from '../../contract/part.ts';
import { totalOf, type Counters } from '../../core/fates.ts';
import { AtomicFile } from '../output/atomic-file.ts';
import { placeIn } from '../storage/place.ts';
import { readDigest } from './file-bytes.ts';
import type { RejectsEntry } from './manifest.ts';
import { missing, unpublishable } from './publish-errors.ts';

export interface RejectPieces {
  readonly parts: readonly PartEntry[];
  readonly counters: Counters;
  /** Of the joined file. */
  readonly rejectsName: string;
}

/**
 * Joins the pieces in the order of the archive; null where no line was rejected. `report` is called for each chunk, with
 * the parts that are through: also a sign of life.
 *
 * @throws {ThreadmillError} DATASET_INVALID where a piece is gone or not as it was written; OUTPUT_DENIED, DISK_FULL
 */
export async function joinRejects(
  dataset: string,
  { parts, counters, rejectsName }: RejectPieces,
  report: (step: 'joining', done: number) => void,
): Promise<RejectsEntry | null> {
  const pieces = parts.flatMap(({ index, rejects }) => (rejects === null ? [] : [{ index, ...rejects }]));
  const lines = totalOf(counters.rejected);
  if (pieces.length === 0 && lines === 0) return null;
  const joined = await AtomicFile.create(placeIn(dataset, rejectsName));
  try {
    for (const { index, file, bytes, sha256 } of pieces) {
      // The sign of life comes with every chunk: a piece may be large and its disk slow.
      const onChunk = async (chunk: Uint8Array): Promise<void> => {
        await joined.write(chunk);
        report('joining', index);
      };
      const found = await readDigest(placeIn(dataset, file), { onChunk }).catch((error: unknown) => {
        throw missing(dataset, file, error);
      });
      if (found.bytes !== bytes || found.sha256 !== sha256) {
        throw unpublishable(
          dataset,
          `"${file}" has changed since it was written (${found.bytes} of ${bytes} bytes)`,
        );
      }
      report('joining', index + 1);
    }
    return { file: rejectsName, ...(await joined.commit()), lines };
  } catch (error) {
    await joined.abort();
    throw error;
  }
}
