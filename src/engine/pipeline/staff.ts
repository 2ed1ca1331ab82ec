/** Who does a pipeline's work: threads of its own, or the thread that it runs on. */
import type { DecoderPosition, DecoderThreadData } from '../archive/decoder-protocol.ts';
import type { MilledStripe } from '../mill/stripe-mill.ts';
import type { MillThreadData } from '../mill/protocol.ts';
import type { Block } from './block-pool.ts';
import { DecoderLane, type DecoderHandlers } from './decoder-lane.ts';
import { MillLane, type LaneHandlers } from './mill-lane.ts';

/** Fills empty blocks in the order in which they come; its handlers are never called from within `fill`. */
export interface Decoder {
  /** Where it was when it last said so. */
  readonly position: DecoderPosition;
  fill(block: Block): void;
  close(): Promise<void>;
}

/** Mills stripes, block by block, one after another; its handlers are never called from within another call. */
export interface Lane {
  start(offset: number): void;
  /** Bytes [start, end) of a block. */
  block(block: Block, start: number, end: number): void;
  /** Ends the stripe that was started last. */
  finish(dropTail: boolean): Promise<MilledStripe>;
  close(): Promise<void>;
}

export interface Staff {
  decoder(
    data: DecoderThreadData,
    handlers: DecoderHandlers,
    onFrames: (frames: DecoderPosition['frames']) => void,
  ): Decoder;
  lane(data: MillThreadData, handlers: LaneHandlers): Lane;
}

/** A decoder thread and mill threads, side by side with whoever runs the pipeline. */
export const threadStaff: Staff = {
  decoder: (data, handlers, onFrames) => new DecoderLane(data, handlers, onFrames),
  lane: (data, handlers) => new MillLane(data, handlers),
};
