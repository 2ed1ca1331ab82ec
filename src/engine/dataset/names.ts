/** The names of everything that threadmill puts into a dataset's folder. Nothing else there is ever touched. */
import { join, resolve } from 'node:path';
import { outputFormats } from '../../contract/job.ts';

export const manifestName = 'manifest.json';
/** 6,000 parts make 4 MB; more is no manifest of ours. */
export const manifestBytesMax = 64 * 1024 * 1024;
export const claimName = '.threadmill-job.json';
export const joinedRejectsName = 'rejects.jsonl.zst';

const formats = outputFormats.map((format) => format.replace('.', '\\.')).join('|');
const partName = new RegExp(`^(part|threads)-\\d{5,}\\.(${formats})$`);
const pieceName = /^part-(\d{5,})\.rejects\.jsonl\.zst$/;
/** As `AtomicFile` and the claim make them. */
const temporaryName = /^(.+)\.[0-9a-f]{8}\.tmp$/;

export type DatasetFileRole = 'part' | 'piece' | 'rejects' | 'manifest' | 'claim' | 'temporary';

/** What a file of a dataset's folder is by its name; null for what is not ours. */
export function roleOf(name: string): DatasetFileRole | null {
  const temporary = temporaryName.exec(name)?.[1];
  if (temporary !== undefined) return roleOf(temporary) === null ? null : 'temporary';
  if (pieceName.test(name)) return 'piece';
  if (partName.test(name)) return 'part';
  if (name === joinedRejectsName) return 'rejects';
  if (name === manifestName) return 'manifest';
  return name === claimName ? 'claim' : null;
}

/** The part index of a piece of rejects. */
export function pieceIndex(name: string): number {
  return Number(pieceName.exec(name)?.[1] ?? NaN);
}

/** The dataset's absolute folder: `<out>/<archive name>`. */
export function datasetFolder(out: string, name: string): string {
  return resolve(join(out, name));
}
