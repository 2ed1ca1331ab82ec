/** A pipeline's work done on the thread that it runs on: for archives so small that threads of their own would only cost. */
import { openReader, type TextReader } from '../archive/open-reader.ts';
import type { DecoderPosition, DecoderThreadData, FromDecoder } from '../archive/decoder-protocol.ts';
import type { MilledStripe, MillOptions, StripeMill } from '../mill/stripe-mill.ts';
import type { Block } from './block-pool.ts';
import type { DecoderHandlers } from './decoder-lane.ts';
import type { LaneHandlers } from './mill-lane.ts';
import type { Decoder, Lane, Staff } from './staff.ts';

/** A mill with what it was made by. `within`: it is in a stripe, and what comes next would not be the stripe's alone. */
export interface OwnMill {
  readonly options: MillOptions;
  readonly mill: StripeMill;
  within: boolean;
}

/**
 * Staff that works when it is its turn in the event loop, one block at a time, so that messages are heard between two of
 * them. `contentBytesMax`: as in `ReaderOptions`. Give the pipeline one lane and room for one block: more would only be memory.
 */
export function ownStaff(mill: OwnMill, contentBytesMax: number): Staff {
  return {
    decoder: (data, handlers, onFrames) => new OwnDecoder({ ...data, contentBytesMax }, handlers, onFrames),
    lane: (_data, handlers) => new OwnLane(mill, handlers),
  };
}

type OwnData = DecoderThreadData & { readonly contentBytesMax: number };

/** Begins at a frame: whatever is skipped on the way to the first wanted byte belongs to long archives. */
class OwnDecoder implements Decoder {
  position: DecoderPosition;
  private readonly data: OwnData;
  private readonly handlers: DecoderHandlers;
  private readonly onFrames: (frames: DecoderPosition['frames']) => void;
  private reader: TextReader | null = null;
  private over = false;

  constructor(
    data: OwnData,
    handlers: DecoderHandlers,
    onFrames: (frames: DecoderPosition['frames']) => void,
  ) {
    if (data.skipTo !== data.from.decompressed)
      throw new TypeError('A decoder of its own thread begins at the first byte that is wanted');
    this.data = data;
    this.handlers = handlers;
    this.onFrames = onFrames;
    const { compressed, decompressed } = data.from;
    this.position = {
      compressedOffset: compressed,
      decompressedOffset: decompressed,
      windowBytes: 0,
      frames: [],
      holes: [],
    };
  }

  fill(block: Block): void {
    setImmediate(() => {
      this.work(block);
    });
  }

  close(): Promise<void> {
    this.over = true;
    this.reader?.close();
    return Promise.resolve();
  }

  private work(block: Block): void {
    if (this.over) return;
    try {
      this.answer(block);
    } catch (error) {
      this.over = true;
      this.handlers.onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private answer({ slot, bytes }: Block): void {
    const { path, container, ...options } = this.data;
    this.reader ??= openReader(path, container, options);
    const { reader } = this;
    const filled = reader.read(bytes);
    const { compressedOffset, decompressedOffset, windowBytes, holes } = reader;
    const frames = reader.takeFrames();
    const position = { compressedOffset, decompressedOffset, windowBytes, frames, holes };
    this.position = position;
    this.onFrames(frames);
    if (filled > 0) {
      this.handlers.onFilled(slot, filled);
      return;
    }
    this.over = true;
    const end: FromDecoder = { type: 'end', slot, damage: reader.damage, position };
    this.handlers.onEnd(end);
    reader.close();
  }
}

class OwnLane implements Lane {
  private readonly own: OwnMill;
  private readonly handlers: LaneHandlers;

  constructor(own: OwnMill, handlers: LaneHandlers) {
    this.own = own;
    this.handlers = handlers;
  }

  start(offset: number): void {
    this.own.within = true;
    this.own.mill.start(offset);
  }

  block({ slot, bytes }: Block, start: number, end: number): void {
    const { mill } = this.own;
    const [lines, rejects] = [mill.lineCount, mill.rejectCount];
    const startedMs = performance.now();
    mill.write(bytes.subarray(start, end));
    const report = {
      type: 'block-done',
      slot,
      lines: mill.lineCount - lines,
      rejects: mill.rejectCount - rejects,
      batches: 0,
      busyMs: performance.now() - startedMs,
    } as const;
    // the feeder counts a block's pieces until it has given out all of them
    setImmediate(() => {
      this.handlers.onBlockDone(report);
    });
  }

  finish(dropTail: boolean): Promise<MilledStripe> {
    const milled = this.own.mill.finish(dropTail);
    this.own.within = false;
    return Promise.resolve(milled);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
