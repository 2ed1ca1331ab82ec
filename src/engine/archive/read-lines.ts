/** The lines of a packed file, pulled one by one: for files of our own, where clarity beats speed. */
import { ArchiveSource, type Container, type Damage } from './source.ts';

/** Chunks of 1 MiB that may wait; then the decoder does. */
const waitingMax = 2;
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
 * for. A last line without a line feed is a line. Memory: 3 MiB, the decoder's window and the longest line. Leaving the
 * loop early closes the file.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE
 * @throws {DamagedFileError} behind the last whole line before the damage
 */
export async function* readLines(path: string, container: Container): AsyncGenerator<Buffer, void> {
  let pending: Buffer[] = [];
  for await (const chunk of chunksOf(path, container)) {
    let at = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, at)) {
      const tail = chunk.subarray(at, end);
      yield pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
      pending = [];
      at = end + 1;
    }
    if (at < chunk.length) pending.push(chunk.subarray(at));
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}

/** Turns the source's pushes into pulls: each chunk is a copy, and the source is held while two of them wait. */
async function* chunksOf(path: string, container: Container): AsyncGenerator<Buffer, void> {
  const waiting: Buffer[] = [];
  let wake = Promise.withResolvers<undefined>();
  let ended = false;
  const source = new ArchiveSource(
    path,
    container,
    { compressed: 0, decompressed: 0 },
    {
      onFrame: () => undefined,
      onChunk: (chunk) => {
        waiting.push(Buffer.from(chunk));
        wake.resolve(undefined);
        return waiting.length < waitingMax;
      },
    },
  );
  const running = source.run().finally(() => {
    ended = true;
    wake.resolve(undefined);
  });
  running.catch(() => undefined); // awaited below, at its place behind the chunks
  // A function, because the compiler believes that nothing changes between two looks.
  const hasEnded = (): boolean => ended;
  try {
    for (;;) {
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        yield chunk;
        source.resume();
      } else if (hasEnded()) {
        break;
      } else {
        wake = Promise.withResolvers<undefined>();
        await wake.promise;
      }
    }
    const damage = await running;
    if (damage !== null) throw new DamagedFileError(path, damage);
  } finally {
    source.close();
    await running.catch(() => undefined); // the file is closed when it has settled
  }
}
