/** The names of everything that threadmill puts into a dataset's folder. Nothing else there is ever touched. */
import { outputFormats } from '../../contract/job.ts';
import { placeIn, resolvePlace } from '../storage/place.ts';
import type { PartNaming } from '../../contract/part.ts';
import { splitFolder, splitKeys, tablesFolder, valuesName } from '../../contract/split.ts';
import { isFileStem } from '../split/file-name.ts';

export const manifestName = 'manifest.json';
/** 6,000 parts make 4 MB; more is no manifest of ours. */
export const manifestBytesMax = 64 * 1024 * 1024;
export const claimName = '.threadmill-job.json';
export const joinedRejectsName = 'rejects.jsonl.zst';
/** Of the submissions archive that is joined to the comments. */
export const submissionsRejectsName = 'submissions-rejects.jsonl.zst';

/** Folders of a dataset's own. */
export const valueFolders: ReadonlySet<string> = new Set([...splitKeys.map(splitFolder), tablesFolder]);

const formats = outputFormats.map((format) => format.replace('.', '\\.')).join('|');
const partName = new RegExp(`^part-\\d{5,}\\.(${formats})$`);
const threadsName = new RegExp(`^(threads-\\d{5,}\\.(${formats})|conversations-\\d{5,}\\.jsonl\\.zst)$`);
const tableName = new RegExp(`^thread-table-\\d{5,}\\.(${formats})$`);
const valuesPieceName = /^values-\d{5,}\.jsonl$/;
const workName = /^split-\d{5,}$/;
const valueFile = new RegExp(`^(.+?)\\.(${formats.replace('|conversations', '')})$`);
const spillName = /^(part|submissions)-\d{5,}\.spill$/;
const pieceName = /^(part|submissions)-(\d{5,})\.rejects\.jsonl\.zst$/;
/** As `AtomicFile` and the claim make them. */
const temporaryName = /^(.+)\.[0-9a-f]{8}\.tmp$/;

export type DatasetFileRole =
  | 'part'
  | 'threads'
  | 'thread-table'
  /** Rows on their way to threads. */
  | 'spill'
  /** A part's rejects. */
  | 'piece'
  /** The values of a split dataset; and those of a bucket, until they are joined. */
  | 'values'
  | 'values-piece'
  /** A folder of files of a split dataset's values, one each; and one where an attempt writes them. */
  | 'value-folder'
  | 'work-folder'
  | 'rejects'
  | 'manifest'
  | 'claim'
  | 'temporary';

/** What a file of a dataset's folder is by its name; null for what is not ours. */
export function roleOf(name: string): DatasetFileRole | null {
  const temporary = temporaryName.exec(name)?.[1];
  if (temporary !== undefined) return roleOf(temporary) === null ? null : 'temporary';
  if (pieceName.test(name)) return 'piece';
  if (name === valuesName) return 'values';
  if (valuesPieceName.test(name)) return 'values-piece';
  if (valueFolders.has(name)) return 'value-folder';
  if (workName.test(name)) return 'work-folder';
  if (partName.test(name)) return 'part';
  if (threadsName.test(name)) return 'threads';
  if (tableName.test(name)) return 'thread-table';
  if (spillName.test(name)) return 'spill';
  if (name === joinedRejectsName || name === submissionsRejectsName) return 'rejects';
  if (name === manifestName) return 'manifest';
  return name === claimName ? 'claim' : null;
}

/** Whether a file of a folder of values has a name that one of ours could have. */
export function isValueFile(name: string): boolean {
  const plain = temporaryName.exec(name)?.[1] ?? name;
  const [, stem] = valueFile.exec(plain) ?? [];
  return stem !== undefined && isFileStem(stem);
}

/** Whether a name is that of a folder in which an attempt at values writes. */
export function isWork(name: string): boolean {
  return workName.test(temporaryName.exec(name)?.[1] ?? '');
}

/** Whether a file is ours by its name. */
export function isOurs(name: string): boolean {
  return roleOf(name) !== null;
}

/** Which part of which archive a piece of rejects is of; null for what is none. */
export function pieceOf(name: string): { readonly stem: PartNaming['stem']; readonly index: number } | null {
  const [, stem, index] = pieceName.exec(name) ?? [];
  return stem === undefined ? null : { stem: stem === 'part' ? 'part' : 'submissions', index: Number(index) };
}

/** The dataset's absolute folder: `<out>/<archive name>`. */
export function datasetFolder(out: string, name: string): string {
  return placeIn(resolvePlace(out), name);
}
