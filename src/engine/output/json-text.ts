/** JSON text from bytes: for formats that write objects. */
import type { ByteSink } from './byte-sink.ts';

const quote = 0x22;
const backslash = 0x5c;
const hex = Buffer.from('0123456789abcdef', 'latin1');
/** The letter of a control character's short escape (RFC 8259, 7); 0 where it has none. */
const shortEscapes = new Uint8Array(32);
for (const [code, letter] of [
  [8, 'b'],
  [9, 't'],
  [10, 'n'],
  [12, 'f'],
  [13, 'r'],
] as const)
  shortEscapes[code] = letter.charCodeAt(0);

/** Appends UTF-8 bytes [start, end) as a JSON string with its quotes; only what must be escaped is. */
export function pushJsonString(sink: ByteSink, source: Uint8Array, start: number, end: number): void {
  // a control character takes six bytes
  sink.ensure((end - start) * 6 + 2);
  const { bytes } = sink;
  let at = sink.length;
  bytes[at++] = quote;
  for (let from = start; from < end; from++) {
    const byte = source[from] as number;
    if (byte >= 0x20 && byte !== quote && byte !== backslash) {
      bytes[at++] = byte;
      continue;
    }
    bytes[at++] = backslash;
    const letter = byte >= 0x20 ? byte : (shortEscapes[byte] as number);
    if (letter !== 0) {
      bytes[at++] = letter;
      continue;
    }
    bytes[at++] = 0x75; // u00XX
    bytes[at++] = 0x30;
    bytes[at++] = 0x30;
    bytes[at++] = hex[byte >> 4] as number;
    bytes[at++] = hex[byte & 15] as number;
  }
  bytes[at++] = quote;
  sink.length = at;
}

/** Appends text of ASCII characters as it is. */
export function pushAscii(sink: ByteSink, text: string): void {
  sink.ensure(text.length);
  for (let at = 0; at < text.length; at++) sink.bytes[sink.length++] = text.charCodeAt(at);
}
