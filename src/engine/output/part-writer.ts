/** One part file and its piece of rejects, from milled stripes in order. */
import zstd from '@mongodb-js/zstd';
import type { PartEntry, RejectExample, ResumePoint } from '../../contract/job.ts';
import { partFile, partNaming, rejectsFile, type PartNaming } from '../../contract/part.ts';
import { ThreadmillError } from '../../core/errors.ts';
import { addCounters, totalOf, zeroCounters, type Counters } from '../../core/fates.ts';
import { frameBytesMax, rejectExamplesMax, stripeBytes } from '../../core/limits.ts';
import type { MilledStripe, StripeReject } from '../mill/stripe-mill.ts';
import type { Durability } from '../storage/file-sink.ts';
import { AtomicFile } from './atomic-file.ts';
import { placeIn } from '../storage/place.ts';
import { spillFraming } from '../threads/spill-file.ts';
import { partFraming, type FormatOptions, type PartFraming } from './format.ts';
import { blankSeal, sealFooter, sealKey, type UndatedBounds } from './seal.ts';

const rejectsLevel = 3;

/** A part that is written but not yet to be seen. */
export interface FinishedPart {
  readonly index: number;
  readonly counters: Counters;
  readonly examples: readonly RejectExample[];
  /** Makes the part appear; gives its entry. */
  commit(): Promise<PartEntry>;
  abort(): Promise<void>;
}

/** Writes part `index`, whose first line is the archive's line `firstLine` and starts at byte `start`. */
export class PartWriter {
  private readonly folder: string;
  private readonly index: number;
  private readonly naming: PartNaming;
  private readonly start: number;
  private readonly firstLine: number;
  private readonly framing: PartFraming;
  private readonly file: AtomicFile;
  private readonly stripes: { offset: number; stripe: { rows: number; meta: unknown }; bytes: number }[] = [];
  private rejects: AtomicFile | null = null;
  private pendingRejects: Buffer[] = [];
  private pendingRejectBytes = 0;
  private counters: Counters = zeroCounters;
  private undated: UndatedBounds = { latestPassed: null, earliestRefused: null };
  private readonly origin: string;
  private readonly durability: Durability;
  private readonly examples: RejectExample[] = [];

  private constructor(options: PartWriterOptions, framing: PartFraming, file: AtomicFile) {
    this.folder = options.folder;
    this.index = options.index;
    this.naming = partNaming(options.format);
    this.start = options.start;
    this.firstLine = options.firstLine;
    this.origin = options.origin;
    this.durability = options.durability ?? 'at once';
    this.framing = framing;
    this.file = file;
  }

  /** @throws ThreadmillError OUTPUT_DENIED, DISK_FULL, as every method here. */
  static async create(options: PartWriterOptions): Promise<PartWriter> {
    const { buckets = 0 } = options.format;
    const framing = buckets > 0 ? spillFraming(buckets) : partFraming(options.format);
    const name = partFile(options.index, partNaming(options.format));
    const file = await AtomicFile.create(placeIn(options.folder, name), options.durability);
    const writer = new PartWriter(options, framing, file);
    try {
      await file.write(framing.header());
    } catch (error) {
      await file.abort();
      throw error;
    }
    return writer;
  }

  /** Appends the next stripe of the part, and gives its memory back: its bytes are gone afterwards. */
  async append({ encoded, counters, rejects, undated }: MilledStripe): Promise<void> {
    if (encoded.rows > 0) {
      this.stripes.push({
        offset: this.file.bytes,
        stripe: { rows: encoded.rows, meta: encoded.meta },
        bytes: encoded.bytes.length,
      });
      await this.file.write(encoded.bytes);
    }
    const linesBefore = this.firstLine + this.counters.lines;
    if (rejects.length < totalOf(counters.rejected)) throw hopeless(counters, rejects);
    for (const reject of rejects) await this.reject(reject, linesBefore + reject.line);
    this.counters = addCounters(this.counters, counters);
    this.undated = joinBounds(this.undated, undated);
    release(encoded.bytes);
    if (rejects[0] !== undefined) release(rejects[0].raw); // one buffer for all
  }

