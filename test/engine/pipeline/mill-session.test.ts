import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { JobSettings, SegmentInput } from '../../../src/contract/job.ts';
import { inspectArchive } from '../../../src/engine/archive/inspect.ts';
import { MillSession } from '../../../src/engine/pipeline/mill-session.ts';
import { ProcessMemory } from '../../../src/engine/resources/process-memory.ts';
import { defaultJobSettings } from '../../../src/settings/job-settings.ts';
import { inFolder } from '../dataset/scene.ts';
import { beginning, comment } from './scene.ts';

const settings: JobSettings = { ...defaultJobSettings(), format: 'jsonl', partBytes: 1000 };

/** A session over three parts of ten lines, and the input that it was made for. */
function opened(
  use: (session: MillSession, input: SegmentInput, memory: ProcessMemory) => Promise<void> | void,
  change: Partial<SegmentInput> = {},
): Promise<void> {
  return inFolder(async (folder) => {
    const archive = path.join(folder, 'a_comments.jsonl');
    await writeFile(archive, Array.from({ length: 30 }, (_, id) => `${comment(id, 99)}\n`).join(''));
    const input: SegmentInput = {
      inspection: await inspectArchive(archive),
      buckets: 0,
      before: { parts: 0, lines: 0, bytes: 0, compressedBytes: 0 },
      settings,
      dataset: folder,
      next: beginning,
      segment: 0,
      batchSize: 1000,
      batchCeiling: null,
      nowSeconds: 1_700_000_000,
      ...change,
    };
    const memory = new ProcessMemory(0);
    const { next } = input;
    const session = new MillSession({ input, from: next, threads: 1, memory, onWarning: () => undefined });
    try {
      await use(session, input, memory);
    } finally {
      await session.close();
    }
  });
}

describe('MillSession', () => {
  it('serves the segment that begins where it stands, and no other', () =>
    opened((session, input) => {
      assert.equal(session.serves(input, beginning), true);
      assert.equal(session.serves(input, { ...beginning, part: 1, offset: 1000 }), false);
      session.position = { ...beginning, part: 1, offset: 1000 };
      assert.equal(session.serves(input, beginning), false);
      assert.equal(session.serves(input, session.position), true);
    }));

  const otherBytes: readonly Partial<JobSettings>[] = [
    { format: 'csv' },
    { partBytes: 2000 },
    { keepRaw: true },
    { validateTimestamps: false },
    { qualityMinScore: 0 },
    { excludeDeleted: false },
    { excludeRemoved: false },
    { salvage: true },
  ];
  it('serves no segment that would write other bytes', () =>
    opened((session, input) => {
      for (const change of otherBytes) {
        const other = { ...input, settings: { ...settings, ...change } };
        assert.equal(session.serves(other, beginning), false, JSON.stringify(change));
      }
      const { inspection } = input;
      for (const change of [
        { dataset: '/elsewhere' },
        { nowSeconds: 1 },
        { inspection: { ...inspection, fingerprint: 'another' } },
      ]) {
        assert.equal(session.serves({ ...input, ...change }, beginning), false, Object.keys(change).join());
      }
    }));

  it('serves one that is only tuned in another way, and takes that over', () =>
    opened((session, input) => {
      const tuned = {
        ...input,
        batchSize: 300,
        batchCeiling: 300,
        settings: { ...settings, maxMemoryUsage: 64, adaptiveBatchSizing: false, maxRejectRate: 1 },
      };
      assert.equal(session.serves(tuned, beginning), true);
      session.adopt(tuned, () => undefined);
      assert.deepEqual([session.live().batchSize, session.stats()?.limitBytes], [300, 64_000_000]);
    }));

  it('counts from where it began, over the whole archive', () =>
    opened(
      async (session) => {
        for (let step = await session.next(); step.type === 'part'; step = await session.next())
          await step.part.commit();
        session.tick();
        const { processedLines, processedBytes, compressedBytes } = session.live();
        assert.deepEqual([processedLines, processedBytes, compressedBytes], [30, 3000, 3000]);
      },
      { next: { part: 1, offset: 1000, line: 10, frame: { compressed: 0, decompressed: 0 } } },
    ));

  it('is one of those that share the memory until it is closed', () =>
    opened(async (session, _input, memory) => {
      memory.add({ windowBytesInUse: 0 });
      assert.equal(memory.jobBytes(100), 50);
      await session.close();
      assert.equal(memory.jobBytes(100), 100);
    }));
});
