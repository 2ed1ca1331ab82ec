/** An archive's bytes, read at any place and waited for: who decodes has nothing else to do, on a thread of its own. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isRemote } from '../../core/places.ts';
import { RemoteSource } from './remote-source.ts';

/** An open file. Close it. */
export interface ByteSource {
  /** Its size now. */
  size(): number;
  /** Time of the last write, whole ms since 1970. */
  modifiedMs(): number;
  /**
   * Reads at most `length` bytes to `target` at `offset`, from byte `position` of the file on; gives how many, 0 at its end.
   * @throws what `node:fs` throws, or a ThreadmillError of the store
   */
  read(target: Uint8Array, offset: number, length: number, position: number): number;
  /** May be called once. */
  close(): void;
}

class LocalSource implements ByteSource {
  private readonly file: number;

  constructor(path: string) {
    this.file = openSync(path, 'r');
  }

  size(): number {
    return fstatSync(this.file).size;
  }

  modifiedMs(): number {
    return Math.trunc(fstatSync(this.file).mtimeMs);
  }

  read(target: Uint8Array, offset: number, length: number, position: number): number {
    return readSync(this.file, target, offset, length, position);
  }

  close(): void {
    closeSync(this.file);
  }
}

/** Opens an archive. @throws what `node:fs` throws, or a ThreadmillError of the store */
export function openSource(place: string): ByteSource {
  return isRemote(place) ? new RemoteSource(place) : new LocalSource(place);
}
