/** One archive on its way to part files: decoder → stripes → mill threads → part writer, bounded at every step. */
import type { Hole, PartEntry, RejectExample, ResumePoint } from '../../contract/job.ts';
import { stripeBytes } from '../../core/limits.ts';
import type { Damage, FramePoint } from '../archive/archive-reader.ts';
import type { Container } from '../archive/container.ts';
import type { MilledStripe } from '../mill/stripe-mill.ts';
import { PartWriter, type FinishedPart } from '../output/part-writer.ts';
import type { Durability } from '../storage/file-sink.ts';
import type { DecoderEnd } from './decoder-lane.ts';
import { Handoff } from './handoff.ts';
import type { BlockReport } from './mill-lane.ts';
import { threadStaff, type Decoder } from './staff.ts';
import { StripeFeeder, type FeederOptions, type Stripe } from './stripe-feeder.ts';

export interface PipelineOptions extends FeederOptions {
  readonly archive: {
    readonly path: string;
    readonly container: Container;
    /** As it was inspected; what has been appended since is not read. */
    readonly compressedBytes?: number;
  };
  /** Dataset folder; it exists. */
  readonly folder: string;
  /** Go over damage to the next frame; a line that it cut off is told among the rejects. */
  readonly salvage: boolean;
  /** Of all that decides the parts' bytes; see `PartFacts`. */
  readonly origin: string;
  /** Of the parts. Default: each at once. */
  readonly durability?: Durability;
  readonly onBlockDone?: (report: BlockReport) => void;
}

/** A part under its temporary name. */
export interface PipelinePart {
  /** What was gone over from `from` to its end: whoever begins behind it does not see it again. */
  readonly holes: readonly Hole[];
  readonly examples: readonly RejectExample[];
  /** Makes it appear; gives its entry and where the next one begins. */
  commit(): Promise<{ readonly entry: PartEntry; readonly next: ResumePoint }>;
}

export type PipelineStep =
  | { readonly type: 'part'; readonly part: PipelinePart }
  /** `damage`: the archive ended early there, all before it has come; `holes`: what was gone over since `from`. */
  | { readonly type: 'end'; readonly damage: ArchiveDamage | null; readonly holes: readonly Hole[] };

export type ArchiveDamage = Damage & { readonly decompressed: number };

/**
 * Runs by itself ahead of `next()`, as far as its bounds allow, so that handing over from segment to segment leaves the
 * threads busy. Parts come in order; each is seen in the folder only after its `commit()`.
 *
 * Memory: the decoder's window, `inFlightBytesMax`, and for each thread a stripe's encoded rows twice.
 */
export class ArchivePipeline {
  /** Lines milled since `from`. */
  linesDone = 0;
  private readonly options: PipelineOptions;
  private readonly feeder: StripeFeeder;
  private readonly decoder: Decoder;
  private readonly stripes = new Handoff<Stripe>();
  private readonly steps = new Handoff<PipelineStep>(1);
  private readonly frames: FramePoint[] = [];
  private current: Promise<PipelineStep> | null = null;
  private end: Extract<PipelineStep, { type: 'end' }> = { type: 'end', damage: null, holes: [] };
  private ended = false;
  private writer: PartWriter | null = null;
  /** One is the caller's, the others wait for their turn. */
  private readonly uncommitted = new Set<FinishedPart>();
  private partStart: number;
  private nextLine: number;
  private windowHeld = 0;
  private closed = false;
  private opened = false;
  private readonly writing: Promise<void>;

  constructor(options: PipelineOptions) {
    this.options = options;
    const { from, archive } = options;
    this.nextLine = from.line;
    this.partStart = from.offset;
    this.feeder = new StripeFeeder(options, {
      onStripe: (stripe) => void this.stripes.put(stripe),
      onBlockDone: (report) => {
        this.linesDone += report.lines;
        options.onBlockDone?.(report);
      },
      onError: (error) => {
        this.fail(error);
      },
      onRoom: () => {
        this.readOn();
      },
    });
    this.decoder = (options.staff ?? threadStaff).decoder(
      {
        path: archive.path,
        container: archive.container,
        fileBytes: archive.compressedBytes,
        from: from.frame,
        skipTo: from.offset,
        salvage: options.salvage,
      },
      {
        onFilled: (slot, bytes) => {
          this.feeder.write(slot, bytes);
        },
        onEnd: (end) => {
          this.readToEnd(end);
        },
        onError: (error) => {
          this.fail(error);
        },
      },
      (frames) => {
        this.frames.push(...frames);
      },
    );
    this.opened = true;
    this.readOn();
    this.writing = this.write();
  }

  /** Decompressed bytes seen, counted from the archive's start. */
  get decompressedOffset(): number {
    return this.decoder.position.decompressedOffset;
  }

  /** Compressed bytes decoded, counted from the archive's start. */
  get compressedOffset(): number {
    return this.decoder.position.compressedOffset;
  }

