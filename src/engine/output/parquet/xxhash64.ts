/** xxHash64 in 32-bit halves: JavaScript's 64-bit integers are objects, and take some twenty times as long. */

/** Seed 0, the one that Parquet's bloom filters want. The result of the last `hash` stands in `high` and `low`. */
export class XxHash64 {
  /** Upper and lower 32 bits, as signed integers. */
  high = 0;
  low = 0;
  /** The four accumulators of inputs of 32 bytes and more: high and low of each. */
  private readonly lanes = new Int32Array(8);

  /**
   * Hashes `size` bytes of `view` from `start` on.
   * @see https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md XXH64
   */
  hash(view: DataView, start: number, size: number): void {
    const end = start + size;
    let at = start;
    if (size >= 32) {
      at = this.stripes(view, start, end);
    } else {
      this.high = prime5High;
      this.low = prime5Low;
    }
    this.add(0, size);
    for (; at + 8 <= end; at += 8) {
      this.mix(view.getInt32(at + 4, true), view.getInt32(at, true));
      this.rotate(27);
      this.multiply(prime1High, prime1Low);
      this.add(prime4High, prime4Low);
    }
    if (at + 4 <= end) {
      this.xorProduct(view.getInt32(at, true), prime1High, prime1Low);
      this.rotate(23);
      this.multiply(prime2High, prime2Low);
      this.add(prime3High, prime3Low);
      at += 4;
    }
    for (; at < end; at++) {
      this.xorProduct(view.getUint8(at), prime5High, prime5Low);
      this.rotate(11);
      this.multiply(prime1High, prime1Low);
    }
    this.low ^= this.high >>> 1;
    this.multiply(prime2High, prime2Low);
    const { high } = this;
    this.high ^= high >>> 29;
    this.low ^= (this.low >>> 29) | (high << 3);
    this.multiply(prime3High, prime3Low);
    this.low ^= this.high;
  }

  /** All whole runs of 32 bytes; gives where they end. */
  private stripes(view: DataView, start: number, end: number): number {
    const { lanes } = this;
    lanes.set(laneSeeds);
    let at = start;
    for (; at + 32 <= end; at += 32) {
      for (let lane = 0; lane < 4; lane++) {
        this.high = view.getInt32(at + 8 * lane + 4, true);
        this.low = view.getInt32(at + 8 * lane, true);
        this.multiply(prime2High, prime2Low);
        this.add(lanes[2 * lane] as number, lanes[2 * lane + 1] as number);
        this.rotate(31);
        this.multiply(prime1High, prime1Low);
        lanes[2 * lane] = this.high;
        lanes[2 * lane + 1] = this.low;
      }
    }
    let high = 0;
    let low = 0;
    for (const [lane, bits] of laneRotations.entries()) {
      this.high = lanes[2 * lane] as number;
      this.low = lanes[2 * lane + 1] as number;
      this.rotate(bits);
      this.add(high, low);
      high = this.high;
      low = this.low;
    }
    for (let lane = 0; lane < 4; lane++) {
      this.mix(lanes[2 * lane] as number, lanes[2 * lane + 1] as number);
      this.multiply(prime1High, prime1Low);
      this.add(prime4High, prime4Low);
    }
    return at;
  }

  /** XORs one round over eight bytes of input. */
  private mix(inputHigh: number, inputLow: number): void {
    const { high, low } = this;
    this.high = inputHigh;
    this.low = inputLow;
    this.multiply(prime2High, prime2Low);
    this.rotate(31);
    this.multiply(prime1High, prime1Low);
    this.high ^= high;
    this.low ^= low;
  }

  /** XORs the product of 32 bits of input and a prime. */
  private xorProduct(input: number, primeHigh: number, primeLow: number): void {
    const { high, low } = this;
    this.high = 0;
    this.low = input;
    this.multiply(primeHigh, primeLow);
    this.high ^= high;
    this.low ^= low;
  }

  private multiply(high: number, low: number): void {
    const a0 = this.low & 0xffff;
    const a1 = this.low >>> 16;
    const b0 = low & 0xffff;
    const b1 = low >>> 16;
    // no sum goes over 2^32: 0xffff × 0xffff + 0xffff
    const first = a0 * b1 + ((a0 * b0) >>> 16);
    const second = a1 * b0 + (first & 0xffff);
    this.high =
      (a1 * b1 + (first >>> 16) + (second >>> 16) + Math.imul(this.high, low) + Math.imul(this.low, high)) |
      0;
    this.low = Math.imul(this.low, low);
  }

  private add(high: number, low: number): void {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.low = sum | 0;
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
  }

  /** To the left, by 1 to 31 bits. */
  private rotate(bits: number): void {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
  }
}

const prime1High = 0x9e3779b1 | 0;
const prime1Low = 0x85ebca87 | 0;
const prime2High = 0xc2b2ae3d | 0;
const prime2Low = 0x27d4eb4f;
const prime3High = 0x165667b1;
const prime3Low = 0x9e3779f9 | 0;
const prime4High = 0x85ebca77 | 0;
const prime4Low = 0xc2b2ae63 | 0;
const prime5High = 0x27d4eb2f;
const prime5Low = 0x165667c5;
/** prime1 + prime2, prime2, 0, −prime1 */
const laneSeeds = Int32Array.of(0x60ea27ee, 0xadc0b5d6, prime2High, prime2Low, 0, 0, 0x61c8864e, 0x7a143579);
const laneRotations = [1, 7, 12, 18];
