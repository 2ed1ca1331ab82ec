/** Test helper: a dataset folder with finished parts, as a job leaves it before publication. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import zlib from 'node:zlib';
import type { ArchiveInspection, PublishInput } from '../../../src/contract/job.ts';
import { packPart, partFile, partNaming, rejectsFile, type PartEntry } from '../../../src/contract/part.ts';
import { addCounters, zeroCounters, type Counters } from '../../../src/core/fates.ts';
import { AtomicFile } from '../../../src/engine/output/atomic-file.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';

export const inspection: ArchiveInspection = {
  path: '/dumps/RC_2005-12.zst',
  name: 'RC_2005-12',
  kind: 'comments',
  container: 'zstd',
  compressedBytes: 1234,
  mtimeMs: 0,
  fingerprint: `1234-${'ab'.repeat(32)}`,
  windowBytes: 1024,
  frames: 1,
  framesComplete: true,
  contentBytes: null,
  estimatedBytes: 300,
  estimatedLines: 9,
  meanLineBytes: 30,
  memoryBytes: 1024,
};

/** Runs with a fresh folder, which is gone afterwards. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'threadmill-test-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(path: string, bytes: Uint8Array): Promise<{ bytes: number; sha256: string }> {
  const file = await AtomicFile.create(path);
  await file.write(bytes);
  return file.commit();
}

/** Rejects of a part as its writer makes them: independent zstd frames of JSON lines. */
function rejectFrames(firstLine: number, count: number): Buffer {
  const lines = Array.from(
    { length: count },
    (_, at) =>
      `${JSON.stringify({ line: firstLine + at + 1, offset: (firstLine + at) * 10, reason: 'malformed-json', bytes: 3, raw: '{x\u2028' })}\n`,
  );
  return Buffer.concat(lines.map((line) => zlib.zstdCompressSync(line)));
}

/** Writes parts of ten lines with so many rejects each into the folder, and gives what publication is told. */
export async function writeParts(folder: string, rejectsOfParts: readonly number[]): Promise<PublishInput> {
  const parts: PartEntry[] = [];
  const naming = partNaming({ format: 'jsonl', kind: 'comments' });
  for (const [index, rejected] of rejectsOfParts.entries()) {
    const counters: Counters = {
      ...zeroCounters,
      lines: 10,
      kept: 9 - rejected,
      blank: 1,
      rejected: { ...zeroCounters.rejected, 'malformed-json': rejected },
    };
    const file = partFile(index, naming);
    const text = `{"part":${index}}\n`.repeat(counters.kept);
    parts.push({
      index,
      file,
      start: index * 100,
      end: (index + 1) * 100,
      firstLine: index * 10,
      rows: counters.kept,
      ...(await write(join(folder, file), Buffer.from(text))),
      counters,
      rejects:
        rejected === 0
          ? null
          : {
              file: rejectsFile(index, naming),
              ...(await write(join(folder, rejectsFile(index, naming)), rejectFrames(index * 10, rejected))),
            },
    });
  }
  return {
    jobId: 'job-a',
    inspection,
    settings: { ...defaultJobSettings(), format: 'jsonl' },
    dataset: folder,
    parts: parts.map(packPart),
    counters: parts.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters),
    holes: [],
    joined: null,
    buckets: 0,
    threads: [],
    startedMs: 1_700_000_000_000,
  };
}

/** Every file of a folder with its bytes, in order of names. */
export async function snapshot(folder: string): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir(folder)).sort();
  const files = names.map(
    async (name) => [name, (await readFile(join(folder, name))).toString('hex')] as const,
  );
  return Object.fromEntries(await Promise.all(files));
}
