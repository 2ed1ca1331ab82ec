/**
 * Walks the frames and blocks of a zstd stream by their headers alone (RFC 8878 section 3.1), because Node's decompressor
 * stops silently behind the first frame: the walker says where each frame ends, without decompressing.
 */

export const zstdMagic = 0xfd2fb528;
/** No decoder takes more: zstd's own bound for streams on 64-bit machines. */
export const windowBytesMax = 2 ** 31;
/** Of a frame's descriptor: its window is its content, and is not declared apart. */
const singleSegmentFlag = 0x20;
const skippableMagicLow = 0x184d2a50;

export interface FrameHeader {
  /** Bytes the decoder must keep: 2^10 to 2^41 as declared; the content size for a single segment. */
  readonly windowBytes: number;
  /** Decompressed bytes, where the header declares them. */
  readonly contentBytes: number | null;
  readonly hasChecksum: boolean;
  readonly hasDictionary: boolean;
  readonly headerBytes: number;
}

/**
 * Reads the header of a zstd frame at the start of `bytes`.
 * @returns null where `bytes` is too short to hold it (18 bytes always suffice).
 * @throws RangeError where it is no zstd frame or a reserved bit is set.
 */
export function readFrameHeader(bytes: Uint8Array): FrameHeader | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 5) return null;
  if (view.getUint32(0, true) !== zstdMagic) throw new RangeError('Not a zstd frame: another magic number');
  const descriptor = view.getUint8(4);
  if ((descriptor & 0x08) !== 0) throw new RangeError('Not a zstd frame: reserved bit set');
  const singleSegment = (descriptor & singleSegmentFlag) !== 0;
  const contentSizeFlag = descriptor >> 6;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] as number;
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][contentSizeFlag] as number;
  const headerBytes = 5 + (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
  if (bytes.length < headerBytes) return null;
  let windowBytes = 0;
  if (!singleSegment) {
    const window = view.getUint8(5);
    const base = 2 ** (10 + (window >> 3));
    windowBytes = base + (base / 8) * (window & 7);
  }
  const at = headerBytes - contentSizeBytes;
  let contentBytes: number | null = null;
  if (contentSizeBytes === 1) contentBytes = view.getUint8(at);
  else if (contentSizeBytes === 2) contentBytes = view.getUint16(at, true) + 256;
  else if (contentSizeBytes === 4) contentBytes = view.getUint32(at, true);
  else if (contentSizeBytes === 8) contentBytes = Number(view.getBigUint64(at, true));
  return {
    windowBytes: singleSegment ? (contentBytes ?? 0) : windowBytes,
    contentBytes,
    hasChecksum: (descriptor & 0x04) !== 0,
    hasDictionary: dictionaryBytes > 0,
    headerBytes,
  };
}

/**
 * Writes a smaller window into the header of the frame at `at`, where it declares more than `contentBytesMax` can need; else
 * leaves it. Of its blocks' size nothing changes: that is 128 KiB at most for every window from there on.
 */
export function narrowWindow(bytes: Uint8Array, at: number, contentBytesMax: number): void {
  const [descriptor, window] = [bytes[at + 4], bytes[at + 5]];
  if (descriptor === undefined || window === undefined || (descriptor & singleSegmentFlag) !== 0) return;
  const log = Math.max(17, Math.ceil(Math.log2(contentBytesMax)));
  if (window >> 3 >= log - 10 + 1) bytes[at + 5] = (log - 10) << 3;
}

/** True where the four bytes are the magic number of a skippable frame. */
export function isSkippableMagic(magic: number): boolean {
  return magic >= skippableMagicLow && magic <= skippableMagicLow + 15;
}
