/** What a file is by its first bytes, never by its name: the container of an archive, or a known stranger. */
import { isSkippableMagic, zstdMagic } from './zstd-frames.ts';

/** `zst_blocks`: arctic_shift's, see blocks-reader.ts. */
export type Container = 'zstd' | 'gzip' | 'plain' | 'zst_blocks';

/** As many first bytes as any answer here needs: a tar header has its magic at 257. */
export const headBytes = 4096;

interface Stranger {
  readonly what: string;
  readonly magic: readonly number[];
  /** How to make an archive of it; `IN` and `OUT` stand for the quoted paths. */
  readonly wayOut: string;
}

const ascii = (text: string): readonly number[] => [...Buffer.from(text, 'latin1')];
const strangers: readonly Stranger[] = [
  { what: 'an xz file', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], wayOut: 'xz -dc IN | zstd -o OUT' },
  { what: 'a bzip2 file', magic: ascii('BZh'), wayOut: 'bzip2 -dc IN | zstd -o OUT' },
  { what: 'an lz4 file', magic: [0x04, 0x22, 0x4d, 0x18], wayOut: 'lz4 -dc IN | zstd -o OUT' },
  { what: 'a zip file', magic: [0x50, 0x4b, 0x03, 0x04], wayOut: 'unzip -p IN | zstd -o OUT' },
  { what: 'an empty zip file', magic: [0x50, 0x4b, 0x05, 0x06], wayOut: 'download it again' },
  { what: 'a 7z file', magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], wayOut: '7z x -so IN | zstd -o OUT' },
  { what: 'a rar file', magic: ascii('Rar!'), wayOut: 'unrar p -inul IN | zstd -o OUT' },
  { what: 'a zstd dictionary', magic: [0x37, 0xa4, 0x30, 0xec], wayOut: 'name the archive itself' },
  {
    what: 'a Parquet file',
    magic: ascii('PAR1'),
    wayOut: 'it is a table already: read it as it is',
  },
  {
    what: 'an SQLite database',
    magic: ascii('SQLite format 3\0'),
    wayOut: 'export its rows as one JSON object a line',
  },
  {
    what: 'UTF-16 text',
    magic: [0xff, 0xfe],
    wayOut: 'iconv -f UTF-16 -t UTF-8 IN | zstd -o OUT',
  },
  {
    what: 'UTF-16 text',
    magic: [0xfe, 0xff],
    wayOut: 'iconv -f UTF-16 -t UTF-8 IN | zstd -o OUT',
  },
];

const gzipMagic = [0x1f, 0x8b] as const;
const zstdMagicBytes = [0x28, 0xb5, 0x2f, 0xfd] as const;
const tarMagicOffset = 257;

function startsWith(head: Uint8Array, magic: readonly number[]): boolean {
  return head.length >= magic.length && magic.every((byte, at) => head[at] === byte);
}

/** The container of an archive by its first bytes; `plain` where they are no known magic. */
export function containerOf(head: Uint8Array): Container {
  if (head.length >= 4) {
    const magic = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
    if (magic === zstdMagic || isSkippableMagic(magic)) return 'zstd';
  } else if (
    head.length >= 2 &&
    zstdMagicBytes.slice(0, head.length).every((byte, at) => head[at] === byte)
  ) {
    return 'zstd'; // cut off inside its magic number
  }
  // a size, then a frame: text has no such bytes
  if (startsWith(head.subarray(4), zstdMagicBytes)) return 'zst_blocks';
  return startsWith(head, gzipMagic) ? 'gzip' : 'plain';
}

/** Names a file that is certainly no archive, with the command that makes one of it; null where nothing is known. */
export function strangerOf(head: Uint8Array, path: string): { what: string; wayOut: string } | null {
  const found = strangers.find(({ magic }) => startsWith(head, magic));
  const name = JSON.stringify(path);
  if (found !== undefined) {
    const target = JSON.stringify(`${path.replace(/\.[A-Za-z0-9]{1,4}$/, '')}.zst`);
    return { what: found.what, wayOut: found.wayOut.replace('IN', name).replace('OUT', target) };
  }
  if (startsWith(head.subarray(tarMagicOffset), ascii('ustar'))) {
    return { what: 'a tar file', wayOut: `tar -xf ${name}, then name the files that were in it` };
  }
  const text = Buffer.from(head).toString('latin1').trimStart();
  if (/^(<!doctype|<html|<\?xml|<head)/i.test(text)) {
    return {
      what: 'a web page',
      wayOut: 'its download was answered with an error or log-in page: download it again',
    };
  }
  if (head.length > 0 && head.every((byte) => byte === 0)) {
    return { what: 'filled with zero bytes', wayOut: 'its download was never finished: download it again' };
  }
  return null;
}

/** The first bytes as a message shows them: text where it is text, else hex. */
export function shownBytes(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 60));
  const text = head.toString('utf8');
  const binary = /[\u0000-\u0008\u000e-\u001f]/.test(text) || text.slice(0, -3).includes('\ufffd');
  if (!binary) return JSON.stringify(text.replace(/\ufffd+$/, ''));
  return head
    .subarray(0, 16)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');
}
