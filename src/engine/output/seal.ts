/**
 * What a part says of its own making, sealed: whoever finds the file can tell, by the file alone, which archive and settings
 * made it and that every byte is as it was written. The seal is text that needs no escaping, so it can stand in any
 * format's metadata: `TMSEAL1.<64 hex>.<facts, base64url JSON>.`; the hex is the SHA-256 of the whole file with 64 zeros in
 * its place.
 */
import { createHash } from 'node:crypto';
import type { ResumePoint } from '../../contract/job.ts';
import type { Counters } from '../../core/fates.ts';
import { openOwn } from '../storage/stored-file.ts';

/** The key under which the seal stands in a format's metadata. */
export const sealKey = 'threadmill.seal';
const mark = 'TMSEAL1.';
const hexDigits = 64;
const zeros = '0'.repeat(hexDigits);
/** Metadata stands near the end in every format that has any; what follows it is some hundred bytes. */
const tailBytes = 64 * 1024;
const chunkBytes = 1024 * 1024;

export interface PartFacts {
  /** Hash of all that decides the part's bytes: archive, settings, version of the program. */
  readonly origin: string;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  readonly firstLine: number;
  readonly counters: Counters;
  /** Where a decoder enters for what follows. */
  readonly frame: ResumePoint['frame'];
  readonly undated: UndatedBounds;
  readonly rejects: { readonly bytes: number; readonly sha256: string } | null;
}

/**
 * Of the lines without a retrieval time, which are judged by the job's start: the latest `created_utc` that passed, and the
 * earliest that came too late, seconds. Another start makes the same part where it lies between them.
 */
export interface UndatedBounds {
  readonly latestPassed: number | null;
  readonly earliestRefused: number | null;
}

/** The metadata value, with zeros where {@link sealFooter} will write. */
export function blankSeal(facts: PartFacts): string {
  return `${mark}${zeros}.${Buffer.from(JSON.stringify(facts)).toString('base64url')}.`;
}

/**
 * Writes the seal into a footer that carries a blank one; a format without metadata is left as it is.
 *
 * @param digestWith SHA-256, in hex, of the file so far with these bytes behind it
 */
export function sealFooter(footer: Uint8Array, digestWith: (footer: Uint8Array) => string): void {
  const view = Buffer.from(footer.buffer, footer.byteOffset, footer.length);
  const at = view.lastIndexOf(`${mark}${zeros}.`);
  if (at >= 0) view.write(digestWith(footer), at + mark.length, 'latin1');
}

/** A part file that is what its seal says. */
export interface SealedPart {
  readonly facts: PartFacts;
  readonly bytes: number;
  /** Of the file as it is. */
  readonly sha256: string;
}

/**
 * The part in a file, if its seal is of `origin` and every byte is as it was sealed; null for everything else, a file that is
 * not there among it. One pass, one MiB in memory; a file of another origin costs one read at its end.
 *
 * @param onChunk called before each MiB; throwing ends it
 */
export async function readSealed(
  path: string,
  origin: string,
  onChunk: () => void,
): Promise<SealedPart | null> {
  let file;
  try {
    file = await openOwn(path);
  } catch {
    return null;
  }
  if (file === null) return null;
  try {
    const size = file.bytes;
    const tail = Buffer.alloc(Math.min(size, tailBytes));
    await file.read(tail, size - tail.length);
    const found = sealIn(tail);
    if (found?.facts.origin !== origin) return null;
    const sealAt = size - tail.length + found.at;
    const [plain, blank] = [createHash('sha256'), createHash('sha256')];
    const buffer = Buffer.allocUnsafe(chunkBytes);
    let at = 0;
    for (;;) {
      onChunk();
      const bytesRead = await file.read(buffer, at);
      if (bytesRead === 0) break;
      const chunk = buffer.subarray(0, bytesRead);
      plain.update(chunk);
      const [from, to] = [sealAt - at, sealAt - at + hexDigits].map((place) =>
        Math.min(Math.max(place, 0), bytesRead),
      ) as [number, number];
      chunk.fill('0', from, to);
      blank.update(chunk);
      at += bytesRead;
    }
    if (at !== size || blank.digest('hex') !== found.seal) return null;
    return { facts: found.facts, bytes: size, sha256: plain.digest('hex') };
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).code !== 'string') throw error;
    return null; // what can't be read is made again
  } finally {
    await file.close();
  }
}

function sealIn(
  tail: Buffer,
): { readonly at: number; readonly seal: string; readonly facts: PartFacts } | null {
  const text = tail.toString('latin1');
  const start = text.lastIndexOf(mark);
  const [, seal, facts] = /^TMSEAL1\.([0-9a-f]{64})\.([\w-]+)\./.exec(text.slice(Math.max(start, 0))) ?? [];
  if (start < 0 || seal === undefined || facts === undefined) return null;
  try {
    const value = JSON.parse(Buffer.from(facts, 'base64url').toString()) as PartFacts;
    return { at: start + mark.length, seal, facts: value };
  } catch {
    return null; // damaged: the seal would not hold either
  }
}
