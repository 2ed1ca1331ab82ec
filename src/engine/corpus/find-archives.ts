/** The archives that folders, patterns, names and lists of names mean. */
import { glob, readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { ThreadmillError } from '../../core/errors.ts';
import { schemeOf } from '../../core/places.ts';
import { manifestName } from '../dataset/names.ts';
import { resolvePlace } from '../storage/place.ts';

/** As dumps are named. What is named outright may be called anything. */
const archiveFile = /\.(zst|zstd|zst_blocks|gz|ndjson|jsonl)$/i;
const magic = /[*?[\]{}]/;
/** 100 bytes each make 100 MB; whoever has more archives has more than one corpus. */
const listBytesMax = 100 * 1024 * 1024;

export interface Sources {
  /** Files, folders, patterns. */
  readonly archives: readonly string[];
  /** A file with more of them. */
  readonly list?: string | undefined;
  /** Absolute; what lies in it is no input. */
  readonly out: string;
}

/** Whether a name means several archives: a folder, or a pattern that is not itself the name of a file. */
export async function meansMany(source: string): Promise<boolean> {
  if (schemeOf(source) !== 'file') return false;
  const found = await stat(source).catch(() => null);
  return found === null ? magic.test(source) : found.isDirectory();
}

/** The names in a text, one a line; a line that begins with `#` is none. */
export function namesIn(text: string): readonly string[] {
  return text
    .split(/\r?\n|\0/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * Absolute paths, each once, sorted. Of a folder all archives in it and below it, but no hidden files, no datasets, and not
 * the output folder. A name that is no folder and no pattern is taken as it is: whether it is there shows when it is looked at.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING where a folder or a pattern holds no archive; USAGE where nothing is named;
 *   ARCHIVE_MISSING, ARCHIVE_UNREADABLE where a list or a folder can't be read
 */
export async function findArchives({ archives, list, out }: Sources): Promise<readonly string[]> {
  const named = [...archives];
  if (list !== undefined) {
    // names in a list stand beside it, unless they are absolute
    for (const name of namesIn(await textOf(list)))
      named.push(schemeOf(name) === 'file' ? path.resolve(path.dirname(list), name) : name);
  }
  const found = new Set<string>();
  for (const source of named) {
    const isOne = !(await meansMany(source));
    if (isOne) found.add(resolvePlace(source));
    else for (const archive of await expand(source, out)) found.add(archive);
  }
  if (found.size === 0)
    throw new ThreadmillError('USAGE', 'No archive is named: give files, folders, or a list');
  return [...found].sort();
}

async function expand(source: string, out: string): Promise<readonly string[]> {
  const here = await stat(source).catch(() => null);
  const files = here === null ? await matches(source, out) : await below(path.resolve(source), out);
  if (files.length > 0) return files;
  const place = path.resolve(source);
  const what = here === null ? 'matches no archive' : 'holds no archive';
  throw new ThreadmillError(
    'ARCHIVE_MISSING',
    `${JSON.stringify(place)} ${what}: archives end in .zst, .gz, .ndjson or .jsonl; check the path`,
    { facts: { path: place } },
  );
}

async function matches(pattern: string, out: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const entry of glob(pattern)) {
    const file = path.resolve(entry);
    if (file.startsWith(out + path.sep)) continue;
    // a folder that is matched is not meant: the pattern says which files are
    if ((await stat(file).catch(() => null))?.isFile() === true) files.push(file);
  }
  return files;
}

async function below(folder: string, out: string): Promise<readonly string[]> {
  if (folder === out) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(folder, error);
  });
  if (entries.some(({ name }) => name === manifestName)) return [];
  const files: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const file = path.join(folder, entry.name);
    const isLink = entry.isSymbolicLink();
    const target = isLink ? await stat(file).catch(() => null) : entry;
    // a folder behind a link may hold this one
    if (target?.isDirectory() === true) files.push(...(isLink ? [] : await below(file, out)));
    else if (target?.isFile() === true && archiveFile.test(entry.name)) files.push(file);
  }
  return files;
}

async function textOf(list: string): Promise<string> {
  try {
    const { size } = await stat(list);
    if (size > listBytesMax) throw new RangeError(`${size} bytes are too many; at most ${listBytesMax}`);
    return await readFile(list, 'utf8');
  } catch (error) {
    throw unreadable(list, error);
  }
}

function unreadable(source: string, cause: unknown): ThreadmillError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const isMissing = code === 'ENOENT';
  return new ThreadmillError(
    isMissing ? 'ARCHIVE_MISSING' : 'ARCHIVE_UNREADABLE',
    `Cannot read ${JSON.stringify(source)}, which is to name archives: ${isMissing ? 'it is not there' : message}; ` +
      'check the path',
    { facts: { path: source }, cause },
  );
}
