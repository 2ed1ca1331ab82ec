import { frameBytesMax } from '../../core/limits.ts';
import { ByteSink } from './byte-sink.ts';
import { zstdFrame } from './zstd-frame.ts';
import type { EncodedStripe, FormatOptions, PartFraming, StripeEncoder } from './format.ts';

const lineFeed = 10;
const empty = new Uint8Array(0);

/** Lines as they are. Memory: the stripe, plus one frame for `jsonl.zst`. */
class JsonlEncoder implements StripeEncoder {
  readonly columns = null;
  private readonly lines = new ByteSink();
  private readonly frames: ByteSink | null;
  private rows = 0;

  constructor(compressed: boolean) {
    this.frames = compressed ? new ByteSink() : null;
  }

  appendLine(source: Uint8Array, start: number, end: number): void {
    const lines = this.lines;
    const count = end - start + 1;
    // a longer line than a frame holds gets a frame of its own
    if (this.frames !== null && lines.length > 0 && lines.length + count > frameBytesMax)
      this.endFrame(this.frames);
    lines.ensure(count);
    lines.push(source, start, end);
    lines.pushByte(lineFeed);
    this.rows++;
  }

  endRow(): void {
    // lines are whole when they come
  }

  finish(): EncodedStripe {
    if (this.frames !== null && this.lines.length > 0) this.endFrame(this.frames);
    const out = this.frames ?? this.lines;
    const stripe = { bytes: out.take(), rows: this.rows, meta: null };
    if (this.frames !== null) this.lines.reset();
    this.rows = 0;
    return stripe;
  }

  private endFrame(frames: ByteSink): void {
    frames.push(zstdFrame(this.lines.content()));
    this.lines.clear();
  }
}

/**
 * `jsonl`: the original lines, each ended by a line feed. `jsonl.zst`: the same as a run of independent zstd frames,
 * each of at most `frameBytesMax` of whole lines and with its content size in the header, so `cat` joins parts and any
 * frame can be read alone.
 */
export function jsonlEncoder(options: Pick<FormatOptions, 'format'>): StripeEncoder {
  return new JsonlEncoder(options.format === 'jsonl.zst');
}

/** Nothing stands around the lines: a part without rows is an empty file. */
export function jsonlFraming(options: Pick<FormatOptions, 'format'>): PartFraming {
  return {
    extension: options.format === 'jsonl.zst' ? 'jsonl.zst' : 'jsonl',
    header: () => empty,
    footer: () => empty,
  };
}
