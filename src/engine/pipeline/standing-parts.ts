/** Parts that stand in the folder already and are just what would be made: found by their own seals, never by their names. */
import type { ResumePoint, SegmentInput } from '../../contract/job.ts';
import { partFile, partNaming, rejectsFile, type PartEntry, type PartNaming } from '../../contract/part.ts';
import { totalOf } from '../../core/fates.ts';
import { daySeconds } from '../../core/limits.ts';
import { readDigest } from '../dataset/file-bytes.ts';
import { readSealed, type PartFacts, type SealedPart } from '../output/seal.ts';
import { placeIn } from '../storage/place.ts';
import { outputOptionsOf, originOf } from './mill-options.ts';

export interface StandingPart {
  readonly entry: PartEntry;
  /** Where the part behind it begins. */
  readonly next: ResumePoint;
}

export interface StandingOptions {
  readonly input: SegmentInput;
  /** The part that is wanted next, and where its first line starts. */
  readonly from: ResumePoint;
  /** Called before each MiB that is read: a sign of life. Throwing ends it. */
  readonly onChunk: () => void;
}

/**
 * The next part, if it stands there whole: made of this archive under these settings, every byte as it was sealed, and its
 * rejects with it. Null where it has to be made. The formats without metadata (csv, jsonl, jsonl.zst) carry no seal: theirs
 * are always made again, and found to be the same when they are committed. Reads the part once, one MiB in memory.
 */
export async function standingPart({ input, from, onChunk }: StandingOptions): Promise<StandingPart | null> {
  const { dataset, settings, nowSeconds } = input;
  const naming = partNaming(outputOptionsOf(input));
  const file = partFile(from.part, naming);
  const sealed = await readSealed(placeIn(dataset, file), originOf(input), onChunk);
  if (sealed === null || !follows(sealed.facts, from)) return null;
  const { facts } = sealed;
  if (settings.validateTimestamps && !fits(facts, nowSeconds)) return null;
  if (!(await rejectsStand(dataset, facts, naming, onChunk))) return null;
  return { entry: entryOf(file, naming, sealed), next: nextOf(facts, from, settings.salvage) };
}

function follows({ index, start, firstLine }: PartFacts, from: ResumePoint): boolean {
  return index === from.part && start === from.offset && firstLine === from.line;
}

/** Whether a job that began at `nowSeconds` judges every line as the one that made the part did. */
function fits({ undated: { latestPassed, earliestRefused } }: PartFacts, nowSeconds: number): boolean {
  const latest = nowSeconds + daySeconds;
  return (latestPassed ?? -Infinity) <= latest && (earliestRefused ?? Infinity) > latest;
}

async function rejectsStand(
  folder: string,
  { index, counters, rejects }: PartFacts,
  naming: PartNaming,
  onChunk: () => void,
): Promise<boolean> {
  if (rejects === null) return totalOf(counters.rejected) === 0;
  const path = placeIn(folder, rejectsFile(index, naming));
  const found = await readDigest(path, { onChunk }).catch((error: unknown) => {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return null; // gone, or can't be read: then it is made again with its part
  });
  return found?.bytes === rejects.bytes && found.sha256 === rejects.sha256;
}

function entryOf(file: string, naming: PartNaming, { facts, bytes, sha256 }: SealedPart): PartEntry {
  const { index, start, end, firstLine, counters, rejects } = facts;
  return {
    index,
    file,
    start,
    end,
    firstLine,
    rows: counters.kept,
    bytes,
    sha256,
    counters,
    rejects: rejects === null ? null : { file: rejectsFile(index, naming), ...rejects },
  };
}

/** With `salvage` the decoder enters no later: what lies in between may have holes, which it has to see again. */
function nextOf(
  { index, end, firstLine, counters, frame }: PartFacts,
  from: ResumePoint,
  salvage: boolean,
): ResumePoint {
  return {
    part: index + 1,
    offset: end,
    line: firstLine + counters.lines,
    frame: salvage ? from.frame : frame,
  };
}
