// Strings of JSON: escapes decoded, UTF-8 checked.

export const hexValue: usize = memory.data(256);

function fillHex(): void {
  memory.fill(hexValue, 255, 256);
  for (let i: u8 = 0; i < 10; i++) store<u8>(hexValue + 0x30 + i, i);
  for (let i: u8 = 0; i < 6; i++) {
    store<u8>(hexValue + 0x41 + i, 10 + i);
    store<u8>(hexValue + 0x61 + i, 10 + i);
  }
}
fillHex();

function digit(at: usize): i32 {
  return <i32>load<u8>(hexValue + <usize>load<u8>(at));
}

/** The value of four hexadecimal digits; more than 0xffff: they are none. */
export function hex4(at: usize): i32 {
  const a = digit(at);
  const b = digit(at + 1);
  const c = digit(at + 2);
  const d = digit(at + 3);
  // 255 marks what is no digit: its high bits survive the OR
  return (a | b | c | d) > 15 ? 0x10000 : (a << 12) | (b << 8) | (c << 4) | d;
}

function simpleEscape(escape: u8): u8 {
  if (escape == 0x6e) return 0x0a;
  if (escape == 0x74) return 0x09;
  if (escape == 0x72) return 0x0d;
  if (escape == 0x62) return 0x08;
  if (escape == 0x66) return 0x0c;
  return escape; // a quote, a backslash, a slash
}

/**
 * Decodes the escapes of [from, end) to `to`; gives the end of what is written. The escapes are well-formed: the scanner has
 * checked. A lone surrogate becomes U+FFFD. Reads and writes up to fifteen bytes beyond.
 */
export function unescape(from: usize, end: usize, to: usize): usize {
  while (from < end) {
    // sixteen bytes at a time up to a backslash; what is written beyond is overwritten
    const block = v128.load(from);
    v128.store(to, block);
    const marks = i8x16.bitmask(i8x16.eq(block, i8x16.splat(0x5c)));
    const plain = <usize>(marks == 0 ? 16 : ctz(marks));
    if (from + plain >= end) return to + (end - from);
    from += plain;
    to += plain;
    if (marks == 0) continue;
    const escape = load<u8>(from + 1);
    if (escape != 0x75) {
      store<u8>(to++, simpleEscape(escape));
      from += 2;
      continue;
    }
    let code = hex4(from + 2);
    from += 6;
    if (code >= 0xd800 && code <= 0xdfff) {
      let low: i32 = -1;
      if (code < 0xdc00 && from + 6 <= end && load<u8>(from) == 0x5c && load<u8>(from + 1) == 0x75) {
        low = hex4(from + 2);
      }
      if (low >= 0xdc00 && low <= 0xdfff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        from += 6;
      } else {
        code = 0xfffd;
      }
    }
    to = putUtf8(to, code);
  }
  return to;
}

function putUtf8(at: usize, code: i32): usize {
  if (code < 0x80) {
    store<u8>(at, <u8>code);
    return at + 1;
  }
  if (code < 0x800) {
    store<u8>(at, <u8>(0xc0 | (code >> 6)));
    store<u8>(at + 1, <u8>(0x80 | (code & 63)));
    return at + 2;
  }
  if (code < 0x10000) {
    store<u8>(at, <u8>(0xe0 | (code >> 12)));
    store<u8>(at + 1, <u8>(0x80 | ((code >> 6) & 63)));
    store<u8>(at + 2, <u8>(0x80 | (code & 63)));
    return at + 3;
  }
  store<u8>(at, <u8>(0xf0 | (code >> 18)));
  store<u8>(at + 1, <u8>(0x80 | ((code >> 12) & 63)));
  store<u8>(at + 2, <u8>(0x80 | ((code >> 6) & 63)));
  store<u8>(at + 3, <u8>(0x80 | (code & 63)));
  return at + 4;
}

function continues(at: usize): bool {
  return (load<u8>(at) & 0xc0) == 0x80;
}

/**
 * Whether [at, end) is well-formed UTF-8. What stands at `end` is ASCII (a quote), so that no sequence goes over it.
 * @see The Unicode Standard, table 3-7
 */
export function isUtf8(at: usize, end: usize): bool {
  while (at < end) {
    const marks = i8x16.bitmask(v128.load(at));
    if (marks == 0) {
      at += 16;
      continue;
    }
    at += ctz(marks);
    if (at >= end) return true;
    const lead = load<u8>(at);
    const next = load<u8>(at + 1);
    if (lead < 0xc2) return false;
    if (lead < 0xe0) {
      if (!continues(at + 1)) return false;
      at += 2;
    } else if (lead < 0xf0) {
      if (!continues(at + 1) || !continues(at + 2)) return false;
      if (lead == 0xe0 && next < 0xa0) return false; // longer than it need be
      if (lead == 0xed && next > 0x9f) return false; // a surrogate
      at += 3;
    } else {
      if (lead > 0xf4 || !continues(at + 1) || !continues(at + 2) || !continues(at + 3)) return false;
      if (lead == 0xf0 && next < 0x90) return false; // longer than it need be
      if (lead == 0xf4 && next > 0x8f) return false; // beyond U+10FFFF
      at += 4;
    }
  }
  return true;
}
