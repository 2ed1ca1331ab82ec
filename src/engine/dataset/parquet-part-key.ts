/** What a Parquet part says of itself: the `threadmill.part` entry of its footer, found without reading its Thrift. */
import { open } from 'node:fs/promises';

const key = 'threadmill.part';
const magic = 'PAR1';
const trailerBytes = 8;
/** A part of 4 GiB has 128 row groups of some 30 columns: about 1 MiB of footer. */
const footerBytesMax = 16 * 1024 * 1024;

/**
 * The value of `threadmill.part`, or a sentence that says why it can't be had. Reads the footer only.
 * Thrift writes a key and its value as their plain bytes, each behind its length; the value is JSON, so it is the balanced
 * braces behind the key.
 */
export async function readPartKey(path: string): Promise<{ readonly value: unknown } | string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const trailer = Buffer.alloc(trailerBytes);
    if (size < trailerBytes) return 'it is too short for a Parquet file';
    await file.read(trailer, 0, trailerBytes, size - trailerBytes);
    const footerBytes = trailer.readUInt32LE(0);
    if (trailer.toString('latin1', 4) !== magic) return 'it does not end as a Parquet file';
    if (footerBytes > Math.min(footerBytesMax, size - trailerBytes)) {
      return `its footer claims ${footerBytes} bytes`;
    }
    const footer = Buffer.alloc(footerBytes);
    await file.read(footer, 0, footerBytes, size - trailerBytes - footerBytes);
    return valueIn(footer.toString('latin1'));
  } finally {
    await file.close();
  }
}

function valueIn(footer: string): { readonly value: unknown } | string {
  const start = footer.indexOf('{', footer.lastIndexOf(key));
  if (!footer.includes(key) || start < 0) return `its footer has no ${key}`;
  let depth = 0;
  // No string in it holds a brace: it is numbers under fixed names.
  for (let at = start; at < footer.length; at++) {
    if (footer[at] === '{') depth++;
    else if (footer[at] === '}' && --depth === 0) {
      try {
        return { value: JSON.parse(footer.slice(start, at + 1)) as unknown };
      } catch {
        break;
      }
    }
  }
  return `its footer's ${key} can't be read`;
}
