/** Test helper: comments and their submissions, spilled and assembled by the engine, as a job leaves them before publication. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OutputFormat, PublishInput, ReadSource } from '../../../src/contract/job.ts';
import { packPart } from '../../../src/contract/part.ts';
import { packBuilt, type PackedThreads } from '../../../src/contract/threads.ts';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import { addCounters, zeroCounters } from '../../../src/core/fates.ts';
import { claimDataset } from '../../../src/engine/dataset/claim.ts';
import { assembleBuckets, type SpillFile } from '../../../src/engine/threads/assembly.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { defaultRules, runToEnd } from '../pipeline/scene.ts';
import { inspection } from './scene.ts';

export const jobId = 'job-a';
export const buckets = 3;

const created = 1_600_000_000;

/** Twelve threads of five comments each, one of them deleted and answered; two lines of each archive are none. */
function linesOf(kind: ArchiveKind): string {
  const threads = Array.from({ length: 12 }, (_, index) => `s${index}`);
  const records = threads.flatMap((thread): object[] => {
    if (kind === 'submissions') return [{ id: thread, title: `Title ${thread}`, created_utc: created }];
    return Array.from({ length: 5 }, (_, at) => ({
      id: `${thread}c${at}`,
      link_id: `t3_${thread}`,
      parent_id: at === 0 ? `t3_${thread}` : `t1_${thread}c${at - 1}`,
      created_utc: created + at,
      author: at === 2 ? '[deleted]' : 'somebody',
      body: at === 2 ? '[deleted]' : `Text ${at}`,
    }));
  });
  return ['oops', ...records.map((record) => JSON.stringify(record)), '5'].join('\n') + '\n';
}

export interface Spilled {
  readonly comments: ReadSource;
  readonly submissions: ReadSource;
  /** As assembly takes them. */
  readonly spills: readonly SpillFile[];
}

/** Reads both archives into spill files of `folder`, which is claimed for {@link jobId}. */
export async function spillPair(folder: string, format: OutputFormat): Promise<Spilled> {
  await claimDataset(folder, jobId, { isRunning: () => Promise.resolve(false), replace: false });
  const spills: SpillFile[] = [];
  const read = async (kind: ArchiveKind): Promise<ReadSource> => {
    const archives = `${folder}-archives`;
    await mkdir(archives, { recursive: true });
    const archive = path.join(archives, `${kind}.jsonl`);
    await writeFile(archive, linesOf(kind));
    const { entries } = await runToEnd({
      archive: { path: archive, container: 'plain' },
      folder,
      partBytes: 4000,
      mill: { ...defaultRules, kind, format, buckets, rules: { ...defaultRules.rules, kind } },
    });
    spills.push(...entries.map(({ file, bytes }) => ({ path: path.join(folder, file), bytes, kind })));
    return {
      inspection: { ...inspection, kind, name: kind === 'comments' ? 'RC_2005-12' : 'RS_2005-12' },
      parts: entries.map(packPart),
      counters: entries.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters),
      holes: [],
    };
  };
  const comments = await read('comments');
  const submissions = await read('submissions');
  return { comments, submissions, spills };
}

/** Builds all buckets, and gives what publication is told. */
export async function writeThreads(
  folder: string,
  { format = 'parquet' }: { readonly format?: OutputFormat } = {},
): Promise<PublishInput> {
  const { comments, submissions, spills } = await spillPair(folder, format);
  const threads: PackedThreads[] = [];
  await assembleBuckets({
    folder,
    jobId,
    format,
    keepRaw: false,
    paths: false,
    joined: true,
    buckets,
    spills,
    todo: Array.from({ length: buckets }, (_, index) => index),
    threads: 1,
    limitBytes: 128_000_000,
    signal: new AbortController().signal,
    onBucket: (entry) => threads.push(packBuilt(entry)),
  });
  return {
    jobId,
    ...comments,
    joined: submissions,
    settings: { ...defaultJobSettings(), format },
    dataset: folder,
    buckets,
    threads,
    startedMs: 1_700_000_000_000,
  };
}
