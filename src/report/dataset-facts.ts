/** What a report is made from: a dataset's manifest, its rows and its rejects. */
import type { RunRecord } from '../contract/run.ts';
import { addCounters, type Counters } from '../core/fates.ts';
import { valueNaming, valuesIn } from '../engine/dataset/value-files.ts';
import type { ValueEntry } from '../engine/dataset/value-list.ts';
import { readManifest, type DatasetFile, type Manifest } from '../engine/dataset/manifest.ts';
import { readRejects, type RejectedLine } from '../engine/dataset/rejects.ts';
import { readRows, type RowTallies } from './read-rows.ts';

/** Lines of the archive that follow one another, and what became of them. */
export interface Stretch {
  /** Lines before it. */
  readonly firstLine: number;
  readonly counters: Counters;
}

export interface DatasetFacts {
  readonly manifest: Manifest;
  /** Number and size of the files with rows. */
  readonly files: number;
  readonly bytes: number;
  readonly stretches: readonly Stretch[];
  /** Null where the rows are in no Parquet files. */
  readonly rows: RowTallies | null;
  /** A few of each reason. */
  readonly rejects: readonly RejectedLine[];
  /** Null in datasets of earlier versions. */
  readonly run: RunRecord | null;
}

export interface FactsOptions {
  /** About as many rows are looked at, at most. */
  readonly rowsMax: number;
}

/** More bars are no longer seen apart. */
const stretchesMax = 100;
/** A file of a few rows takes as long to open as one of thousands. */
const valueFilesMax = 2_000;
const rejectsPerReason = 3;
/** Rejects are looked through for examples no further than this. */
const rejectsLookedMax = 100_000;

/**
 * Reads a dataset. Memory: one column of a row group, and the tallies (see `Ranking`).
 *
 * @throws {ThreadmillError} DATASET_INVALID
 */
export async function readFacts(folder: string, { rowsMax }: FactsOptions): Promise<DatasetFacts> {
  const manifest = await readManifest(folder);
  const { archive, parts, settings } = manifest;
  const { files: count, bytes, looked: files } = rowFilesOf(folder, manifest);
  return {
    manifest,
    files: count,
    bytes,
    stretches: merged(parts, stretchesMax),
    rows:
      settings.format === 'parquet'
        ? await readRows(folder, { kind: archive.kind, files, rowsMax, rows: manifest.split?.rows })
        : null,
    rejects: manifest.rejects === null ? [] : await someRejects(folder),
    run: manifest.run ?? null,
  };
}

interface RowFiles {
  readonly files: number;
  readonly bytes: number;
  /** Names of those that are looked into. */
  readonly looked: readonly string[];
}

/** Of a split dataset the largest files are looked into: they hold most rows, and the names that come most often. */
function rowFilesOf(folder: string, manifest: Manifest): RowFiles {
  if (manifest.split === undefined) {
    const files: readonly DatasetFile[] = manifest.threads ?? manifest.parts;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return { files: files.length, bytes, looked: files.map(({ file }) => file) };
  }
  let [files, bytes] = [0, 0];
  let largest: ValueEntry[] = [];
  const keepLargest = (): void => {
    largest = largest.sort((a, b) => b.rows - a.rows).slice(0, valueFilesMax);
  };
  for (const entry of valuesIn(folder, manifest.split.list.file, valueNaming(manifest))) {
    files++;
    bytes += entry.bytes;
    largest.push(entry);
    if (largest.length >= 2 * valueFilesMax) keepLargest();
  }
  keepLargest();
  return { files, bytes, looked: largest.map(({ file }) => file) };
}

/** Neighbours put together until there are at most so many. */
export function merged(stretches: readonly Stretch[], max: number): readonly Stretch[] {
  const size = Math.ceil(stretches.length / max);
  const groups: Stretch[] = [];
  for (const [at, { firstLine, counters }] of stretches.entries()) {
    const last = groups.at(-1);
    if (at % size === 0 || last === undefined) groups.push({ firstLine, counters });
    else groups[groups.length - 1] = { ...last, counters: addCounters(last.counters, counters) };
  }
  // of nothing there is no share
  return groups.filter(({ counters }) => counters.lines > 0);
}

async function someRejects(folder: string): Promise<readonly RejectedLine[]> {
  const found = new Map<string, RejectedLine[]>();
  let looked = 0;
  for await (const reject of readRejects(folder)) {
    const same = found.get(reject.reason) ?? [];
    if (same.length < rejectsPerReason) found.set(reject.reason, [...same, reject]);
    if (++looked >= rejectsLookedMax) break;
  }
  return [...found.values()].flat();
}
