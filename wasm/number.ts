// Numbers of JSON (RFC 8259 section 6).

/** Where the number that `readNumber` has read ends, and its value. */
export let numberEnd: usize = 0;
export let value: f64 = 0;

/** The value of the number at [start, end), by whoever instantiates this: what is not exact in the ways below. */
declare function slowNumber(start: usize, end: usize): f64;

const powersOfTen: usize = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]);

function isDigit(byte: u8): bool {
  return byte - 0x30 < 10;
}

/**
 * Reads -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? at `at`; false: unsure. `wanted`: its value too. Up to 15 digits
 * are exact in a double, and so is the quotient of one by an exact power of ten as near as a double can be.
 */
export function readNumber(at: usize, wanted: bool): bool {
  const start = at;
  const negative = load<u8>(at) == 0x2d;
  if (negative) at++;
  const first = at;
  let digits: u64 = 0;
  let byte = load<u8>(at);
  if (byte == 0x30) byte = load<u8>(++at);
  else if (isDigit(byte)) {
    do {
      digits = digits * 10 + (byte - 0x30);
      byte = load<u8>(++at);
    } while (isDigit(byte));
  } else return false;
  let count = <i32>(at - first);
  let decimals: i32 = 0;
  let simple = true;
  if (byte == 0x2e) {
    byte = load<u8>(++at);
    if (!isDigit(byte)) return false;
    do {
      digits = digits * 10 + (byte - 0x30);
      decimals++;
      byte = load<u8>(++at);
    } while (isDigit(byte));
    count += decimals;
  }
  if (byte == 0x65 || byte == 0x45) {
    simple = false;
    byte = load<u8>(++at);
    if (byte == 0x2b || byte == 0x2d) byte = load<u8>(++at);
    if (!isDigit(byte)) return false;
    do byte = load<u8>(++at);
    while (isDigit(byte));
  }
  numberEnd = at;
  if (!wanted) return true;
  if (simple && count <= 15) {
    let exact = <f64>digits;
    if (decimals > 0) exact /= load<f64>(powersOfTen + decimals * 8);
    value = negative ? -exact : exact;
  } else {
    value = slowNumber(start, at);
  }
  return true;
}
