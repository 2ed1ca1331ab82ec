/** What tells one archive from another, and from a later state of itself, in milliseconds. */
import { createHash, type Hash } from 'node:crypto';
import { statSync } from 'node:fs';
import { isRemote } from '../../core/places.ts';
import { openStored } from '../storage/stored-file.ts';
import { openSource, type ByteSource } from '../storage/byte-source.ts';
import { archiveError } from './check-archive.ts';

const MiB = 1024 * 1024;
/** The header and first records at one end, what an append or a cut changes at the other. */
const edgeBytes = 1 * MiB;
/** Between the edges, evenly spread: a file that was repaired or downloaded again in its middle. */
const samples = 16;
const sampleBytes = 64 * 1024;

export interface Fingerprint {
  /** `<size in bytes>-<SHA-256 in hex>`; equal for equal content, whatever the path and the times of the file. */
  readonly fingerprint: string;
  readonly bytes: number;
  /** Milliseconds since 1970, whole. Not part of the fingerprint: a copy is the same archive. */
  readonly mtimeMs: number;
  /** What its server tells its versions apart by; absent for a file of this machine, and where the server tells nothing. */
  readonly version?: string;
}

/**
 * The fingerprint of a file's content: its size, first and last MiB, and 16 samples of 64 KiB between them. Reads at most
 * 3 MiB, one MiB in memory. A change that touches none of these bytes and keeps the size is not seen: a hash of the whole
 * would cost a pass over hundreds of gigabytes at the start of every segment. Synchronous, because whoever starts a job wants
 * its id at once; a few milliseconds.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE
 */
export function fingerprintOf(path: string): Fingerprint {
  let file: ByteSource | null = null;
  try {
    file = openSource(path);
    const size = file.size();
    const hash = createHash('sha256').update(`${size}\n`);
    for (const [from, to] of sampledRanges(size)) hashRange(file, hash, from, to);
    return {
      fingerprint: `${size}-${hash.digest('hex')}`,
      bytes: size,
      mtimeMs: file.modifiedMs(),
    };
  } catch (error) {
    throw archiveError(path, error);
  } finally {
    file?.close();
  }
}

/**
 * The same of an archive that may be anywhere: one that is not on this machine is read without waiting for it, its samples side
 * by side.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE, STORAGE_*
 */
export async function fingerprintAt(place: string): Promise<Fingerprint> {
  if (!isRemote(place)) return fingerprintOf(place);
  try {
    const { openRemoteFile } = await import('../storage/remote-file.ts');
    const file = await openRemoteFile(place);
    try {
      const { bytes, modifiedMs: mtimeMs, version } = file;
      const hash = createHash('sha256').update(`${bytes}\n`);
      // one after the other they would cost eighteen waits
      for (const sample of await file.readRanges(sampledRanges(bytes))) hash.update(sample);
      const print = { fingerprint: `${bytes}-${hash.digest('hex')}`, bytes, mtimeMs };
      return version === null ? print : { ...print, version };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw archiveError(place, error);
  }
}

/** What the server says of an archive's version now; null where it says nothing. @throws as {@link fingerprintAt} */
export async function remoteVersionOf(place: string): Promise<string | null> {
  try {
    const file = await openStored(place);
    await file.close();
    return file.version;
  } catch (error) {
    throw archiveError(place, error);
  }
}

/**
 * What changes when a file is written to or replaced: size, time of the last write, inode. Costs a microsecond; between two
 * equal marks the fingerprint need not be taken again. Null: it can't be looked at.
 */
export function statMarkOf(path: string): string | null {
  try {
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    return `${size} ${mtimeNs} ${ctimeNs} ${ino}`;
  } catch {
    return null;
  }
}

/** The byte ranges that are hashed, in order and apart; the whole file where that is no more. */
function sampledRanges(size: number): readonly (readonly [from: number, to: number])[] {
  if (size <= 2 * edgeBytes + samples * sampleBytes) return [[0, size]];
  const between = size - 2 * edgeBytes;
  const spread = Array.from({ length: samples }, (_, at) => {
    const from = edgeBytes + Math.floor(((between - sampleBytes) * at) / (samples - 1));
    return [from, from + sampleBytes] as const;
  });
  return [[0, edgeBytes], ...spread, [size - edgeBytes, size]];
}

function hashRange(file: ByteSource, hash: Hash, from: number, to: number): void {
  const buffer = Buffer.allocUnsafe(Math.min(edgeBytes, to - from));
  let at = from;
  while (at < to) {
    const bytesRead = file.read(buffer, 0, Math.min(buffer.length, to - at), at);
    if (bytesRead === 0) return; // it shrank under our hands: the next look sees another size
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}
