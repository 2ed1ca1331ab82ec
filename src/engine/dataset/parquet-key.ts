/** What a Parquet file says of itself: our entry of its footer, found without reading its Thrift. */
import { openStored } from '../storage/stored-file.ts';

/** Of a part: where it belongs. Of a file of threads: its index and counts, and the number of such files. */
export type FooterKey = 'threadmill.part' | 'threadmill.threads';

const magic = 'PAR1';
const trailerBytes = 8;
/** Thrift's compact protocol: the next field (the value, behind the key), of type binary. */
const stringField = 0x18;
/** A part of 4 GiB has 128 row groups of some 30 columns: about 1 MiB of footer. */
const footerBytesMax = 16 * 1024 * 1024;

/**
 * The value of a key, or a sentence that says why it can't be had. Reads the footer only.
 * Thrift writes a key and its value as their plain bytes, each behind its length; they stand behind all statistics, in which
 * the key's text may occur as well.
 */
export async function readFooterKey(
  path: string,
  key: FooterKey,
): Promise<{ readonly value: unknown } | string> {
  const file = await openStored(path);
  try {
    const size = file.bytes;
    const trailer = Buffer.alloc(trailerBytes);
    if (size < trailerBytes) return 'it is too short for a Parquet file';
    await file.read(trailer, size - trailerBytes);
    const footerBytes = trailer.readUInt32LE(0);
    if (trailer.toString('latin1', 4) !== magic) return 'it does not end as a Parquet file';
    if (footerBytes > Math.min(footerBytesMax, size - trailerBytes)) {
      return `its footer claims ${footerBytes} bytes`;
    }
    const footer = Buffer.alloc(footerBytes);
    await file.read(footer, size - trailerBytes - footerBytes);
    return valueIn(footer, key);
  } finally {
    await file.close();
  }
}

function valueIn(footer: Buffer, key: FooterKey): { readonly value: unknown } | string {
  const found = footer.lastIndexOf(key, undefined, 'latin1');
  if (found < 0) return `its footer has no ${key}`;
  let at = found + key.length;
  if (footer[at++] !== stringField) return `its footer's ${key} can't be read`;
  let length = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = footer[at++] ?? 0;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  try {
    return { value: JSON.parse(footer.toString('utf8', at, at + length)) as unknown };
  } catch {
    return `its footer's ${key} can't be read`;
  }
}
