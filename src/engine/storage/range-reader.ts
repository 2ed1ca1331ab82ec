/** Reads a remote object at any place: ahead where it is read in order, and on from where a connection broke. */
import { setTimeout as pause } from 'node:timers/promises';
import { ThreadmillError } from '../../core/errors.ts';
import type { RemoteObject } from './remote-object.ts';
import type { StoredFile } from './stored-file.ts';
import { storeError } from './store-errors.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** The first request of a run: most looks end within it. */
const rangeBytesMin = 256 * KiB;
/** A request costs some 20 ms of waiting, as much as 2 MiB at 100 MB/s: with eight it is lost in the noise. */
const rangeBytesMax = 8 * MiB;
/** On their way or waiting to be read, beside the one that is read: two keep a line busy that takes one while another begins. */
const rangesAhead = 2;
/** Requests of scattered reads: each waits, and few of them move many bytes. */
const sideBySide = 8;
/** A line on which nothing moves for so long is dead: TCP alone would take a quarter of an hour to find out. */
const silenceMs = 30_000;
/** Of tries without a byte between them; the waits before them double from `firstWaitMs`: six seconds in all. */
const triesMax = 6;
const firstWaitMs = 200;

interface Range {
  readonly from: number;
  readonly to: number;
  readonly bytes: Promise<Buffer>;
  readonly stop: AbortController;
  /** Reads that wait for it: it is not given up then. */
  readers: number;
}

/** Memory: four ranges of 8 MiB at most. Several reads may be under way at once; one after the other in order they are faster. */
export class RangeReader implements StoredFile {
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly version: string | null;
  private readonly object: RemoteObject;
  private ranges: Range[] = [];
  private nextBytes = rangeBytesMin;
  /** Where a reader that goes on in order reads next. */
  private expected = 0;
  private readonly stop = new AbortController();

  constructor(object: RemoteObject) {
    this.object = object;
    this.bytes = object.bytes;
    this.modifiedMs = object.modifiedMs;
    this.version = object.version;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const inOrder = position === this.expected && this.ranges.length > 0;
    const end = Math.min(position + target.length, this.bytes);
    let at = position;
    while (at < end) {
      const range = this.rangeAt(at, end);
      if (inOrder || range.to < end) this.readAhead();
      range.readers++;
      const bytes = await range.bytes.finally(() => range.readers--);
      const from = at - range.from;
      const count = Math.min(end, range.to) - at;
      target.set(bytes.subarray(from, from + count), at - position);
      at += count;
    }
    this.expected = at;
    return Math.max(0, at - position);
  }

  /** Bytes [from, to) of several places, side by side, in the order of the places. All of them in memory. */
  async readRanges(places: readonly (readonly [from: number, to: number])[]): Promise<readonly Uint8Array[]> {
    const found: Uint8Array[] = [];
    const rest = [...places.entries()];
    const work = async (): Promise<void> => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
        const [at, [from, to]] = next;
        found[at] = await fetchRange(this.object, { from, to }, this.stop.signal);
      }
    };
    await Promise.all(Array.from({ length: Math.min(sideBySide, places.length) }, work));
    return found;
  }

  close(): Promise<void> {
    this.stop.abort();
    this.ranges = [];
    return Promise.resolve();
  }

  /** The range that holds a byte; ranges far behind it are dropped. `end`: of what is wanted now. */
  private rangeAt(position: number, end: number): Range {
    const found = this.ranges.findIndex(({ from, to }) => from <= position && position < to);
    const last = this.ranges.at(-1);
    if (found < 0 && last?.to === position) {
      this.ranges = [last];
      this.nextBytes = Math.min(rangeBytesMax, this.nextBytes * 2);
      return this.request(position, Math.max(end - position, this.nextBytes));
    }
    if (found < 0) {
      this.forget();
      this.nextBytes = rangeBytesMin;
      return this.request(position, Math.max(end - position, rangeBytesMin));
    }
    // one stays behind: a search for frames looks back a few bytes
    this.ranges = this.ranges.slice(Math.max(0, found - 1));
    return this.ranges[Math.min(found, 1)] as Range;
  }

  private readAhead(): void {
    const reading = this.ranges.findIndex(({ from, to }) => from <= this.expected && this.expected < to);
    while (this.ranges.length - Math.max(0, reading) <= rangesAhead) {
      const from = this.ranges.at(-1)?.to ?? 0;
      if (from >= this.bytes) return;
      this.nextBytes = Math.min(rangeBytesMax, this.nextBytes * 2);
      this.request(from, this.nextBytes);
    }
  }

  private request(from: number, length: number): Range {
    const to = Math.min(this.bytes, from + Math.min(length, rangeBytesMax));
    const stop = new AbortController();
    const bytes = fetchRange(this.object, { from, to }, AbortSignal.any([stop.signal, this.stop.signal]));
    bytes.catch(() => undefined); // whoever comes to it is told; perhaps nobody does
    const range = { from, to, bytes, stop, readers: 0 };
    this.ranges.push(range);
    return range;
  }

  private forget(): void {
    for (const { stop, readers } of this.ranges) if (readers === 0) stop.abort();
    this.ranges = [];
  }
}

/** All bytes of a range. @throws {ThreadmillError} once `triesMax` tries in a row have not brought a byte */
async function fetchRange(
  object: RemoteObject,
  { from, to }: { readonly from: number; readonly to: number },
  stop: AbortSignal,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(to - from);
  let filled = 0;
  for (let tries = 1; ; tries++) {
    const before = filled;
    try {
      filled = await fillFrom(object, { buffer, filled, from }, stop);
      if (filled === buffer.length) return buffer;
      throw new ThreadmillError('STORAGE_UNAVAILABLE', `Cannot read "${object.place}": the connection broke`);
    } catch (error) {
      if (stop.aborted) throw error;
      const known = storeError('read', object.place, error);
      if (!(known instanceof ThreadmillError) || known.code !== 'STORAGE_UNAVAILABLE') throw known;
      if (error instanceof BrokenError) filled = error.filled;
      if (filled > before) tries = 1;
      if (tries >= triesMax) throw known;
      await pause(firstWaitMs * 2 ** (tries - 1), undefined, { signal: stop });
    }
  }
}

/** The connection broke; what had come by then is kept. */
class BrokenError extends Error {
  readonly filled: number;

  constructor(filled: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'BrokenError';
    this.filled = filled;
  }
}

interface Filling {
  readonly buffer: Buffer;
  readonly filled: number;
  /** Of the object, where the buffer begins. */
  readonly from: number;
}

async function fillFrom(
  object: RemoteObject,
  { buffer, filled, from }: Filling,
  stop: AbortSignal,
): Promise<number> {
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort(new Error(`nothing came for ${silenceMs / 1000} s`));
  }, silenceMs);
  let at = filled;
  try {
    const signal = AbortSignal.any([stop, silence.signal]);
    for await (const piece of await object.pieces(from + at, from + buffer.length, signal)) {
      timer.refresh();
      const room = buffer.length - at;
      buffer.set(piece.length > room ? piece.subarray(0, room) : piece, at);
      at += Math.min(piece.length, room);
    }
    return at;
  } catch (error) {
    if (at === filled) throw error;
    throw new BrokenError(at, error);
  } finally {
    clearTimeout(timer);
  }
}
