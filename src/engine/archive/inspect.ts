/** A look at an archive before anything is done with it: what it is, how large, and whether this machine can read it. */
import { totalmem } from 'node:os';
import type { ArchiveInspection } from '../../contract/job.ts';
import type { ArchiveKind } from '../../core/columns.ts';
import { ThreadmillError, type ErrorCode } from '../../core/errors.ts';
import { openStored } from '../storage/stored-file.ts';
import { archiveName, kindOfName } from './archive-name.ts';
import { countBlocks } from './blocks-reader.ts';
import { readBeginning, sampleLines, type Beginning, type LineSample } from './beginning.ts';
import { archiveError, checkArchive } from './check-archive.ts';
import { containerOf, headBytes, shownBytes, strangerOf } from './container.ts';
import { estimate } from './estimate.ts';
import { fingerprintAt } from './fingerprint.ts';
import { readFrameMap } from './frame-map.ts';
import { surveyFrames, type FrameSurvey } from './frame-survey.ts';
import { sizeText } from './size-text.ts';
import { windowBytesMax } from './zstd-frames.ts';

/** As `PUSHSHIFT_MAX_MEMORY_MB`: a million bytes, like every MB that is shown. */
const megabyte = 1_000_000;
const maxMemoryMbDefault = 512;
/** Each is a read of four bytes. */
const blocksCountedMax = 10_000;

export interface InspectOptions {
  /** The job's memory limit beyond the window, MB of 10^6 bytes. Default 512. */
  readonly maxMemoryMb?: number;
  /** What the machine can give, bytes. Default: its memory, or the container's limit where that is lower. */
  readonly machineBytes?: number;
  /** The job will go over damage, so damage at the beginning is no reason to refuse what follows it. */
  readonly salvage?: boolean;
}

/**
 * Inspects an archive by its bytes; its name only names the dataset and decides where the lines don't tell. Bounded work:
 * the headers in the first 64 MiB, the first 4 MiB decompressed, 3 MiB for the fingerprint; some 10 MiB in memory.
 * Damage behind readable first lines is no error here: the job commits everything before it.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE, ARCHIVE_EMPTY, ARCHIVE_NOT_RECOGNISED,
 *   STORAGE_*, ARCHIVE_TRUNCATED or ARCHIVE_CORRUPT where no line can be read, WINDOW_TOO_LARGE; all final but a permission
 */
export async function inspectArchive(
  given: string,
  options: InspectOptions = {},
): Promise<ArchiveInspection> {
  const path = await checkArchive(given);
  const head = await readHead(path);
  const salvage = options.salvage === true;
  const found = containerOf(head);
  if (found === 'plain') refuseStranger(path, head);
  const container = found === 'plain' && salvage && isTorn(path, head) ? 'zstd' : found;
  const print = await fingerprintAt(path);
  const survey = container === 'zstd' ? await surveyFrames(path) : null;
  const blocks = container === 'zst_blocks' ? countBlocks(path, blocksCountedMax) : null;
  if (survey !== null && !salvage) checkSurvey(path, survey);
  let beginning = readBeginning(path, container);
  let sample = sampleLines(beginning);
  if (salvage && beginning.damage !== null && sample.objects === 0) {
    beginning = readBeginning(path, container, true);
    sample = sampleLines(beginning);
  }
  if (survey !== null) checkMemory(path, survey, beginning, options.machineBytes ?? machineBytes());
  const name = archiveName(path);
  const kind = kindOf(path, name, beginning, sample);
  // one frame needs no map, and is not to be walked through
  const many = survey !== null && survey.damage === null && !survey.truncated && survey.frames > 1;
  const map = many ? readFrameMap(path) : null;
  const contentBytes =
    survey === null
      ? container === 'plain'
        ? print.bytes
        : null
      : (map?.contentBytes ?? survey.contentBytes);
  const { estimatedBytes, estimatedLines, meanLineBytes } = estimate(
    print.bytes,
    contentBytes,
    beginning,
    sample,
  );
  const windowBytes = Math.max(survey?.windowBytes ?? 0, beginning.windowBytes);
  return {
    path,
    name,
    kind,
    container,
    compressedBytes: print.bytes,
    mtimeMs: print.mtimeMs,
    fingerprint: print.fingerprint,
    ...(print.version === undefined ? {} : { version: print.version }),
    windowBytes,
    frames: map?.frames.length ?? survey?.frames ?? blocks?.blocks ?? 1,
    framesComplete: map !== null || (survey?.complete ?? blocks?.complete ?? true),
    entry: map?.from ?? null,
    contentBytes,
    estimatedBytes,
    estimatedLines,
    meanLineBytes,
    memoryBytes: windowBytes + (options.maxMemoryMb ?? maxMemoryMbDefault) * megabyte,
  };
}

async function readHead(path: string): Promise<Buffer> {
  const file = await openStored(path).catch((error: unknown) => {
    throw archiveError(path, error);
  });
  try {
    const buffer = Buffer.alloc(headBytes);
    return buffer.subarray(0, await file.read(buffer, 0));
  } catch (error) {
    throw archiveError(path, error);
  } finally {
    await file.close();
  }
}

