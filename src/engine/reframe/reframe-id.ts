/** The id of a job that writes an archive anew: the same request is the same job. */
import { createHash } from 'node:crypto';
import { frameMibDefault, frameMibMax, levelDefault, levelMax } from '../../contract/reframe.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { archiveName } from '../archive/archive-name.ts';
import { fingerprintOf } from '../archive/fingerprint.ts';
import { resolvePlace } from '../storage/place.ts';

const MiB = 1024 * 1024;

/** As it was asked for. */
export interface Framing {
  /** zstd's. */
  readonly level?: number | undefined;
  /** Decompressed MiB of a frame. */
  readonly frameMib?: number | undefined;
}

/** Where the frames of an archive go where nobody says: beside it. */
export function reframedPath(archive: string): string {
  return `${resolvePlace(archive).replace(/\.(zst|zst_blocks|ndjson|jsonl|json|gz)$/i, '')}.frames.zst`;
}

/** A number that a job may have, or the default. @throws {ThreadmillError} USAGE */
function within(
  name: string,
  given: unknown,
  [min, max, fallback]: readonly [number, number, number],
): number {
  if (given === undefined) return fallback;
  if (typeof given === 'number' && Number.isInteger(given) && given >= min && given <= max) return given;
  throw new ThreadmillError(
    'USAGE',
    `Cannot reframe with ${name} ${JSON.stringify(given)}: it must be a whole number from ${min} to ${max}`,
  );
}

/** zstd's level and bytes of a frame, checked. @throws {ThreadmillError} USAGE */
export function checkFraming({ level, frameMib }: Framing): {
  readonly level: number;
  readonly frameBytes: number;
} {
  return {
    level: within('level', level, [1, levelMax, levelDefault]),
    frameBytes: within('frame-mib', frameMib, [1, frameMibMax, frameMibDefault]) * MiB,
  };
}

/** A job that writes an archive anew as frames. */
export interface ReframeIdentity {
  readonly jobId: string;
  /** Absolute. */
  readonly archive: string;
  readonly output: string;
}

/**
 * `<archive's name>-frames-<8 hex>`: the same archive to the same file, at the same level and size of frames, is the same job.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE, USAGE
 */
export function identifyReframe(
  archive: string,
  options: Framing & { readonly out?: string | undefined },
): ReframeIdentity {
  const path = resolvePlace(archive);
  const output = options.out === undefined ? reframedPath(path) : resolvePlace(options.out);
  const { level, frameBytes } = checkFraming(options);
  const hash = createHash('sha256')
    .update(JSON.stringify([fingerprintOf(path).fingerprint, output, level, frameBytes]))
    .digest('hex');
  return { jobId: `${archiveName(path)}-frames-${hash.slice(0, 8)}`, archive: path, output };
}
