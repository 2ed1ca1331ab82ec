/**
 * The file of a part's spilled rows: the blocks as they came, then what finds those of one bucket. All numbers are little-endian.
 *
 *     blocks                      zstd frames, each block's keys before its payload
 *     entries                     one of `entryBytes` a block, by bucket: offset f64; keysBytes, payloadBytes, the same of their
 *                                 contents, rows u32
 *     directory                   one of `bucketBytes` a bucket: its first entry, CRC-32 of its entries u32; and one more
 *     what the part says of itself   JSON, as in a Parquet footer
 *     tail of `tailBytes`         offset of the entries f64, buckets, entries, JSON bytes u32, magic
 */
import { crc32 } from 'node:zlib';
import { ThreadmillError } from '../../core/errors.ts';
import type { PartFraming } from '../output/format.ts';
import { zstdFrameContent } from '../output/zstd-frame.ts';
import { invalidSpill, LocalSpill, type SpillBytes } from './spill-bytes.ts';
import type { SpillBlock } from './spill-encoder.ts';

const spillExtension = 'spill';
const magic = 0x324c5354; // TSL2
const entryBytes = 28;
/** Of the directory. The frames check themselves; without a checksum here a flipped bit could lose a bucket's rows unseen. */
const bucketBytes = 8;
const tailBytes = 24;
const nothing = new Uint8Array(0);

/** The framing of a spill file: nothing stands before the blocks. */
export function spillFraming(buckets: number): PartFraming {
  return {
    extension: spillExtension,
    header: () => nothing,
    footer: (stripes, keyValues) => {
      const places = stripes.flatMap(({ offset, stripe }) => {
        let at = offset;
        // `meta` is what `finish` of the spill encoder gave
        return (stripe.meta as readonly SpillBlock[]).map((block) => {
          const place = { ...block, offset: at };
          at += block.keysBytes + block.payloadBytes;
          return place;
        });
      });
      const entriesAt = stripes.reduce((end, { offset, bytes }) => Math.max(end, offset + bytes), 0);
      return footerOf(places, buckets, entriesAt, JSON.stringify(keyValues));
    },
  };
}

type Place = SpillBlock & { readonly offset: number };

function footerOf(places: readonly Place[], buckets: number, entriesAt: number, text: string): Uint8Array {
  const sorted = places.toSorted((a, b) => a.bucket - b.bucket); // stable: blocks of a bucket stay in their order
  const json = Buffer.from(text, 'utf8');
  const directoryAt = sorted.length * entryBytes;
  const jsonAt = directoryAt + (buckets + 1) * bucketBytes;
  const footer = Buffer.alloc(jsonAt + json.length + tailBytes);
  let entry = 0;
  for (let bucket = 0; bucket <= buckets; bucket++) {
    const first = entry;
    for (let place = sorted[entry]; place?.bucket === bucket; place = sorted[++entry])
      writeEntry(footer, entry * entryBytes, place);
    footer.writeUInt32LE(first, directoryAt + bucket * bucketBytes);
    const entries = footer.subarray(first * entryBytes, entry * entryBytes);
    footer.writeUInt32LE(crc32(entries), directoryAt + bucket * bucketBytes + 4);
  }
  json.copy(footer, jsonAt);
  const tail = jsonAt + json.length;
  footer.writeDoubleLE(entriesAt, tail);
  footer.writeUInt32LE(buckets, tail + 8);
  footer.writeUInt32LE(sorted.length, tail + 12);
  footer.writeUInt32LE(json.length, tail + 16);
  footer.writeUInt32LE(magic, tail + 20);
  return footer;
}

function writeEntry(footer: Buffer, at: number, place: Place): void {
  footer.writeDoubleLE(place.offset, at);
  footer.writeUInt32LE(place.keysBytes, at + 8);
  footer.writeUInt32LE(place.payloadBytes, at + 12);
  footer.writeUInt32LE(place.plainKeysBytes, at + 16);
  footer.writeUInt32LE(place.plainPayloadBytes, at + 20);
  footer.writeUInt32LE(place.rows, at + 24);
}

/** Where a block stands in its file. */
export type BlockPlace = Omit<Place, 'bucket'>;

/** A spill file of known size, read at any place. What a method gives is valid until the next call of any reader. */
export class SpillReader {
  private readonly path: string;
  private readonly source: SpillBytes;
  private readonly bytes: number;
  private readonly entriesAt: number;
  private readonly entries: number;
  private readonly buckets: number;

