// The wanted top-level fields of one line: the tables that fields.ts of the mill reads.

export const absent: u8 = 0;
export const stringValue: u8 = 1;
export const numberValue: u8 = 2;
export const trueValue: u8 = 3;
export const falseValue: u8 = 4;
export const nullValue: u8 = 5;
export const nestedValue: u8 = 6;

/** At most so many names; a key is at most so long. */
export const slotsMax: i32 = 64;
export const keyBytesMax: i32 = 64;

export const types: usize = memory.data(64, 16);
export const starts: usize = memory.data(64 * 4, 16);
export const ends: usize = memory.data(64 * 4, 16);
export const numbers: usize = memory.data(64 * 8, 16);
export const keys: usize = memory.data(64 * 64, 16);
const keyLengths: usize = memory.data(64 * 4, 4);
/** Slot + 1 of the wanted name whose hash is the index; further names of one hash follow in `chain`. */
const buckets: usize = memory.data(256);
const chain: usize = memory.data(64);

export function clearFields(): void {
  const none = i8x16.splat(0);
  v128.store(types, none);
  v128.store(types, none, 16);
  v128.store(types, none, 32);
  v128.store(types, none, 48);
}

export function typeAt(slot: i32): u8 {
  return load<u8>(types + slot);
}

/** The next slot's key stands at `keys + slot * keyBytesMax`. */
export function addKey(slot: i32, bytes: i32): void {
  store<i32>(keyLengths + slot * 4, bytes);
  const key = keys + slot * keyBytesMax;
  const hash = hashOf(key, key + bytes);
  store<u8>(chain + slot, load<u8>(buckets + hash));
  store<u8>(buckets + hash, <u8>(slot + 1));
}

function hashOf(start: usize, end: usize): i32 {
  return (<i32>(end - start) * 37 + <i32>load<u8>(start) * 11 + <i32>load<u8>(end - 1) * 3) & 255;
}

/** The slot of a key; -1: nobody wants it. */
export function find(start: usize, end: usize): i32 {
  const bytes = <i32>(end - start);
  let entry = load<u8>(buckets + hashOf(start, end));
  while (entry != 0) {
    const slot = <i32>entry - 1;
    if (load<i32>(keyLengths + slot * 4) == bytes) {
      const key = keys + slot * keyBytesMax;
      let i: i32 = 0;
      while (i < bytes && load<u8>(key + i) == load<u8>(start + i)) i++;
      if (i == bytes) return slot;
    }
    entry = load<u8>(chain + slot);
  }
  return -1;
}
