/** Where the stream is cut: parts and stripes begin at the first line that starts at or behind a fixed offset. */
import { stripeBytes } from '../../core/limits.ts';

/** A stripe is the lines that start in [from, to); `part` is the part that they belong to. */
export interface StripeRange {
  readonly part: number;
  readonly from: number;
  readonly to: number;
  /** True for the last stripe of its part. */
  readonly endsPart: boolean;
}

/** The stripe of a part size that holds a decompressed offset. Pure arithmetic: boundaries depend on nothing else. */
export function stripeAt(offset: number, partBytes: number): StripeRange {
  const part = Math.floor(offset / partBytes);
  const partEnd = (part + 1) * partBytes;
  const from = part * partBytes + Math.floor((offset - part * partBytes) / stripeBytes) * stripeBytes;
  const to = Math.min(from + stripeBytes, partEnd);
  return { part, from, to, endsPart: to === partEnd };
}

export interface CutHandlers {
  /** Bytes of the current stripe; valid only during the call. */
  onBytes(bytes: Uint8Array): void;
  /** The current stripe has ended; the next line starts at this decompressed offset. */
  onStripeEnd(stripe: StripeRange, nextLineOffset: number): void;
}

const lineFeed = 0x0a;

/** Cuts a stream of chunks into stripes at line borders; looks for line feeds only at the borders. */
export class StripeCutter {
  private offset: number;
  private stripe: StripeRange;
  private readonly partBytes: number;
  private readonly handlers: CutHandlers;

  /** `offset`: where the first line starts; `part`: the part to begin with, which may hold no line that long. */
  constructor(offset: number, part: number, partBytes: number, handlers: CutHandlers) {
    this.offset = offset;
    this.partBytes = partBytes;
    this.handlers = handlers;
    this.stripe = stripeAt(part * partBytes, partBytes);
    this.skipEmpty();
  }

  get current(): StripeRange {
    return this.stripe;
  }

  /** Decompressed offset of the next byte. */
  get position(): number {
    return this.offset;
  }

  write(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      // The stripe ends behind the first line feed at `to − 1` or later.
      const search = Math.max(at, this.stripe.to - 1 - this.offset + at);
      const found = search < chunk.length ? chunk.indexOf(lineFeed, search) : -1;
      const end = found < 0 ? chunk.length : found + 1;
      this.handlers.onBytes(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
      this.offset += end - at;
      at = end;
      if (found >= 0) this.endStripe();
    }
  }

  /** The archive has ended: ends the stripe that is open. */
  end(): void {
    this.handlers.onStripeEnd(this.stripe, this.offset);
  }

  private endStripe(): void {
    this.handlers.onStripeEnd(this.stripe, this.offset);
    this.stripe = stripeAt(this.stripe.to, this.partBytes);
    this.skipEmpty();
  }

  /** A line longer than a stripe leaves stripes behind it in which no line starts. */
  private skipEmpty(): void {
    while (this.stripe.to <= this.offset) {
      this.handlers.onStripeEnd(this.stripe, this.offset);
      this.stripe = stripeAt(this.stripe.to, this.partBytes);
    }
  }
}
