/** Names of files for values that anybody may have written: safe on every file system, each value its own. Pure. */
import { createHash } from 'node:crypto';

/** Of the encoded value, bytes: with an extension and the suffix of an attempt it stays below the 255 of file systems. */
const stemBytesMax = 120;
const hashDigits = 32;
/** Names of devices, which Windows does not leave to files, whatever their extension. */
const device = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/;

/**
 * The name of a value's file without its extension. Lower-case letters, digits, `_`, `-` and dots within stand for themselves;
 * every other byte is `%` and two upper-case hex digits, so no two names differ in nothing but case. A long one is cut, and ends in
 * `%-` and a hash of the whole value. `%empty` is the empty value, and `%missing` the rows that have none: no other value has
 * these names.
 */
export function fileStem(value: string | null): string {
  if (value === null) return '%missing';
  if (value === '') return '%empty';
  const bytes = Buffer.from(value, 'utf8');
  const last = bytes.length - 1;
  const encoded = Array.from(bytes, (byte, at) =>
    isPlain(byte) || (byte === 0x2e && at > 0 && at < last) ? String.fromCharCode(byte) : escaped(byte),
  );
  if (device.test(encoded.join(''))) encoded[0] = escaped(bytes[0] as number);
  const stem = encoded.join('');
  if (stem.length <= stemBytesMax) return stem;
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, hashDigits);
  let cut = '';
  for (const character of encoded) {
    if (cut.length + character.length + hashDigits + 2 > stemBytesMax) break;
    cut += character;
  }
  return `${cut}%-${hash}`;
}

/** Whether a name without its extension is one that {@link fileStem} gives: others in the folder are not ours. */
export function isFileStem(stem: string): boolean {
  return /^(?:[a-z0-9_-]|%[0-9A-F]{2}|\.(?!$))+(?:%-[0-9a-f]{32})?$/.test(stem) && !stem.startsWith('.')
    ? stem.length <= stemBytesMax
    : stem === '%missing' || stem === '%empty';
}

function isPlain(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f || byte === 0x2d;
}

function escaped(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}
