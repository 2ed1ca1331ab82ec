/** zstd frames made by hand (RFC 8878), where no compressor would make them so. */
import zlib from 'node:zlib';

const magic = [0x28, 0xb5, 0x2f, 0xfd] as const;
/** RFC 8878: the most that one block may give. */
const blockBytesMax = 128 * 1024;

function block(type: number, size: number, last: boolean, content: Uint8Array): Buffer {
  const header = Buffer.alloc(3);
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3);
  return Buffer.concat([header, content]);
}

/** A frame header without content size and checksum; window: 2^windowLog. */
function header(windowLog: number): Buffer {
  return Buffer.from([...magic, 0, (windowLog - 10) << 3]);
}

/** A frame as compressors make them. */
export function frame(text: string | Uint8Array, { checksum = false } = {}): Buffer {
  return zlib.zstdCompressSync(text, {
    params: { [zlib.constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 },
  });
}

/** A frame of one raw block, under a descriptor and further header bytes of the caller's. */
export function rawFrame(descriptor: number, fields: readonly number[], text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([...magic, descriptor, ...fields]), block(0, bytes.length, true, bytes)]);
}

/** A frame that says one byte so many times: four compressed bytes for 128 KiB. */
export function repeatFrame(byte: number, count: number): Buffer {
  const blocks: Buffer[] = [];
  for (let left = count; left > 0; left -= blockBytesMax) {
    blocks.push(block(1, Math.min(left, blockBytesMax), left <= blockBytesMax, Buffer.from([byte])));
  }
  return Buffer.concat([header(17), ...blocks]);
}

/** A frame that a decoder passes over. */
export function skippable(content: Uint8Array = Buffer.from('three'), variant = 2): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a50 + variant, 0);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content]);
}
