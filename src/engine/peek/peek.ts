/** Rows of an archive at once: no server, no threads, no files; what is kept and selected goes out as it is found. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { ArchiveInspection } from '../../contract/job.ts';
import { addCounters, zeroCounters, type Counters } from '../../core/fates.ts';
import { stripeBytes } from '../../core/limits.ts';
import type { Damage } from '../archive/archive-reader.ts';
import { enterAt } from '../archive/enter-at.ts';
import { StripeMill, type MillOptions } from '../mill/stripe-mill.ts';
import { partFraming } from '../output/format.ts';

const blockBytes = 1024 * 1024;
/** The first look is small: twenty lines are in it, and the eye waits for them. */
const firstBlockBytes = 64 * 1024;
const lineFeed = 0x0a;

export interface PeekOptions {
  readonly archive: Pick<ArchiveInspection, 'path' | 'container' | 'compressedBytes'>;
  readonly mill: MillOptions;
  readonly salvage: boolean;
  /** Decompressed: the first line is the one that begins there or behind it. Absent: the archive's first. */
  readonly from?: number;
  /** Takes the bytes of the output in their order. */
  readonly onBytes: (bytes: Uint8Array) => void;
}

/** What was looked at: the counters are of the lines up to the last row, where `rowsMax` ended it. */
export interface PeekResult {
  readonly counters: Counters;
  readonly damage: (Damage & { readonly decompressed: number }) | null;
}

/**
 * Reads an archive until it has `mill.rowsMax` rows, or to its end. Deterministic in the archive and the options. One pass;
 * memory: the decoder's window, a stripe of Parquet or a MiB of any other format.
 *
 * @throws {ThreadmillError} ARCHIVE_MISSING, ARCHIVE_UNREADABLE; damage is a value
 */
export async function peek(request: PeekOptions): Promise<PeekResult> {
  const { archive, mill: options, salvage, onBytes, from = 0 } = request;
  const { compressedBytes } = archive;
  const { reader, offset: first, text } = enterAt(archive, from, { salvage, fileBytes: compressedBytes });
  const framing = partFraming(options);
  const mill = new StripeMill(options);
  const stripes: { offset: number; stripe: { rows: number; meta: unknown }; bytes: number }[] = [];
  let written = 0;
  let counters = zeroCounters;
  const write = (bytes: Uint8Array): void => {
    if (bytes.length === 0) return;
    onBytes(bytes);
    written += bytes.length;
  };
  const endStripe = async (dropTail = false): Promise<void> => {
    const { encoded, counters: more } = mill.finish(dropTail);
    counters = addCounters(counters, more);
    if (encoded.rows === 0) return;
    stripes.push({
      offset: written,
      stripe: { rows: encoded.rows, meta: encoded.meta },
      bytes: encoded.bytes.length,
    });
    write(encoded.bytes);
    await breathe(); // a reader of ours that has gone is noticed here
  };
  try {
    write(framing.header());
    const block = Buffer.allocUnsafeSlow(blockBytes);
    const stripeMax = options.format === 'parquet' ? stripeBytes : blockBytes;
    let inStripe = 0;
    mill.start(first);
    let rest = text;
    let offset = first;
    for (let room = firstBlockBytes; !mill.isFull; room = blockBytes) {
      const bytes = rest.length > 0 ? rest : block.subarray(0, reader.read(block.subarray(0, room)));
      rest = rest.subarray(rest.length);
      if (bytes.length === 0) break;
      const lines = bytes.lastIndexOf(lineFeed) + 1;
      mill.write(bytes.subarray(0, lines));
      inStripe += bytes.length;
      if (lines > 0 && (inStripe >= stripeMax || room === firstBlockBytes)) {
        await endStripe();
        mill.start(offset + lines);
        inStripe = 0;
      }
      mill.write(bytes.subarray(lines));
      offset += bytes.length;
    }
    await endStripe(reader.damage !== null);
    write(framing.footer(stripes, {}));
    const { damage } = reader;
    return {
      counters,
      damage: damage === null ? null : { ...damage, decompressed: reader.decompressedOffset },
    };
  } finally {
    reader.close();
  }
}