  /**
   * @param source of these bytes; default: the file, on this machine. Of another the end has been loaded
   * @throws ThreadmillError DATASET_INVALID where it is missing, of another size or damaged, as every method here.
   */
  constructor(
    path: string,
    bytes: number,
    buckets: number,
    source: SpillBytes = new LocalSpill(path, bytes),
  ) {
    this.path = path;
    this.source = source;
    this.bytes = bytes;
    this.buckets = buckets;
    try {
      const tail = this.read(bytes - tailBytes, tailBytes);
      if (tail.readUInt32LE(20) !== magic || tail.readUInt32LE(8) !== buckets)
        throw this.invalid(`it is no spill of ${buckets} buckets`);
      this.entriesAt = tail.readDoubleLE(0);
      this.entries = tail.readUInt32LE(12);
      const directoryBytes = this.entries * entryBytes + (buckets + 1) * bucketBytes;
      if (this.entriesAt + directoryBytes + tail.readUInt32LE(16) + tailBytes !== bytes)
        throw this.invalid('its end is damaged');
    } catch (error) {
      source.close();
      throw error;
    }
  }

  /** The blocks of a bucket, in the order of their rows. */
  blocks(bucket: number): readonly BlockPlace[] {
    const [from, checksum, to] = this.entryRange(bucket);
    const entries = this.read(this.entriesAt + from * entryBytes, (to - from) * entryBytes);
    if (crc32(entries) !== checksum) throw this.invalid('its directory is damaged');
    return Array.from({ length: to - from }, (_, index) => {
      const at = index * entryBytes;
      return {
        offset: entries.readDoubleLE(at),
        keysBytes: entries.readUInt32LE(at + 8),
        payloadBytes: entries.readUInt32LE(at + 12),
        plainKeysBytes: entries.readUInt32LE(at + 16),
        plainPayloadBytes: entries.readUInt32LE(at + 20),
        rows: entries.readUInt32LE(at + 24),
      };
    });
  }

  /** Has what {@link blocks} reads at hand. */
  async loadBlocks(bucket: number): Promise<void> {
    const directoryAt = this.directoryAt(bucket);
    await this.source.load([[directoryAt, directoryAt + bucketBytes + 4]]);
    const [from, , to] = this.entryRange(bucket);
    await this.source.load([[this.entriesAt + from * entryBytes, this.entriesAt + to * entryBytes]]);
  }

  /** Has the frames of blocks at hand. */
  async load(places: readonly BlockPlace[]): Promise<void> {
    await this.source.load(
      places.map(({ offset, keysBytes, payloadBytes }) => [offset, offset + keysBytes + payloadBytes]),
    );
  }

  keys(place: BlockPlace): Uint8Array {
    return this.frame(place.offset, place.keysBytes, place.plainKeysBytes);
  }

  payload(place: BlockPlace): Uint8Array {
    return this.frame(place.offset + place.keysBytes, place.payloadBytes, place.plainPayloadBytes);
  }

  close(): void {
    this.source.close();
  }

  private directoryAt(bucket: number): number {
    if (bucket >= this.buckets) throw new RangeError(`No bucket ${bucket} of ${this.buckets}`);
    return this.entriesAt + this.entries * entryBytes + bucket * bucketBytes;
  }

  /** Of a bucket: its first entry, the checksum of its entries, and the first entry of the next. */
  private entryRange(bucket: number): readonly [from: number, checksum: number, to: number] {
    const directory = this.read(this.directoryAt(bucket), bucketBytes + 4);
    const [from, checksum, to] = [0, 4, 8].map((at) => directory.readUInt32LE(at)) as [
      number,
      number,
      number,
    ];
    if (from > to || to > this.entries) throw this.invalid('its directory is damaged');
    return [from, checksum, to];
  }

  private frame(offset: number, bytes: number, plainBytes: number): Uint8Array {
    try {
      return zstdFrameContent(this.read(offset, bytes), plainBytes);
    } catch (cause) {
      if (cause instanceof ThreadmillError) throw cause;
      throw this.invalid(`its block at byte ${offset} is damaged: ${(cause as Error).message}`, cause);
    }
  }

  private read(offset: number, bytes: number): Buffer {
    if (!(Number.isSafeInteger(offset) && offset >= 0 && offset + bytes <= this.bytes))
      throw this.invalid('it is too short for a spill');
    return this.source.read(offset, bytes);
  }

  private invalid(why: string, cause?: unknown): ThreadmillError {
    return invalidSpill(this.path, why, cause);
  }
}
