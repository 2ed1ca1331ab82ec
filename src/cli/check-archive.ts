/** The engine's quick look at a path, for commands. */

/**
 * The archive's absolute path, if it is a readable file with something in it. Reads no byte of it.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE (also a folder), ARCHIVE_EMPTY
 */
export async function checkArchive(given: string): Promise<string> {
  return (await import('../engine/archive/check-archive.ts')).checkArchive(given);
}
