/** A set of names that is asked with bytes: one of 100,000 costs no more than one of one. Shared by all mill threads. */

/** The set as it goes to other threads: an open-addressed table of places in `bytes`, where each name follows its length. */
export interface NameTable {
  /** A power of two, at least twice the names: offset + 1 of a name, or 0. In shared memory. */
  readonly slots: Int32Array;
  readonly bytes: Uint8Array;
}

/** What a name's bytes become before they are compared: A-Z are a-z. */
const folded = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++) folded[byte] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;

/** FNV-1a over the folded bytes. */
function hashOf(source: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++)
    hash = Math.imul(hash ^ (folded[source[at] as number] as number), 0x01000193);
  // the table takes the low bits, which FNV mixes least
  return hash ^ (hash >>> 15);
}

const lengthBytes = 4;

/** Builds the table of names that are folded already. */
export function buildNameTable(names: readonly string[]): NameTable {
  const encoded = names.map((name) => Buffer.from(name, 'utf8'));
  const size = encoded.reduce((sum, { length }) => sum + lengthBytes + length, 0);
  let slotCount = 16;
  while (slotCount < names.length * 2) slotCount *= 2;
  const slots = new Int32Array(new SharedArrayBuffer(slotCount * 4));
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const name of encoded) {
    view.setUint32(at, name.length, true);
    bytes.set(name, at + lengthBytes);
    let slot = hashOf(name, 0, name.length) & (slotCount - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
    slots[slot] = at + 1;
    at += lengthBytes + name.length;
  }
  return { slots, bytes };
}

/** Asks a table. */
export class NameLookup {
  private readonly slots: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor({ slots, bytes }: NameTable) {
    this.slots = slots;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether bytes [start, end) are one of the names, whatever the case of ASCII letters. */
  has(source: Uint8Array, start: number, end: number): boolean {
    const { slots, bytes, view } = this;
    const mask = slots.length - 1;
    const length = end - start;
    for (let slot = hashOf(source, start, end) & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot] as number;
      if (entry === 0) return false;
      if (view.getUint32(entry - 1, true) !== length) continue;
      const from = entry - 1 + lengthBytes;
      let same = 0;
      while (same < length && folded[source[start + same] as number] === bytes[from + same]) same++;
      if (same === length) return true;
    }
  }
}