/** Memory that this process can hope for: a container's limit counts, where there is one. */
function machineBytes(): number {
  const constrained = process.constrainedMemory();
  return Math.min(totalmem(), constrained > 0 ? constrained : Infinity);
}

function refused(code: ErrorCode, path: string, why: string, facts: Record<string, number> = {}): never {
  throw new ThreadmillError(code, `Cannot process archive ${JSON.stringify(path)}: ${why}`, {
    facts: { path, ...facts },
  });
}

function refuseStranger(path: string, head: Uint8Array, where = 'it is'): void {
  const stranger = strangerOf(head, path);
  if (stranger !== null)
    refused('ARCHIVE_NOT_RECOGNISED', path, `${where} ${stranger.what}; ${stranger.wayOut}`);
}

/** A zstd archive by its name whose very first bytes are neither zstd nor text: with salvage its other frames may do. */
function isTorn(path: string, head: Uint8Array): boolean {
  return /\.zst(d|_blocks)?$/i.test(path) && !/^(\ufeff|\s)*[{[]/.test(Buffer.from(head).toString('utf8'));
}

function checkSurvey(path: string, survey: FrameSurvey): void {
  const { frames, damage, truncated, dictionaryAt, tooLarge } = survey;
  if (frames === 0) {
    if (damage !== null) {
      refused('ARCHIVE_CORRUPT', path, `at byte ${damage.offset} ${damage.message}; download it again`, {
        compressed: damage.offset,
      });
    }
    if (truncated) {
      refused(
        'ARCHIVE_TRUNCATED',
        path,
        'it ends inside the header of its first zstd frame; download it again',
      );
    }
    refused('ARCHIVE_EMPTY', path, 'its zstd stream holds no data frame; was it made from an empty file?');
  }
  if (dictionaryAt !== null) {
    refused(
      'ARCHIVE_NOT_RECOGNISED',
      path,
      `its zstd frame at byte ${dictionaryAt} needs a dictionary, which no dump has; ` +
        'make it anew without one: zstd -dc -D DICTIONARY IN | zstd -o OUT',
      { compressed: dictionaryAt },
    );
  }
  if (tooLarge !== null) {
    const { offset, windowBytes } = tooLarge;
    refused(
      'WINDOW_TOO_LARGE',
      path,
      `its zstd frame at byte ${offset} declares a decoder window of ${sizeText(windowBytes)}, but no zstd decoder takes ` +
        `more than ${sizeText(windowBytesMax)}; its header is damaged, or it never was a dump: download it again`,
      { compressed: offset, windowBytes, windowBytesMax },
    );
  }
}

/** The window is filled by what is decompressed: a small archive with a large window needs no more than itself. */
function checkMemory(path: string, survey: FrameSurvey, { whole, bytes }: Beginning, machine: number): void {
  const needed = whole ? Math.min(survey.decoderBytes, bytes.length) : survey.decoderBytes;
  if (needed <= machine) return;
  refused(
    'WINDOW_TOO_LARGE',
    path,
    `its decoder window alone takes ${sizeText(needed)}, but this machine can give ${sizeText(machine)}; give it more ` +
      'memory, or make the archive anew on a larger one: zstd -dc --long=31 IN | zstd --long=27 -o OUT',
    { windowBytes: survey.windowBytes, neededBytes: needed, machineBytes: machine },
  );
}

/** The kind by the lines, then by the name; refuses what is no archive of Reddit's. */
function kindOf(path: string, name: string, beginning: Beginning, sample: LineSample): ArchiveKind {
  if (sample.kind !== null) return sample.kind;
  const { bytes, damage, whole } = beginning;
  const named = kindOfName(name);
  if (sample.objects > 0 && named !== null) return named;
  if (damage !== null) {
    refused(
      damage.kind === 'truncated' ? 'ARCHIVE_TRUNCATED' : 'ARCHIVE_CORRUPT',
      path,
      `not one line of it can be read: ${damage.message} (compressed byte ${damage.compressed}, after ` +
        `${sizeText(bytes.length)} of text); download it again`,
      { compressed: damage.compressed, decompressed: bytes.length },
    );
  }
  if (whole && sample.lines === sample.blank) {
    refused('ARCHIVE_EMPTY', path, `it holds no record: ${sizeText(bytes.length)} of text, all of it blank`);
  }
  // one line longer than the whole look: nothing but the name is known
  if (sample.lines === 0 && named !== null && /^\s*\{/.test(bytes.toString('latin1', 0, 64))) return named;
  refuseStranger(path, sample.firstLine, 'it holds');
  refuseStranger(path, bytes.subarray(0, headBytes), 'it holds');
  const found = shownBytes(sample.firstLine);
  refused(
    'ARCHIVE_NOT_RECOGNISED',
    path,
    sample.objects > 0
      ? `its JSON lines have neither a comment's link_id and body nor a submission's title; the first is ${found}`
      : `it must hold one JSON object a line, but begins with ${found}${hintFor(found)}`,
  );
}

function hintFor(found: string): string {
  return found.startsWith('"[')
    ? '; a JSON array becomes lines with: jq -c ".[]"'
    : '; is it the right file?';
}
