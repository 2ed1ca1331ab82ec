/** Test helper: settings as the environment gives them, and what a segment makes of an archive under them. */
import { mkdtempSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobSettings, ResourceStats } from '../../src/contract/job.ts';
import { beginJob } from '../../src/contract/job-state.ts';
import type { PartEntry } from '../../src/contract/part.ts';
import { addCounters, zeroCounters, type Counters } from '../../src/core/fates.ts';
import { inspectArchive } from '../../src/engine/archive/inspect.ts';
import type { PipelineStep } from '../../src/engine/pipeline/archive-pipeline.ts';
import { MillSession } from '../../src/engine/pipeline/mill-session.ts';
import { readNameFiles } from '../../src/engine/selection/name-files.ts';
import { ProcessMemory } from '../../src/engine/resources/process-memory.ts';
import { resolveSettings, toJobSettings, type SettingsValues } from '../../src/settings.ts';
import { beginning } from '../engine/pipeline/scene.ts';

export type Env = Readonly<Record<string, string>>;

/** All settings, where the environment is this and nothing else is given. */
export function valuesOf(env: Env): SettingsValues {
  return resolveSettings({ env, cwd: import.meta.dirname }).values;
}

export function jobSettings(env: Env): JobSettings {
  return toJobSettings(valuesOf(env));
}

export interface Milled {
  readonly entries: readonly PartEntry[];
  readonly counters: Counters;
  readonly end: Extract<PipelineStep, { type: 'end' }>;
  readonly stats: ResourceStats | null;
  /** Where the parts are. */
  readonly folder: string;
  /** Lines of all parts that were kept, in order; formats of text only. */
  readonly rows: readonly string[];
}

/** An archive from its start to its end in one segment, as a worker under this environment does it. */
export async function millUnder(env: Env, archive: string): Promise<Milled> {
  const settings = readNameFiles(jobSettings(env));
  const inspection = await inspectArchive(archive, { maxMemoryMb: settings.maxMemoryUsage });
  const dataset = mkdtempSync(path.join(path.dirname(archive), 'dataset-'));
  await mkdir(dataset, { recursive: true });
  const found = { inspection, settings, dataset, searchable: false, nowMs: 1_800_000_000_000 };
  const { batchSize } = beginJob(found);
  const session = new MillSession({
    input: {
      inspection,
      buckets: 0,
      before: { parts: 0, lines: 0, bytes: 0, compressedBytes: 0 },
      settings,
      dataset,
      next: beginning,
      segment: 0,
      batchSize,
      batchCeiling: null,
      nowSeconds: 1_800_000_000,
    },
    from: beginning,
    threads: 1,
    memory: new ProcessMemory(0),
    onWarning: () => undefined,
  });
  const entries: PartEntry[] = [];
  try {
    for (;;) {
      const step = await session.next();
      if (step.type === 'part') {
        entries.push((await step.part.commit()).entry);
        continue;
      }
      const texts = entries.map(({ file }) => readFile(path.join(dataset, file), 'utf8'));
      return {
        folder: dataset,
        entries,
        counters: entries.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters),
        end: step,
        stats: session.stats(),
        rows: (await Promise.all(texts)).join('').split('\n').slice(0, -1),
      };
    }
  } finally {
    await session.close();
  }
}