  /** What the decoder's window holds, bytes: it fills as data comes, and is given back when the pipeline is closed. */
  get windowBytesInUse(): number {
    const frameStart = this.frames.at(-1)?.decompressed ?? 0;
    const filled = Math.min(this.decoder.position.windowBytes, this.decompressedOffset - frameStart);
    this.windowHeld = Math.max(this.windowHeld, filled);
    return this.windowHeld;
  }

  get blocksInFlight(): number {
    return this.feeder.blocksInFlight;
  }

  get decoderHeld(): boolean {
    return this.feeder.isHeld;
  }

  /** Takes effect with the next block. */
  resize(batchSize: number, inFlightBytesMax: number): void {
    this.feeder.resize(batchSize, inFlightBytesMax);
  }

  /** Stops the decoder, or lets it go on; what is in flight is milled either way. */
  hold(held: boolean): void {
    this.feeder.hold(held);
  }

  /**
   * The part to commit next, or the end. The same one until it is committed, so that a caller may walk away and another
   * come instead.
   * @throws ThreadmillError where the archive can't be read or the output not be written; our own error where a thread died.
   */
  next(): Promise<PipelineStep> {
    if (this.current === null) {
      this.current = this.steps.take();
      this.current.catch(() => undefined); // whoever asks next gets it; nobody may be asking now
    }
    return this.current;
  }

  /** Ends the threads and the decoder, and removes what was not committed. May be called at any time, and again. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.fail(new Error('The pipeline was closed'));
    await Promise.all([this.decoder.close(), this.feeder.close()]);
    await this.writing; // what it was at may have made another file
    for (const part of this.uncommitted) await part.abort();
  }

  private fail(error: unknown): void {
    this.ended = true;
    this.stripes.fail(error);
    this.steps.fail(error);
  }

  /** Gives the decoder what blocks there are. */
  private readOn(): void {
    while (this.opened && !this.ended) {
      const block = this.feeder.emptyBlock();
      if (block === null) return;
      this.decoder.fill(block);
    }
  }

  private readToEnd({ damage, position }: DecoderEnd): void {
    if (this.ended) return;
    this.ended = true;
    const { decompressedOffset } = this;
    this.end = {
      type: 'end',
      damage: damage === null ? null : { ...damage, decompressed: decompressedOffset },
      holes: position.holes,
    };
    this.feeder.end(damage !== null);
  }

  private async write(): Promise<void> {
    try {
      for (;;) {
        const stripe = await this.stripes.take();
        if (stripe.milled !== null) {
          await this.append(stripe, await stripe.milled);
          this.feeder.stripeDone();
          if (stripe.range.endsPart || stripe.last) await this.endPart(stripe);
        }
        if (stripe.last) {
          await this.steps.put(this.end);
          return;
        }
      }
    } catch (error) {
      this.fail(error);
      await this.writer?.abort();
    }
  }

  private async append(stripe: Stripe, milled: MilledStripe): Promise<void> {
    this.writer ??= await PartWriter.create({
      folder: this.options.folder,
      index: stripe.range.part,
      start: this.partStart,
      firstLine: this.nextLine,
      format: this.options.mill,
      origin: this.options.origin,
      durability: this.options.durability ?? 'at once',
    });
    await this.writer.append(milled);
  }

  private async endPart(stripe: Stripe): Promise<void> {
    const { writer } = this;
    if (writer === null) throw new TypeError('Cannot end a part: none is open');
    const frame = this.frameFor(stripe.end);
    const finished = await writer.finish(stripe.end, frame);
    this.writer = null;
    this.uncommitted.add(finished);
    this.nextLine += finished.counters.lines;
    this.partStart = stripe.end;
    const next: ResumePoint = {
      part: stripe.range.part + 1,
      offset: stripe.end,
      line: this.nextLine,
      frame,
    };
    const part: PipelinePart = {
      holes: this.decoder.position.holes.filter(({ decompressed }) => decompressed <= stripe.end),
      examples: finished.examples,
      commit: async () => {
        this.uncommitted.delete(finished);
        this.current = null;
        return { entry: await finished.commit(), next };
      },
    };
    await this.steps.put({ type: 'part', part });
  }

  /** The latest frame that starts at or before an offset; the ones before it are forgotten. */
  private frameFor(offset: number): FramePoint {
    while (this.frames.length > 1 && (this.frames[1] as FramePoint).decompressed <= offset)
      this.frames.shift();
    return this.frames[0] ?? this.options.from.frame;
  }
}

/** The bound on decompressed bytes in flight that a memory limit leaves: an eighth, and at most a stripe a thread. */
export function inFlightBytesFor(limitBytes: number, threads: number): number {
  return Math.min(Math.max(limitBytes / 8, 4 * 1024 * 1024), threads * stripeBytes);
}
