/** Archives for all end-to-end tests of a run: each is made once, in a folder that goes with the process. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { appendFile, copyFile, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { generateArchive, type ArchiveOptions } from '../../samples/generator/archive.ts';
import type { Expected } from '../../samples/generator/tally.ts';
import type { Counters } from '../../src/core/fates.ts';

export interface Archive {
  readonly path: string;
  readonly name: string;
  readonly kind: ArchiveOptions['kind'];
  /** Decompressed. */
  readonly bytes: number;
  readonly counters: Counters;
  readonly windowLog: number;
}

export interface ArchiveSpec extends ArchiveOptions {
  /** The same frames so many times over: a long archive for the time that a short one takes to make. Default 1. */
  readonly copies?: number;
}

/** As monthly dumps, with a window that fits a busy machine; the tests that mean 2 GiB say so. */
const windowLogDefault = 27;

let root: string | null = null;
const made = new Map<string, Promise<Archive>>();

function rootFolder(): string {
  if (root === null) {
    const folder = mkdtempSync(path.join(tmpdir(), 'threadmill-archives-'));
    process.once('exit', () => {
      rmSync(folder, { recursive: true, force: true });
    });
    root = folder;
  }
  return root;
}

/** What a reader with default settings finds. */
function countersOf(expected: Expected, copies: number): Counters {
  const times = (count: number): number => count * copies;
  const { lines, kept, deleted, removed, lowScore, blank, rejected } = expected;
  return {
    lines: times(lines),
    kept: times(kept),
    excluded: {
      deleted: times(deleted),
      removed: times(removed),
      'low-score': times(lowScore),
      'not-selected': 0,
    },
    rejected: Object.fromEntries(
      Object.entries(rejected).map(([reason, count]) => [reason, times(count)]),
    ) as Counters['rejected'],
    blank: times(blank),
  };
}

async function make(key: string, { copies = 1, ...given }: ArchiveSpec): Promise<Archive> {
  const options = { windowLog: windowLogDefault, ...given };
  const folder = path.join(rootFolder(), createHash('sha256').update(key).digest('hex').slice(0, 8));
  mkdirSync(folder);
  const name = options.kind === 'comments' ? 'RC_2023-01' : 'RS_2023-01';
  const file = path.join(folder, `${name}.zst`);
  const { bytes, expected } = await generateArchive(options, file);
  if (copies > 1) {
    const frames = await readFile(file);
    for (let copy = 1; copy < copies; copy++) await appendFile(file, frames);
  }
  const { kind, windowLog } = options;
  return { path: file, name, kind, bytes: bytes * copies, counters: countersOf(expected, copies), windowLog };
}

/** The archive of this content; made at the first call. Nobody may change it: see {@link ownArchive}. */
export function archiveOf(spec: ArchiveSpec): Promise<Archive> {
  const key = JSON.stringify(Object.entries(spec).sort());
  const found = made.get(key) ?? make(key, spec);
  made.set(key, found);
  return found;
}

/** A copy in a folder of the test's own, to be damaged, moved and replaced. */
export async function ownArchive(spec: ArchiveSpec, folder: string): Promise<Archive> {
  const archive = await archiveOf(spec);
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, path.basename(archive.path));
  await copyFile(archive.path, file);
  return { ...archive, path: file };
}

const MB = 1_000_000;

/** Some 150 ms of work on one thread. */
export const shortComments: ArchiveSpec = { kind: 'comments', era: '2023', bytes: 12 * MB, seed: 1 };
/** One frame, as monthly dumps are: a second of work, too long to be over before it can be killed. */
export const oneFrame: ArchiveSpec = { kind: 'comments', era: '2023', bytes: 80 * MB, seed: 2 };
/** Many frames: three seconds of work. */
export const manyFrames: ArchiveSpec = {
  kind: 'comments',
  era: '2023',
  bytes: 20 * MB,
  seed: 3,
  windowLog: 21,
  copies: 15,
};
