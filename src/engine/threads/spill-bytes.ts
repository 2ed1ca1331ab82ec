/** The bytes of a spill file: of this machine read as they are asked for, of a store loaded before. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { ThreadmillError } from '../../core/errors.ts';
import { outputError } from '../output/atomic-file.ts';
import { inMemory, type HeldBytes, type Hold } from './hold.ts';
import type { RangeReader } from '../storage/range-reader.ts';

export interface SpillBytes {
  /** Has bytes at hand that are about to be read. */
  load(ranges: readonly (readonly [from: number, to: number])[]): Promise<void>;
  /** Bytes from `offset` on, valid until the next call of any. @throws {ThreadmillError} */
  read(offset: number, bytes: number): Buffer;
  close(): void;
}

/** DATASET_INVALID: a spill is not as it was written. */
export function invalidSpill(path: string, why: string, cause?: unknown): ThreadmillError {
  return new ThreadmillError(
    'DATASET_INVALID',
    `Cannot read spilled rows ${JSON.stringify(path)}: ${why}; make the dataset anew with --again`,
    { facts: { path }, cause },
  );
}

/** What was read last: one buffer a thread, since each takes one block after another. */
let input = Buffer.alloc(64 * 1024);

/** A file of this machine. */
export class LocalSpill implements SpillBytes {
  private readonly path: string;
  private readonly file: number;

  /** @throws {ThreadmillError} DATASET_INVALID where it is missing or has not as many `bytes` */
  constructor(path: string, bytes: number) {
    this.path = path;
    try {
      // a pipe of its name gives nothing then, where it would keep us waiting
      this.file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw invalidSpill(path, 'it is gone', cause);
      throw outputError(path, cause);
    }
    const { size } = fstatSync(this.file);
    if (size === bytes) return;
    this.close();
    throw invalidSpill(path, `it has ${size} bytes, but was written with ${bytes}`);
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  read(offset: number, bytes: number): Buffer {
    if (input.length < bytes) input = Buffer.alloc(bytes * 2);
    const buffer = input.subarray(0, bytes);
    let at = 0;
    while (at < bytes) {
      let count = 0;
      try {
        count = readSync(this.file, buffer, at, bytes - at, offset + at);
      } catch (cause) {
        throw outputError(this.path, cause);
      }
      if (count === 0) throw invalidSpill(this.path, `it ends before byte ${offset + bytes}`);
      at += count;
    }
    return buffer;
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Neighbours that are no further apart are one request: a wait costs more than so many bytes. */
const gapBytesMax = 64 * 1024;
/** Of a spill's end: in most of them all that finds blocks is in it. */
const endBytes = 64 * 1024;

interface Loaded {
  readonly from: number;
  readonly to: number;
  readonly bytes: HeldBytes;
}

/** An object of a store. */
export class RemoteSpill implements SpillBytes {
  private readonly path: string;
  private readonly object: RangeReader;
  private readonly hold: Hold;
  /** Its end. */
  private readonly end: Loaded;
  private loaded: Loaded[] = [];

  private constructor(
    path: string,
    opened: { readonly object: RangeReader; readonly hold: Hold; readonly end: Loaded },
  ) {
    this.path = path;
    this.object = opened.object;
    this.hold = opened.hold;
    this.end = opened.end;
  }

  /**
   * @param bytes as it was written
   * @param hold takes what is loaded
   * @throws {ThreadmillError} DATASET_INVALID where it is missing or of another size; STORAGE_*
   */
  static async open(path: string, bytes: number, hold: Hold): Promise<RemoteSpill> {
    try {
      const { openRemoteFile } = await import('../storage/remote-file.ts');
      const object = await openRemoteFile(path);
      if (object.bytes !== bytes)
        throw invalidSpill(path, `it has ${object.bytes} bytes, but was written with ${bytes}`);
      const from = Math.max(0, bytes - endBytes);
      const [found = new Uint8Array(0)] = await object.readRanges([[from, bytes]]);
      return new RemoteSpill(path, { object, hold, end: { from, to: bytes, bytes: inMemory(found) } });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') throw invalidSpill(path, 'it is gone', cause);
      throw outputError(path, cause);
    }
  }

  async load(ranges: readonly (readonly [from: number, to: number])[]): Promise<void> {
    const missing = merged(ranges.filter(([from, to]) => from < to && this.find(from, to) === undefined));
    const found = await this.object.readRanges(missing).catch((cause: unknown) => {
      throw outputError(this.path, cause);
    });
    for (const [at, [from, to]] of missing.entries())
      this.loaded.push({ from, to, bytes: this.hold.keep(found[at] ?? new Uint8Array(0)) });
  }

  read(offset: number, bytes: number): Buffer {
    const found = this.find(offset, offset + bytes);
    if (found === undefined) throw new RangeError(`Bytes ${offset} of "${this.path}" were not loaded`);
    return found.bytes(offset - found.from, bytes);
  }

  /** What is loaded stays until it is dropped. */
  close(): void {
    // another reader of the same bytes comes
  }

  /** Drops what was loaded; the hold is to be emptied too. */
  drop(): void {
    this.loaded = [];
  }

  private find(from: number, to: number): Loaded | undefined {
    const holds = (range: Loaded): boolean => range.from <= from && to <= range.to;
    return holds(this.end) ? this.end : this.loaded.find(holds);
  }
}

function merged(
  ranges: readonly (readonly [from: number, to: number])[],
): readonly (readonly [from: number, to: number])[] {
  const joined: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last !== undefined && from - last[1] <= gapBytesMax) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
