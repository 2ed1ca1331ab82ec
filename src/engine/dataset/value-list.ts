/** The list of a split dataset's values: one JSON line each, of a bucket first, then of all. */
import type { DatasetFile } from './manifest.ts';

/** A value and its files. */
export interface ValueEntry extends DatasetFile {
  /** Null: the rows have none. */
  readonly value: string | null;
  readonly rows: number;
  /** Of threads. */
  readonly threads?: number;
  readonly tombstones?: number;
  readonly table?: DatasetFile;
}

/** One line, with its line feed. */
export function valueLine({
  value,
  file,
  rows,
  threads,
  tombstones,
  bytes,
  sha256,
  table,
}: ValueEntry): string {
  return `${JSON.stringify({ value, file, rows, threads, tombstones, bytes, sha256, table })}\n`;
}

/** The files of an entry. */
export function filesOfValue({ file, bytes, sha256, table }: ValueEntry): readonly DatasetFile[] {
  return [{ file, bytes, sha256 }, ...(table === undefined ? [] : [table])];
}
