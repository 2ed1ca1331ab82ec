/** Seeded randomness: the same seed gives the same archive on every machine. */
export interface Random {
  /** A whole number from 0 up to 2^32. */
  uint32(): number;
  /** A number in [0, 1). */
  float(): number;
  /** A whole number in [0, limit). */
  below(limit: number): number;
  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean;
}

/** A small fast counter (sfc32): 128 bits of state, period at least 2^32. */
export function createRandom(seed: number): Random {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  function uint32(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }
  for (let i = 0; i < 15; i++) uint32();
  const float = (): number => uint32() / 4294967296;
  return {
    uint32,
    float,
    below: (limit) => Math.floor(float() * limit),
    chance: (probability) => float() < probability,
  };
}

/**
 * A table of ranks to draw from at random: rank r comes up in proportion to 1 / (r + shift)^exponent (Zipf–Mandelbrot).
 * Its length is a power of two, so that a draw is one mask and one load.
 */
export function zipfTable(ranks: number, { exponent = 1, shift = 2.7, log2Entries = 16 } = {}): Uint32Array {
  const weights = Float64Array.from({ length: ranks }, (_, rank) => (rank + shift) ** -exponent);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const table = new Uint32Array(2 ** log2Entries);
  let rank = 0;
  let reached = weights[0] ?? 0;
  for (let i = 0; i < table.length; i++) {
    while (reached < ((i + 0.5) / table.length) * total && rank < ranks - 1) reached += weights[++rank] ?? 0;
    table[i] = rank;
  }
  return table;
}

/** A table of log-normal lengths to draw from at random; the mean is `median * e^(sigma² / 2)`. */
export function lengthTable(
  random: Random,
  { median = 58, sigma = 1.15, max = 10_000, log2Entries = 14 } = {},
): Uint32Array {
  return Uint32Array.from({ length: 2 ** log2Entries }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random.float())) * Math.cos(2 * Math.PI * random.float());
    return Math.min(max, Math.max(2, Math.round(median * Math.exp(sigma * normal))));
  });
}

/** The given entries, each as often as its weight says, to draw from at random; 256 in all. */
export function weightedTable(
  entries: readonly (readonly [text: string, weight: number])[],
): readonly string[] {
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  const table: string[] = [];
  let reached = 0;
  for (const [text, weight] of entries) {
    reached += weight;
    while (table.length < Math.round((256 * reached) / total)) table.push(text);
  }
  return table;
}
