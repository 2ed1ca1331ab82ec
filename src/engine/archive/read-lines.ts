/** The lines of a packed file, pulled one by one: for files of our own, where clarity beats speed. */
import type { Damage } from './archive-reader.ts';
import { openReader } from './open-reader.ts';
import type { Container } from './container.ts';

const chunkBytes = 1024 * 1024;
const lineFeed = 0x0a;

/** What a packed file has lost: thrown behind the last line that could be read. */
export class DamagedFileError extends Error {
  readonly damage: Damage;

  constructor(path: string, damage: Damage) {
    super(
      `${JSON.stringify(path)} is ${damage.kind} at compressed byte ${damage.compressed}: ${damage.message}`,
    );
    this.name = 'DamagedFileError';
    this.damage = damage;
  }
}

/**
 * The lines of a file of any container and number of frames, without their line feeds, each valid until the next is asked
 * for. A last line without a line feed is a line. Memory: 1 MiB, the decoder's window and the longest line. Leaving the
 * loop early closes the file.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE
 * @throws {DamagedFileError} behind the last whole line before the damage
 */
export function* readLines(path: string, container: Container): Generator<Buffer, void> {
  let pending: Buffer[] = [];
  for (const chunk of chunksOf(path, container)) {
    let at = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, at)) {
      const tail = chunk.subarray(at, end);
      yield pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
      pending = [];
      at = end + 1;
    }
    if (at < chunk.length) pending.push(Buffer.from(chunk.subarray(at)));
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}

/** Each chunk is valid until the next is asked for. */
function* chunksOf(path: string, container: Container): Generator<Buffer, void> {
  const reader = openReader(path, container);
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  try {
    for (let bytes = reader.read(buffer); bytes > 0; bytes = reader.read(buffer))
      yield buffer.subarray(0, bytes);
    if (reader.damage !== null) throw new DamagedFileError(path, reader.damage);
  } finally {
    reader.close();
  }
}
