/** Files of names: read once by whoever starts the job, and again, if they are large, by every worker that works on it. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { JobSettings } from '../../contract/job.ts';
import { listBytesMax, type NameFile, type SelectionSettings } from '../../contract/selection.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { authorName, nameList, subredditName } from '../../core/names.ts';

/** Some two million names; they are held in memory twice while they are read. */
const fileBytesMax = 32 * 1024 * 1024;

const lists = [
  { list: 'subreddit', file: 'subredditsFile', nameOf: subredditName, noun: 'a subreddit' },
  { list: 'author', file: 'authorsFile', nameOf: authorName, noun: 'an author' },
] as const;

function refused(file: string, why: string, cause?: unknown): ThreadmillError {
  return new ThreadmillError('SETTINGS_INVALID', `Cannot read names from ${JSON.stringify(file)}: ${why}`, {
    facts: { path: file },
    cause,
  });
}

/** Its names in their one form, in order, each once: one a line, empty lines and those that begin with # passed over. */
function readNames(file: string, { nameOf, noun }: (typeof lists)[number]): readonly string[] {
  let text: string;
  try {
    const found = statSync(file);
    const { size } = found;
    // a pipe would keep a worker waiting, and be empty for the next one
    if (!found.isFile()) throw refused(file, 'it is no plain file; write the names into one');
    if (size > fileBytesMax)
      throw refused(file, `it has ${size} bytes, at most ${fileBytesMax} are allowed; is it the right file?`);
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof ThreadmillError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw refused(
      file,
      code === 'ENOENT'
        ? 'there is no such file; check the path'
        : `${code ?? String(error)}; make it readable`,
      error,
    );
  }
  const names: string[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const name = nameOf(line);
    if (name === null)
      throw refused(file, `line ${index + 1}, ${JSON.stringify(line.slice(0, 60))}, is no name of ${noun}`);
    names.push(name);
  }
  if (names.length === 0) throw refused(file, 'it holds no name, so nothing would be selected');
  return nameList(names);
}

function digestOf(names: readonly string[]): string {
  return createHash('sha256').update(names.join('\n')).digest('hex');
}

/**
 * The settings with their files of names read: a small list takes the file's place, of a large one the number and digest of
 * its names travel beside its absolute path. Idempotent; what has been read already is left alone.
 *
 * @throws {ThreadmillError} SETTINGS_INVALID where a file can't be read or holds something else than names
 */
export function readNameFiles(settings: JobSettings): JobSettings {
  let read = settings;
  for (const each of lists) {
    const { list, file } = each;
    const given = read[file];
    if (typeof given !== 'string') continue;
    const place = path.resolve(given);
    const names = readNames(place, each);
    const joined = nameList([...names, ...(read[list] ?? [])]);
    if (JSON.stringify(joined).length <= listBytesMax) {
      const { [file]: _, ...rest } = read;
      read = { ...rest, [list]: joined };
    } else {
      const carried: NameFile = { path: place, names: names.length, sha256: digestOf(names) };
      read = { ...read, [file]: carried };
    }
  }
  return read;
}

/**
 * All names of a list, those of its file too; null where neither is given.
 *
 * @throws {ThreadmillError} SELECTION_CHANGED where the file no longer holds the names that the job began with, or is gone
 */
export function namesOf(
  settings: SelectionSettings,
  which: 'subreddit' | 'author',
): readonly string[] | null {
  const each = which === 'subreddit' ? lists[0] : lists[1];
  const inline = settings[which] ?? [];
  const file = settings[each.file];
  if (file === undefined) return settings[which] === undefined ? null : inline;
  if (typeof file === 'string') throw new TypeError('A file of names has to be read before the job begins');
  return nameList([...namesIn(file, each), ...inline]);
}

function namesIn(file: NameFile, each: (typeof lists)[number]): readonly string[] {
  const changed = (why: string, cause?: unknown): ThreadmillError =>
    new ThreadmillError(
      'SELECTION_CHANGED',
      `Cannot go on with the selection: ${why}; put the file back as it was (on every machine with a worker, under the ` +
        'same path) and run again: it goes on from here. Another list is another job',
      { facts: { path: file.path }, cause },
    );
  let names: readonly string[];
  try {
    names = readNames(file.path, each);
  } catch (error) {
    if (!(error instanceof ThreadmillError)) throw error;
    throw changed(error.message, error);
  }
  if (digestOf(names) !== file.sha256)
    throw changed(
      `${JSON.stringify(file.path)} no longer holds the ${file.names} names that the job began with`,
    );
  return names;
}
