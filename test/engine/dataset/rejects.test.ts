import assert from 'node:assert/strict';
import { mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import zlib from 'node:zlib';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { readRejects, type RejectedLine } from '../../../src/engine/dataset/rejects.ts';
import { inFolder, writeParts } from './scene.ts';

async function all(folder: string): Promise<readonly RejectedLine[]> {
  const lines: RejectedLine[] = [];
  for await (const line of readRejects(folder)) lines.push(line);
  return lines;
}

describe('readRejects()', () => {
  it('refuses a folder that is no dataset, and one that is not there', () =>
    inFolder(async (folder) => {
      await assert.rejects(all(folder), { code: 'DATASET_INVALID', message: /unfinished/ });
      await assert.rejects(all(join(folder, 'x')), { code: 'DATASET_INVALID', message: /no such folder/ });
    }));

  it('gives the lines before damage, then says where it is', () =>
    inFolder(async (folder) => {
      await publishDataset(await writeParts(folder, [2, 0, 1]));
      const path = join(folder, 'rejects.jsonl.zst');
      await truncate(path, (await readFile(path)).length - 5);
      const seen: number[] = [];
      await assert.rejects(
        async () => {
          for await (const { line } of readRejects(folder)) seen.push(line);
        },
        { code: 'DATASET_INVALID', message: /is truncated at compressed byte \d+.*threadmill verify/ },
      );
      assert.deepEqual(seen.slice(0, 2), [1, 2]);
      await rm(path);
      await assert.rejects(all(folder), { code: 'DATASET_INVALID', message: /is gone/ });
    }));

  it('refuses lines that are no rejects', () =>
    inFolder(async (folder) => {
      for (const text of ['{"line":1}\n', 'null\n', 'x\n']) {
        await writeFile(join(folder, 'part-00000.rejects.jsonl.zst'), zlib.zstdCompressSync(text));
        await assert.rejects(all(folder), { code: 'DATASET_INVALID', message: /its line 1 is no reject/ });
      }
    }));

  it('reads every frame of a finished dataset, and the pieces of an unfinished one in order', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [2, 0, 1]);
      await writeFile(join(folder, 'rejects.jsonl.zst'), 'of an older dataset');
      const unfinished = await all(folder);
      assert.deepEqual(
        unfinished.map(({ line, offset, raw }) => [line, offset, raw]),
        [1, 2, 21].map((line) => [line, (line - 1) * 10, '{x\u2028']),
      );
      await publishDataset(input);
      assert.deepEqual(await all(folder), unfinished);
    }));

  it('gives nothing where nothing was rejected', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [0]);
      assert.deepEqual(await all(folder), []);
      await publishDataset(input);
      assert.deepEqual(await all(folder), []);
    }));

  it('reads lines longer than a chunk, many frames under back-pressure, and can be left early', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'x'));
      const record = (line: number, raw: string): string =>
        `${JSON.stringify({ line, offset: 0, reason: 'malformed-json', bytes: raw.length, raw })}\n`;
      const long = '€'.repeat(1_500_000);
      const frames = Array.from({ length: 20 }, (_, at) =>
        zlib.zstdCompressSync(record(2 * at + 1, long) + record(2 * at + 2, 'x')),
      );
      await writeFile(join(folder, 'part-00000.rejects.jsonl.zst'), Buffer.concat(frames));
      const lines: number[] = [];
      for await (const { line, raw } of readRejects(folder)) {
        assert.equal(raw, line % 2 === 1 ? long : 'x');
        lines.push(line);
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual(
        lines,
        Array.from({ length: 40 }, (_, at) => at + 1),
      );
      for await (const { line } of readRejects(folder)) {
        assert.equal(line, 1);
        break;
      }
    }));
});
