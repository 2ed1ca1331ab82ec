/** The files of a split dataset's values, as its list says: read, joined from the buckets' lists, and told from strangers. */
import { createHash } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { opendir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  splitExtension,
  splitFolder,
  tablesFolder,
  valuesName,
  type SplitKey,
} from '../../contract/split.ts';
import type { OutputFormat } from '../../contract/job.ts';
import type { ValuesEntry } from '../../contract/threads.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { DamagedFileError, readLines } from '../archive/read-lines.ts';
import { AtomicFile, outputError } from '../output/atomic-file.ts';
import { fileStem } from '../split/file-name.ts';
import { filesOfValue, type ValueEntry } from './value-list.ts';
import type { DatasetFile, SplitManifest } from './manifest.ts';
import { isValueFile, valueFolders } from './names.ts';
import { unpublishable } from './publish-errors.ts';

/** Lines that are looked at before others get their turn. */
const linesPerTurn = 512;

/** How the files of values are named. */
export interface ValueNaming {
  readonly by: SplitKey;
  readonly format: OutputFormat;
}

/** The naming of a dataset's. */
export function valueNaming({ split, settings }: SplitManifest): ValueNaming {
  return { by: split.by, format: settings.format };
}

/**
 * The entries of a list, one by one, each with the names that its value has: none leads out of the folder.
 * @throws ThreadmillError DATASET_INVALID where it is not such a list; what `node:fs` throws where it can't be read
 */
export function* valuesIn(folder: string, list: string, naming: ValueNaming): Generator<ValueEntry, void> {
  const path = join(folder, list);
  // the reader of archives has other words for it
  if (!existsSync(path)) throw Object.assign(new Error(`"${list}" is gone`), { code: 'ENOENT' });
  let number = 0;
  try {
    for (const line of readLines(path, 'plain')) {
      number++;
      yield entryIn(line, naming);
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError || cause instanceof DamagedFileError)) throw cause;
    throw new ThreadmillError(
      'DATASET_INVALID',
      `Cannot read the values of dataset ${JSON.stringify(folder)}: line ${number} of "${list}": ${cause.message}; make it anew ` +
        'with --again',
      { facts: { path }, cause },
    );
  }
}

function entryIn(line: Uint8Array, { by, format }: ValueNaming): ValueEntry {
  const read: unknown = JSON.parse(Buffer.from(line).toString('utf8'));
  if (typeof read !== 'object' || read === null) throw new SyntaxError('it is no object');
  const { value } = read as { readonly value?: unknown };
  if (typeof value !== 'string' && value !== null) throw new SyntaxError('it names no value');
  const entry = read as ValueEntry;
  const name = `${fileStem(entry.value)}.${splitExtension(format)}`;
  const expected = [join(splitFolder(by), name), join(tablesFolder, name)];
  for (const [at, { file, bytes, sha256 }] of filesOfValue(entry).entries()) {
    const isFile = Number.isSafeInteger(bytes) && bytes >= 0 && /^[0-9a-f]{64}$/.test(sha256);
    if (file !== expected[at] || !isFile) throw new SyntaxError(`it has no file of that value`);
  }
  if (!Number.isSafeInteger(entry.rows) || entry.rows < 0) throw new SyntaxError('it has no number of rows');
  return entry;
}

/**
 * Joins the lists of the buckets, in their order, and looks for each file. `report` is called every few hundred lines: also a
 * sign of life.
 *
 * @throws {ThreadmillError} DATASET_INVALID where a list or a file is gone or not as it was written; OUTPUT_DENIED, DISK_FULL
 */
export async function joinValues(
  dataset: string,
  buckets: readonly ValuesEntry[],
  naming: ValueNaming,
  report: () => void,
): Promise<DatasetFile> {
  const joined = await AtomicFile.create(join(dataset, valuesName));
  try {
    for (const bucket of buckets) await joinBucket(dataset, bucket, naming, joined, report);
    return { file: valuesName, ...(await joined.commit()) };
  } finally {
    await joined.abort();
  }
}

