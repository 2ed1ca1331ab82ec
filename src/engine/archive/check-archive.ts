/** A quick look at an archive's path before anything is started: existence, kind, size, permission. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { isRemote } from '../../core/places.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { resolvePlace } from '../storage/place.ts';
import { openStored } from '../storage/stored-file.ts';

/** The typed error of a failed look at an archive: ARCHIVE_MISSING or ARCHIVE_UNREADABLE, with the way out. */
export function archiveError(path: string, cause: unknown): ThreadmillError {
  if (cause instanceof ThreadmillError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const name = JSON.stringify(path);
  const facts = { path };
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ThreadmillError('ARCHIVE_MISSING', `Cannot find archive ${name}: check the path`, {
      facts,
      cause,
    });
  }
  if (code === 'ELOOP') {
    return new ThreadmillError(
      'ARCHIVE_UNREADABLE',
      `Cannot read archive ${name}: its symbolic links lead back to themselves; name the file itself`,
      { facts, cause },
    );
  }
  return new ThreadmillError(
    'ARCHIVE_UNREADABLE',
    `Cannot read archive ${name}: ${code ?? String(cause)}; check the permissions of the file and its folders`,
    { facts, cause },
  );
}

/**
 * The archive's absolute place, if it is a readable file with something in it. Reads no byte of it, and opens nothing:
 * opening a FIFO would wait for its writer. One that is not on this machine is asked for its size.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE (also a folder, FIFO or device), ARCHIVE_EMPTY, USAGE, STORAGE_*
 */
export async function checkArchive(given: string): Promise<string> {
  const path = resolvePlace(given);
  if (isRemote(path)) return checkRemote(path);
  let found;
  try {
    found = await stat(path);
    await access(path, constants.R_OK);
  } catch (error) {
    throw archiveError(path, error);
  }
  const name = JSON.stringify(path);
  const facts = { path };
  if (found.isDirectory()) {
    throw new ThreadmillError(
      'ARCHIVE_UNREADABLE',
      `Cannot read archive ${name}: it is a folder; name the files in it, e.g. ${path}/*.zst`,
      { facts },
    );
  }
  if (!found.isFile()) {
    throw new ThreadmillError(
      'ARCHIVE_UNREADABLE',
      `Cannot read archive ${name}: it is no regular file, and a job must be able to read it again; save it to a file`,
      { facts },
    );
  }
  if (found.size === 0) throw empty(path);
  return path;
}

async function checkRemote(path: string): Promise<string> {
  const file = await openStored(path).catch((error: unknown) => {
    throw archiveError(path, error);
  });
  await file.close();
  if (file.bytes === 0) throw empty(path);
  return path;
}

function empty(path: string): ThreadmillError {
  return new ThreadmillError(
    'ARCHIVE_EMPTY',
    `Cannot process archive ${JSON.stringify(path)}: it has 0 bytes; was its download cut off?`,
    { facts: { path } },
  );
}
