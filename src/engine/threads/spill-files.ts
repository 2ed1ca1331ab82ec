import type { AssemblyInput } from '../../contract/assembly.ts';
import { partFile, partNaming } from '../../contract/part.ts';
import { placeIn } from '../storage/place.ts';
import type { SpillFile } from './bucket.ts';

/** All spill files of a job, in the order of their rows: the comments' first, then those of joined submissions. */
export function spillFilesOf({
  dataset,
  settings: { format },
  buckets,
  arranged,
  spills,
}: Pick<AssemblyInput, 'dataset' | 'settings' | 'buckets' | 'arranged' | 'spills'>): readonly SpillFile[] {
  return (['comments', 'submissions'] as const).flatMap((kind) => {
    const naming = partNaming({ format, kind, buckets, arranged });
    return spills[kind].map((bytes, index) => ({
      path: placeIn(dataset, partFile(index, naming)),
      bytes,
      kind,
    }));
  });
}
