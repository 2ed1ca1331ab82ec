/** Messages between the pipeline and the decoder thread, which fills blocks of shared memory as it is asked to. */
import type { Hole } from '../../contract/job.ts';
import type { ErrorCode, ErrorFacts } from '../../core/errors.ts';
import type { Damage, FramePoint } from './archive-reader.ts';
import type { Container } from './container.ts';

export interface DecoderThreadData {
  readonly path: string;
  readonly container: Container;
  /** Of the file as it was inspected. */
  readonly fileBytes: number | undefined;
  /** Where to enter. */
  readonly from: FramePoint;
  /** Decompressed offset of the first byte that is wanted. */
  readonly skipTo: number;
  readonly salvage: boolean;
}

export interface ToDecoder {
  readonly type: 'fill';
  readonly slot: number;
  readonly memory: SharedArrayBuffer;
}

/** Where the decoder is, counted from the archive's start. */
export interface DecoderPosition {
  readonly compressedOffset: number;
  readonly decompressedOffset: number;
  readonly windowBytes: number;
  /** Frames that have begun since the last message. */
  readonly frames: readonly FramePoint[];
  /** All that were gone over on the way here. */
  readonly holes: readonly Hole[];
}

export type FromDecoder =
  | {
      readonly type: 'filled';
      readonly slot: number;
      readonly bytes: number;
      readonly position: DecoderPosition;
    }
  /** Said now and then on the way to `skipTo`. */
  | { readonly type: 'skipped'; readonly position: DecoderPosition }
  /** `slot` was not needed; nor is any that is still on its way. */
  | {
      readonly type: 'end';
      readonly slot: number;
      readonly damage: Damage | null;
      readonly position: DecoderPosition;
    }
  | {
      readonly type: 'failed';
      readonly code: ErrorCode | null;
      readonly message: string;
      readonly facts: ErrorFacts;
    };
