/** The files of a bucket's values: written beside their places, made durable together, then given their names. */
import { createHash, randomUUID, type Hash } from 'node:crypto';
import { closeSync, lstatSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { splitWorkFolder } from '../../contract/split.ts';
import type { DatasetFile } from '../dataset/manifest.ts';
import { outputError } from '../output/atomic-file.ts';
import { checkOwnFolder } from '../output/confine.ts';
import type { ByteTaker } from '../output/grouped-file.ts';
import { temporarySuffix } from '../storage/file-sink.ts';
import { makeDurable, syncPath } from './durable.ts';

/** A file is opened for so many bytes at a time, and not between: of thousands none stays open. */
const heldBytesMax = 1024 * 1024;

/** One file in the order of its bytes. Memory: a MiB. */
export class ValueFile implements ByteTaker {
  /** Relative to the dataset's folder. */
  readonly name: string;
  bytes = 0;
  private readonly path: string;
  private readonly hash: Hash = createHash('sha256');
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private made = false;

  constructor(name: string, path: string) {
    this.name = name;
    this.path = path;
  }

  write(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.bytes += bytes.length;
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes >= heldBytesMax) this.flush();
  }

  /** Nothing follows. */
  end(): DatasetFile {
    if (this.heldBytes > 0 || !this.made) this.flush();
    return { file: this.name, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  private flush(): void {
    try {
      const file = openSync(this.path, this.made ? 'a' : 'wx');
      this.made = true;
      try {
        const bytes = this.held.length === 1 ? (this.held[0] as Uint8Array) : Buffer.concat(this.held);
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw outputError(this.path, error);
    }
    this.held = [];
    this.heldBytes = 0;
  }
}

/** Files of one attempt at a bucket. Nothing is seen under its name before `commit()`. */
export class ValueFolder {
  private readonly dataset: string;
  private readonly work: string;
  /** Folders of the dataset that get files. */
  private readonly folders: readonly string[];
  private readonly ended: DatasetFile[] = [];

  /** `folders`: names of folders in the dataset's. @throws ThreadmillError OUTPUT_DENIED, DISK_FULL, as every method here. */
  constructor(dataset: string, bucket: number, folders: readonly string[]) {
    this.dataset = dataset;
    this.folders = folders;
    const attempt = randomUUID().slice(0, 8);
    this.work = join(dataset, `${splitWorkFolder(bucket)}.${attempt}${temporarySuffix}`);
    this.at(this.work, () => {
      for (const folder of folders) mkdirSync(join(this.work, folder), { recursive: true });
    });
  }

  /** A file by its name in the dataset. */
  begin(name: string): ValueFile {
    return new ValueFile(name, join(this.work, name));
  }

  /** Says that a file is complete. */
  end(file: ValueFile): DatasetFile {
    const entry = file.end();
    this.ended.push(entry);
    return entry;
  }

  /**
   * Flushes all, then gives each its place. A file that stands there with the very same content stays as it is, as in
   * `AtomicFile`. Killed in between, the next attempt makes the rest appear.
   */
  async commit(): Promise<void> {
    const { dataset, work, folders, ended } = this;
    this.at(work, () => {
      makeDurable(
        work,
        ended.map(({ file }) => join(work, file)),
      );
    });
    for (const folder of folders) {
      const path = join(dataset, folder);
      this.at(path, () => mkdirSync(path, { recursive: true }));
      await checkOwnFolder(path);
    }
    for (const entry of ended) {
      const path = join(dataset, entry.file);
      this.at(path, () => {
        if (!standsThere(path, entry)) renameSync(join(work, entry.file), path);
      });
    }
    for (const folder of folders) {
      this.at(folder, () => {
        syncPath(join(dataset, folder));
      });
    }
    this.abort();
  }

  /** Removes what was not committed; may be called at any time. */
  abort(): void {
    try {
      rmSync(this.work, { recursive: true, force: true });
    } catch {
      // clean-up finds it by its suffix
    }
  }

  private at(path: string, act: () => unknown): void {
    try {
      act();
    } catch (error) {
      throw outputError(path, error);
    }
  }
}

/** Reads a file of the same size; a link to one that is the same is replaced, since its target is not ours. */
function standsThere(path: string, { bytes, sha256 }: DatasetFile): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true || found.size !== bytes) return false;
  const hash = createHash('sha256');
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(Math.min(heldBytesMax, Math.max(1, bytes)));
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex') === sha256;
}
