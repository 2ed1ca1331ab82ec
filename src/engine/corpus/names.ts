/** The names of everything that a corpus puts beside its datasets. */
import { placeIn } from '../storage/place.ts';

/** A dataset's name never begins with a dot, and never ends in what an archive's may: neither can be taken. */
const workFolder = '.corpus';
/** Written last. */
export const corpusManifestName = 'corpus.json';
/** A line for each archive, by the name of its dataset. */
export const ledgerName = 'corpus.ndjson';
export const listName = 'list.ndjson';
const piecePattern = /^results-(\d{8,})\.ndjson$/;

/** Where a corpus keeps what it needs until its manifest stands. `out` absolute. */
export function corpusFolder(out: string): string {
  return placeIn(out, workFolder);
}

/** The file with what became of archives from this one on: names sort as indexes do. */
export function pieceName(from: number): string {
  return `results-${String(from).padStart(8, '0')}.ndjson`;
}

export function isPiece(name: string): boolean {
  return piecePattern.test(name);
}
