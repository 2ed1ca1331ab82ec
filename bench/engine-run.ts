/**
 * The engine alone, as a process that the bench measures: an archive through the pipeline into part files, no Temporal.
 * Usage: node bench/engine-run.ts <archive> <folder> [format=parquet] [batch size; 0: by the archive's size]
 *   [selection and columns of a job, as JSON]
 */
import { availableParallelism } from 'node:os';
import type { OutputFormat } from '../src/contract/job.ts';
import { baseBatchSizeFor } from '../src/core/batch-size.ts';
import { partBytesDefault } from '../src/core/limits.ts';
import { inspectArchive } from '../src/engine/archive/inspect.ts';
import { planSelection } from '../src/engine/selection/plan.ts';
import { readNameFiles } from '../src/engine/selection/name-files.ts';
import { defaultJobSettings, validateJobOverrides } from '../src/settings/job-settings.ts';
import { ArchivePipeline, inFlightBytesFor } from '../src/engine/pipeline/archive-pipeline.ts';

export interface EngineReport {
  /** From the look at the archive to the last commit: without the start of Node and of its modules. */
  readonly seconds: number;
  readonly rows: number;
  readonly bytes: number;
  readonly parts: readonly string[];
  /** Resident memory without what the decoder's window held, at its highest. */
  readonly beyondWindowBytes: number;
}

/** As the worker does by default (src/worker.ts): more mill threads than three only wait. */
const threads = Math.min(3, availableParallelism());
/** PUSHSHIFT_MAX_MEMORY_MB by default. */
const limitBytes = 512_000_000;
/** Reading the resident memory is a system call; a block comes every millisecond or two. */
const sampleMs = 10;

const [path, folder, format = 'parquet', batch = '0', selectionJson = '{}'] = process.argv.slice(2);
if (path === undefined || folder === undefined) {
  throw new RangeError(
    'Usage: node bench/engine-run.ts <archive> <folder> [format] [batch size] [selection]',
  );
}

const started = performance.now();
const archive = await inspectArchive(path);
const settings = readNameFiles({
  ...defaultJobSettings(),
  ...validateJobOverrides(JSON.parse(selectionJson)),
});
let beyondWindowBytes = 0;
let sampledMs = 0;
const pipeline = new ArchivePipeline({
  archive,
  from: { part: 0, offset: 0, line: 0, frame: { compressed: 0, decompressed: 0 } },
  folder,
  mill: {
    format: format as OutputFormat,
    kind: archive.kind,
    keepRaw: false,
    columns: settings.columns,
    selection: planSelection(settings, archive.kind),
    rules: {
      kind: archive.kind,
      validateTimestamps: true,
      nowSeconds: Math.floor(Date.now() / 1000),
      qualityMinScore: -5,
      excludeDeleted: true,
      excludeRemoved: true,
    },
  },
  partBytes: partBytesDefault,
  threads,
  batchSize: batch === '0' ? baseBatchSizeFor(archive.compressedBytes) : Number(batch),
  meanLineBytes: archive.meanLineBytes,
  inFlightBytesMax: inFlightBytesFor(limitBytes, threads),
  salvage: false,
  origin: 'benchmark',
  onBlockDone: () => {
    const now = performance.now();
    if (now - sampledMs < sampleMs) return;
    sampledMs = now;
    beyondWindowBytes = Math.max(beyondWindowBytes, process.memoryUsage.rss() - pipeline.windowBytesInUse);
  },
});
const parts: string[] = [];
let rows = 0;
let bytes = 0;
for (;;) {
  const step = await pipeline.next();
  if (step.type === 'end') {
    if (step.damage !== null) throw new Error(`The archive is damaged: ${step.damage.message}`);
    break;
  }
  const { entry } = await step.part.commit();
  parts.push(entry.file);
  rows += entry.rows;
  bytes += entry.bytes;
}
await pipeline.close();
const report: EngineReport = {
  seconds: (performance.now() - started) / 1000,
  rows,
  bytes,
  parts,
  beyondWindowBytes,
};
process.stdout.write(`${JSON.stringify(report)}\n`);
