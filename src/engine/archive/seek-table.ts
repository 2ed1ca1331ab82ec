/**
 * The seek table of the zstd seekable format: a skippable frame at the end of the file that says how large each frame is, so
 * that a reader can enter at any of them. Decoders that do not know it pass it over.
 * @see https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
 */

export interface SeekEntry {
  /** Of the frame, a skippable one too. */
  readonly compressedBytes: number;
  readonly decompressedBytes: number;
  /** Low 32 bits of the XXH64 of the text, as in the frame's own checksum; null where the table has none. */
  readonly checksum: number | null;
}

const skippableMagic = 0x184d2a5e;
const seekableMagic = 0x8f92eab1;
/** Magic number and size. */
const headBytes = 8;
/** Number of frames, descriptor, magic number. */
export const seekFooterBytes = 9;
const checksumFlag = 0x80;
const reservedBits = 0x7c;

/** The table as the bytes that end a file. All entries have a checksum. */
export function encodeSeekTable(entries: readonly SeekEntry[]): Buffer {
  const entryBytes = 12;
  const table = Buffer.alloc(headBytes + entries.length * entryBytes + seekFooterBytes);
  table.writeUInt32LE(skippableMagic, 0);
  table.writeUInt32LE(table.length - headBytes, 4);
  entries.forEach(({ compressedBytes, decompressedBytes, checksum }, index) => {
    const at = headBytes + index * entryBytes;
    table.writeUInt32LE(compressedBytes, at);
    table.writeUInt32LE(decompressedBytes, at + 4);
    table.writeUInt32LE(checksum ?? 0, at + 8);
  });
  const footer = table.length - seekFooterBytes;
  table.writeUInt32LE(entries.length, footer);
  table.writeUInt8(checksumFlag, footer + 4);
  table.writeUInt32LE(seekableMagic, footer + 5);
  return table;
}

/** What a file's last bytes promise of a table. */
export interface SeekFooter {
  readonly frames: number;
  readonly entryBytes: number;
  /** With the skippable frame's head. */
  readonly tableBytes: number;
}

/** Reads the last nine bytes of a file; null where they end no seek table. */
export function readSeekFooter(footer: Uint8Array): SeekFooter | null {
  if (footer.length !== seekFooterBytes) return null;
  const view = new DataView(footer.buffer, footer.byteOffset);
  const descriptor = view.getUint8(4);
  // bits that are reserved may mean that the table is laid out in another way
  if (view.getUint32(5, true) !== seekableMagic || (descriptor & reservedBits) !== 0) return null;
  const frames = view.getUint32(0, true);
  const entryBytes = (descriptor & checksumFlag) === 0 ? 8 : 12;
  return { frames, entryBytes, tableBytes: headBytes + frames * entryBytes + seekFooterBytes };
}

/** The entries of a table of that footer; null where it is none. Whether they are true, only the frames can tell. */
export function readSeekEntries(table: Uint8Array, footer: SeekFooter): readonly SeekEntry[] | null {
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  const { frames, entryBytes, tableBytes } = footer;
  if (table.length !== tableBytes || view.getUint32(0, true) !== skippableMagic) return null;
  if (view.getUint32(4, true) !== tableBytes - headBytes) return null;
  return Array.from({ length: frames }, (_, index) => {
    const at = headBytes + index * entryBytes;
    return {
      compressedBytes: view.getUint32(at, true),
      decompressedBytes: view.getUint32(at + 4, true),
      checksum: entryBytes === 12 ? view.getUint32(at + 8, true) : null,
    };
  });
}
