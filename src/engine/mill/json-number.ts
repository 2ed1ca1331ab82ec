/** Numbers of JSON (RFC 8259 section 6) in a line's bytes. */

const unsure = -1;
const latin1 = new TextDecoder('latin1');

/** Skips -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? at `at`; gives the position behind it, or -1: unsure. */
export function skipNumber(source: Uint8Array, at: number): number {
  let byte = source[at] as number;
  if (byte === 0x2d) byte = source[++at] as number;
  if (byte === 0x30) byte = source[++at] as number;
  else if (isDigit(byte)) {
    do byte = source[++at] as number;
    while (isDigit(byte));
  } else return unsure;
  if (byte === 0x2e) {
    byte = source[++at] as number;
    if (!isDigit(byte)) return unsure;
    do byte = source[++at] as number;
    while (isDigit(byte));
  }
  if (byte === 0x65 || byte === 0x45) {
    byte = source[++at] as number;
    if (byte === 0x2b || byte === 0x2d) byte = source[++at] as number;
    if (!isDigit(byte)) return unsure;
    do byte = source[++at] as number;
    while (isDigit(byte));
  }
  return at;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** The value of a well-formed number; up to 15 digits without point or exponent are exact in a double. */
export function numberAt(source: Uint8Array, start: number, end: number): number {
  const negative = source[start] === 0x2d;
  const from = negative ? start + 1 : start;
  if (end - from <= 15) {
    let value = 0;
    let at = from;
    for (; at < end; at++) {
      const digit = (source[at] as number) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === end) return negative ? -value : value;
  }
  return Number(latin1.decode(source.slice(start, end)));
}
