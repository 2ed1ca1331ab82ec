/** An archive's text in order, a block at a time, decoded ahead on a thread of its own. */
import type { ArchiveInspection } from '../../contract/job.ts';
import type { Damage, FramePoint } from '../archive/archive-reader.ts';
import { BlockPool, type Block } from '../pipeline/block-pool.ts';
import { DecoderLane, type DecoderEnd } from '../pipeline/decoder-lane.ts';
import { Handoff } from '../pipeline/handoff.ts';

const blockBytes = 1024 * 1024;
const blocksAhead = 8;

type Step = { readonly slot: number; readonly bytes: number } | DecoderEnd;

export class TextSource {
  /** Why it ended early, once `next` has given null. */
  damage: (Damage & { readonly decompressed: number }) | null = null;
  /** Starts of the frames that were seen, and the end of the last one. */
  readonly frames: FramePoint[] = [];
  private readonly pool = new BlockPool(blockBytes, blocksAhead * blockBytes);
  private readonly steps = new Handoff<Step>();
  private readonly decoder: DecoderLane;
  private given: Block | null = null;

  /** `compressedBytes`: what of the file is read. */
  constructor(archive: Pick<ArchiveInspection, 'path' | 'container' | 'compressedBytes'>) {
    this.decoder = new DecoderLane(
      {
        path: archive.path,
        container: archive.container,
        fileBytes: archive.compressedBytes,
        from: { compressed: 0, decompressed: 0 },
        skipTo: 0,
        salvage: false,
      },
      {
        onFilled: (slot, bytes) => void this.steps.put({ slot, bytes }),
        onEnd: (end) => void this.steps.put(end),
        onError: (error) => {
          this.steps.fail(error);
        },
      },
      (frames) => {
        this.frames.push(...frames);
      },
    );
    for (let ahead = 0; ahead < blocksAhead; ahead++) this.decoder.fill(this.pool.take());
  }

  get compressedOffset(): number {
    return this.decoder.position.compressedOffset;
  }

  /** What the decoder's window holds, bytes. */
  get windowBytesInUse(): number {
    const { windowBytes, decompressedOffset } = this.decoder.position;
    return Math.min(windowBytes, decompressedOffset);
  }

  /** The next bytes, valid until the next call; null: the archive has ended. @throws {ThreadmillError} ARCHIVE_UNREADABLE */
  async next(): Promise<Uint8Array | null> {
    if (this.given !== null) this.decoder.fill(this.given);
    this.given = null;
    const step = await this.steps.take();
    if ('type' in step) {
      const { damage, position } = step;
      this.damage = damage === null ? null : { ...damage, decompressed: position.decompressedOffset };
      return null;
    }
    this.given = this.pool.lentBlock(step.slot);
    return this.given.bytes.subarray(0, step.bytes);
  }

  async close(): Promise<void> {
    await this.decoder.close();
  }
}