  /**
   * Completes both files under their temporary names, and seals the part. `end`: where the next part's first line starts;
   * `frame`: where a decoder enters for it.
   */
  async finish(end: number, frame: ResumePoint['frame']): Promise<FinishedPart> {
    const { index, naming, start, firstLine, counters, undated, origin, file } = this;
    await this.flushRejects();
    const { rejects } = this;
    const known = { index, start, end, firstLine, counters };
    const facts = { origin, ...known, frame, undated, rejects: rejects?.digest ?? null };
    const footer = this.framing.footer(this.stripes, {
      'threadmill.part': JSON.stringify(known),
      [sealKey]: blankSeal(facts),
    });
    sealFooter(footer, (bytes) => file.digestWith(bytes));
    await file.write(footer);
    const name = partFile(index, naming);
    return {
      index,
      counters,
      examples: this.examples,
      commit: async () => {
        try {
          // The rejects first: once the part itself is seen, all of it is there.
          const rejectsDigest =
            rejects === null ? null : { file: rejectsFile(index, naming), ...(await rejects.commit()) };
          return {
            index,
            file: name,
            start,
            end,
            firstLine,
            rows: counters.kept,
            ...(await file.commit()),
            counters,
            rejects: rejectsDigest,
          };
        } catch (error) {
          await this.abort();
          throw error;
        }
      },
      abort: () => this.abort(),
    };
  }

  async abort(): Promise<void> {
    await this.file.abort();
    await this.rejects?.abort();
  }

  private async reject(reject: StripeReject, line: number): Promise<void> {
    const record = Buffer.from(`${JSON.stringify(rejectRecord(reject, line))}\n`);
    if (this.examples.length < rejectExamplesMax) {
      const raw = Buffer.from(reject.raw.subarray(0, 200)).toString('utf8');
      this.examples.push({ line, offset: reject.offset, reason: reject.reason, raw });
    }
    if (this.pendingRejectBytes + record.length > frameBytesMax) await this.flushRejects();
    this.pendingRejects.push(record);
    this.pendingRejectBytes += record.length;
  }

  private async flushRejects(): Promise<void> {
    if (this.pendingRejectBytes === 0) return;
    const frame = await zstd.compress(Buffer.concat(this.pendingRejects), rejectsLevel);
    this.pendingRejects = [];
    this.pendingRejectBytes = 0;
    this.rejects ??= await AtomicFile.create(
      placeIn(this.folder, rejectsFile(this.index, this.naming)),
      this.durability,
    );
    await this.rejects.write(frame);
  }
}

/**
 * Frees the memory of bytes that nobody needs any more. Left to the garbage collector it is freed some time after V8 has
 * seen 64 MB more come: that much stood about, and the process's main thread was marked from end to end every fourth stripe.
 */
function release({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

export interface PartWriterOptions {
  readonly folder: string;
  readonly index: number;
  readonly start: number;
  readonly firstLine: number;
  readonly format: FormatOptions;
  /** Of all that decides the part's bytes; see `PartFacts`. */
  readonly origin: string;
  readonly durability?: Durability;
}

/** The bounds of two runs of lines together. */
function joinBounds(a: UndatedBounds, b: UndatedBounds): UndatedBounds {
  const chosen = (choose: typeof Math.max, ...both: readonly (number | null)[]): number | null => {
    const there = both.filter((bound) => bound !== null);
    return there.length === 0 ? null : choose(...there);
  };
  return {
    latestPassed: chosen(Math.max, a.latestPassed, b.latestPassed),
    earliestRefused: chosen(Math.min, a.earliestRefused, b.earliestRefused),
  };
}

/** One line of `rejects.jsonl.zst`. Bytes that are no UTF-8 stand in `rawBase64` instead of `raw`: nothing is lost. */
function rejectRecord({ offset, reason, field, bytes, raw }: StripeReject, line: number): object {
  const buffer = Buffer.from(raw.buffer, raw.byteOffset, raw.length);
  const text = buffer.toString('utf8');
  const whole = Buffer.from(text, 'utf8').equals(buffer);
  return {
    // people and editors count lines from 1
    line: line + 1,
    offset,
    reason,
    ...(field === null ? {} : { field }),
    bytes,
    ...(whole ? { raw: text } : { rawBase64: buffer.toString('base64') }),
  };
}

/** No reject rate allows as many as no memory can hold. */
function hopeless({ lines, rejected }: Counters, rejects: readonly StripeReject[]): ThreadmillError {
  const count = totalOf(rejected);
  const [first] = rejects;
  const shown = JSON.stringify(Buffer.from(first?.raw.subarray(0, 80) ?? []).toString('utf8'));
  return new ThreadmillError(
    'TOO_MANY_REJECTS',
    `Stopped at ${count} rejected of ${lines} lines within ${stripeBytes / 2 ** 20} MiB, which no reject rate allows: this is ` +
      `no Reddit archive from byte ${first?.offset ?? 0} on, where ${shown} stands; look at it there`,
    { facts: { rejected: count, lines, offset: first?.offset ?? 0 } },
  );
}
