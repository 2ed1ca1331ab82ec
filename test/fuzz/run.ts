/** The long fuzz: `npm run fuzz -- [lines=1000000] [seed=now]`. Prints the seed, so that a finding can be had again. */
import { fuzzLines } from './line-fuzz.ts';

const lines = Number(process.argv[2] ?? 1_000_000);
const firstSeed = Number(process.argv[3] ?? Date.now() % 1_000_000_000);
const perSeed = 50_000;
const total = { lines: 0, sure: 0, stripes: 0 };
for (let seed = firstSeed; total.lines < lines; seed++) {
  try {
    const report = fuzzLines({ seed, lines: Math.min(perSeed, lines) });
    total.lines += report.lines;
    total.sure += report.sure;
    total.stripes += report.stripes;
    console.error(
      `seed ${seed}: ${total.lines} lines, ${total.sure} scanned, ${total.stripes} stripes, no disagreement`,
    );
  } catch (error) {
    console.error(`seed ${seed} found a disagreement:`);
    throw error;
  }
}
