/** Files of ours in a folder into which others may write too. */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Opens a file to be read; null where something else stands under its name: a link, which is not ours wherever it leads, or a
 * pipe, which would keep us waiting for whoever writes to it.
 *
 * @throws what `node:fs` throws, ENOENT among it
 */
export async function openOwn(path: string): Promise<FileHandle | null> {
  // on Windows the last two are undefined, which counts as 0 here, and there are no such files
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return null;
    throw error;
  });
  if (file === null || (await file.stat()).isFile()) return file;
  await file.close();
  return null;
}