async function joinBucket(
  dataset: string,
  { file, bytes, sha256, values, rows }: ValuesEntry,
  naming: ValueNaming,
  joined: AtomicFile,
  report: () => void,
): Promise<void> {
  const hash = createHash('sha256');
  const found = { bytes: 0, values: 0, rows: 0 };
  const path = join(dataset, file);
  if (!existsSync(path)) throw unpublishable(dataset, `"${file}" is gone`);
  let lines: Buffer[] = [];
  const write = async (): Promise<void> => {
    const text = Buffer.concat(lines);
    lines = [];
    hash.update(text);
    found.bytes += text.length;
    await joined.write(text);
    report();
  };
  for (const line of readLines(path, 'plain')) {
    let entry;
    try {
      entry = entryIn(line, naming);
    } catch (cause) {
      throw unpublishable(dataset, `"${file}" is damaged: ${(cause as Error).message}`, cause);
    }
    for (const each of filesOfValue(entry)) checkSize(dataset, each);
    found.values++;
    found.rows += entry.rows;
    lines.push(Buffer.from(line), lineFeed);
    if (lines.length >= 2 * linesPerTurn) await write();
  }
  await write();
  if (found.bytes !== bytes || hash.digest('hex') !== sha256)
    throw unpublishable(
      dataset,
      `"${file}" has changed since it was written (${found.bytes} of ${bytes} bytes)`,
    );
  if (found.values !== values || found.rows !== rows)
    throw unpublishable(
      dataset,
      `"${file}" lists ${found.values} values with ${found.rows} rows, but ${values} with ${rows} were written`,
    );
}

const lineFeed = Buffer.from('\n');

function checkSize(dataset: string, { file, bytes }: DatasetFile): void {
  const found = lstatSync(join(dataset, file), { throwIfNoEntry: false });
  if (found?.isFile() !== true) throw unpublishable(dataset, `"${file}" is gone`);
  if (found.size !== bytes)
    throw unpublishable(dataset, `"${file}" has ${found.size} bytes, but was written with ${bytes}`);
}

/** Which folders of values a dataset has, and how many files each; and where its list is, if it is split. */
export interface OwnValues {
  readonly folders: ReadonlyMap<string, number>;
  readonly list: string | null;
  readonly naming: ValueNaming | null;
}

/** Those of a manifest; `null`: of a dataset that is not split. */
export function ownValues(manifest: SplitManifest | null): OwnValues {
  if (manifest === null) return { folders: new Map(), list: null, naming: null };
  const { folder, tables, values, list } = manifest.split;
  const folders = [folder, ...(tables === null ? [] : [tables])].map((name) => [name, values] as const);
  return { folders: new Map(folders), list: list.file, naming: valueNaming(manifest) };
}

/**
 * Files in folders of values that have a name as ours and are none of the dataset, relative to it. Where a folder has as many as
 * are listed, which all stand there, there are none: nothing is read then but names. Else the names are held in memory.
 */
export async function* strangeValues(
  dataset: string,
  { folders, list, naming }: OwnValues,
): AsyncGenerator<string, void> {
  for (const folder of valueFolders) {
    const own = folders.get(folder) ?? 0;
    let count = 0;
    for await (const name of namesIn(join(dataset, folder))) if (isValueFile(name)) count++;
    if (count === own) continue;
    const ours = new Set<string>();
    if (own > 0 && list !== null && naming !== null)
      for (const { value } of valuesIn(dataset, list, naming))
        ours.add(`${fileStem(value)}.${splitExtension(naming.format)}`);
    for await (const name of namesIn(join(dataset, folder)))
      if (isValueFile(name) && !ours.has(name)) yield join(folder, name);
  }
}

/** Removes the strangers, and folders that are empty then. */
export async function removeStrangeValues(dataset: string, own: OwnValues): Promise<void> {
  for await (const file of strangeValues(dataset, own)) {
    const path = join(dataset, file);
    await rm(path, { force: true }).catch((error: unknown) => {
      throw outputError(path, error);
    });
  }
  for (const folder of valueFolders) {
    if (own.folders.has(folder)) continue;
    await rmdir(join(dataset, folder)).catch(() => undefined); // not there, or with something of somebody's in it
  }
}

/** Names of files in a folder; none where it is no folder, or a link to one. */
async function* namesIn(folder: string): AsyncGenerator<string, void> {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  for await (const entry of await opendir(folder))
    if (entry.isFile() || entry.isSymbolicLink()) yield entry.name;
}
