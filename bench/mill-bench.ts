/**
 * What one mill thread does, without the threads around it: lines of an archive's first bytes into encoded stripes.
 * Usage: npx node bench/mill-bench.ts <archive> [format=parquet] [MB=200] [rounds=5] [selection and columns, as JSON]
 */
import { openReader } from '../src/engine/archive/open-reader.ts';
import { inspectArchive } from '../src/engine/archive/inspect.ts';
import { StripeMill } from '../src/engine/mill/stripe-mill.ts';
import type { OutputFormat } from '../src/contract/job.ts';
import { planSelection } from '../src/engine/selection/plan.ts';
import { defaultJobSettings, validateJobOverrides } from '../src/settings/job-settings.ts';
import { stripeBytes } from '../src/core/limits.ts';

const [path, format = 'parquet', megabytes = '200', rounds = '5', selectionJson = '{}'] =
  process.argv.slice(2);
if (path === undefined)
  throw new RangeError('Usage: npx node bench/mill-bench.ts <archive> [format] [MB] [rounds]');

const { kind, container } = await inspectArchive(path);
const reader = openReader(path, container);
const blockBytes = 1024 * 1024;
const blocks: Uint8Array[] = [];
for (let total = 0; total < Number(megabytes) * 1e6; total += blockBytes) {
  const block = new Uint8Array(new SharedArrayBuffer(blockBytes));
  const bytes = reader.read(block);
  if (bytes === 0) break;
  blocks.push(block.subarray(0, bytes));
}
reader.close();
const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
const settings = { ...defaultJobSettings(), ...validateJobOverrides(JSON.parse(selectionJson)) };
const mill = new StripeMill({
  format: format as OutputFormat,
  kind,
  keepRaw: false,
  columns: settings.columns,
  selection: planSelection(settings, kind),
  rules: {
    kind,
    validateTimestamps: true,
    nowSeconds: 1.8e9,
    qualityMinScore: -5,
    excludeDeleted: true,
    excludeRemoved: true,
  },
});

for (let round = 0; round < Number(rounds); round++) {
  const started = performance.now();
  const cpu = process.cpuUsage();
  let inStripe = 0;
  let out = 0;
  let lines = 0;
  mill.start(1);
  for (const block of blocks) {
    mill.write(block);
    inStripe += block.length;
    if (inStripe < stripeBytes) continue;
    const milled = mill.finish();
    out += milled.encoded.bytes.length;
    lines += milled.counters.lines;
    mill.start(1);
    inStripe = 0;
  }
  const milled = mill.finish();
  out += milled.encoded.bytes.length;
  lines += milled.counters.lines;
  const { user, system } = process.cpuUsage(cpu);
  const ms = performance.now() - started;
  console.log(
    `${format}: ${Math.round(bytes / 1e3 / ms)} MB/s, ${Math.round(bytes / (user + system))} MB/CPU-s, ` +
      `${lines} lines, ${(out / 1e6).toFixed(1)} MB out`,
  );
}
