/** Test helper: records to the text of their assembled threads, by the engine alone. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import zlib from 'node:zlib';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import type { SelectionSettings } from '../../../src/contract/selection.ts';
import type { OutputFormat } from '../../../src/contract/job.ts';
import type { ThreadsEntry } from '../../../src/contract/threads.ts';
import { claimDataset } from '../../../src/engine/dataset/claim.ts';
import { planSelection } from '../../../src/engine/selection/plan.ts';
import { assembleBucket, BucketMemory, type SpillFile } from '../../../src/engine/threads/bucket.ts';
import { defaultRules, pipelineOf } from '../pipeline/scene.ts';
import { inFolder } from '../dataset/scene.ts';

export type Json = Readonly<Record<string, unknown>>;

export interface Assembled {
  readonly entry: ThreadsEntry;
  /** Of the file of rows, decompressed. */
  readonly text: string;
}

/** What of the records is written, and as what. */
export interface Choice {
  readonly format: OutputFormat;
  readonly columns?: readonly string[];
  readonly extra?: boolean;
  readonly selection?: SelectionSettings;
}

/** All threads in one bucket, in one of the text formats. */
export function assembled(
  records: { readonly comments: readonly Json[]; readonly submissions?: readonly Json[] },
  options: Choice & { readonly paths?: boolean },
): Promise<Assembled> {
  const { format, columns, extra, paths = false } = options;
  let result: Assembled | null = null;
  return inFolder(async (folder) => {
    await claimDataset(folder, 'job', { isRunning: () => Promise.resolve(false), replace: false });
    const spills: SpillFile[] = [];
    for (const kind of ['comments', 'submissions'] as const) {
      const lines = records[kind];
      if (lines !== undefined) spills.push(await spilled(folder, kind, lines, options));
    }
    const bucket = {
      folder,
      jobId: 'job',
      format,
      keepRaw: false,
      columns,
      extra,
      paths,
      joined: records.submissions !== undefined,
      buckets: 1,
      spills,
      payloadBytesMax: 1024 * 1024,
      checkStop: () => undefined,
    };
    const entry = await assembleBucket(bucket, 0, new BucketMemory());
    const bytes = await readFile(path.join(folder, entry.file));
    result = { entry, text: (entry.file.endsWith('.zst') ? unzstd(bytes) : bytes).toString('utf8') };
  }).then(() => result as unknown as Assembled);
}

/** Of all frames. */
function unzstd(bytes: Buffer): Buffer {
  return bytes.length === 0 ? bytes : zlib.zstdDecompressSync(bytes);
}

async function spilled(
  folder: string,
  kind: ArchiveKind,
  records: readonly Json[],
  { format, columns, extra, selection = {} }: Choice,
): Promise<SpillFile> {
  const archive = path.join(folder, `${kind}.jsonl`);
  await writeFile(archive, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const pipeline = pipelineOf({
    archive: { path: archive, container: 'plain' },
    folder,
    partBytes: 2 ** 30,
    mill: {
      ...defaultRules,
      kind,
      format,
      columns,
      extra,
      buckets: 1,
      rules: { ...defaultRules.rules, kind },
      selection: planSelection(selection, kind),
    },
  });
  try {
    const step = await pipeline.next();
    if (step.type === 'end') throw new Error('no part came');
    const { entry } = await step.part.commit();
    const file = path.join(folder, `${kind}.spill`);
    await writeFile(file, await readFile(path.join(folder, entry.file)));
    return { path: file, bytes: entry.bytes, kind };
  } finally {
    await pipeline.close();
  }
}
