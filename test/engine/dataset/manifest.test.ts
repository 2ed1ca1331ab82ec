import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestOf, readManifest } from '../../../src/engine/dataset/manifest.ts';
import { publishDataset } from '../../../src/engine/dataset/publish.ts';
import { inFolder, writeParts } from './scene.ts';

describe('readManifest()', () => {
  it('calls a folder without one unfinished, and tells it from one that is not there', () =>
    inFolder(async (folder) => {
      await assert.rejects(readManifest(folder), {
        code: 'DATASET_INVALID',
        message: /unfinished: it has no manifest.json.*run the same command again/,
        facts: { path: folder },
      });
      await assert.rejects(readManifest(join(folder, 'x')), {
        code: 'DATASET_INVALID',
        message: /no such folder/,
      });
      await writeFile(join(folder, 'file'), '');
      await assert.rejects(readManifest(join(folder, 'file')), { message: /no such folder/ });
    }));

  it('refuses what can not be read', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'manifest.json');
      await mkdir(path);
      await assert.rejects(readManifest(folder), { code: 'DATASET_INVALID', message: /it is no file/ });
    }));

  type Path = readonly (string | number)[];
  const faults: readonly [at: Path, value: unknown, says: string][] = [
    [[], null, 'it is null, but must be an object'],
    [['format'], 'other', 'format is "other", but must be threadmill-dataset'],
    [['version'], 2, 'version is 2, but must be 1'],
    [['jobId'], '', 'jobId is "", but must be a string'],
    [['archive', 'kind'], 'posts', 'archive.kind is "posts", but must be comments or submissions'],
    [['archive', 'bytes'], -1, 'archive.bytes is -1, but must be a whole number of 0 or more'],
    [
      ['settings', 'format'],
      'xml',
      'settings.format is "xml", but must be parquet or jsonl.zst or jsonl or csv',
    ],
    [['settings', 'salvage'], 1, 'settings.salvage is 1, but must be true or false'],
    [['settings', 'maxRejectRate'], '1', 'settings.maxRejectRate is "1", but must be a number'],
    [['counters', 'rejected', 'malformed-json'], undefined, 'counters.rejected.malformed-json is missing'],
    [['parts'], {}, 'parts is {}, but must be an array'],
    [['parts', 1, 'bytes'], 1.5, 'parts[1].bytes is 1.5'],
    [['parts', 1, 'sha256'], 'abc', 'parts[1].sha256 is "abc", but must be 64 hex digits'],
    [['parts', 0, 'file'], '../../secret', 'parts[0].file is "../../secret", but must be "part-00000.jsonl"'],
    [['rejects', 'file'], '/etc/passwd', 'rejects.file is "/etc/passwd", but must be rejects.jsonl.zst'],
    [['holes'], [{ kind: 'x' }], 'holes[0].kind is "x", but must be truncated or corrupt'],
    [['columns'], [{ name: 'id' }], 'columns[0].type is missing'],
  ];
  it('names the first thing that is wrong, with its place', () =>
    inFolder(async (folder) => {
      await publishDataset(await writeParts(folder, [1, 0]));
      const path = join(folder, 'manifest.json');
      const good = await readFile(path, 'utf8');
      for (const [at, value, says] of faults) {
        const root = { it: JSON.parse(good) as unknown };
        const keys = ['it', ...at];
        const last = keys.pop() as string;
        const parent = keys.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], root);
        (parent as Record<string, unknown>)[last] = value;
        await writeFile(path, JSON.stringify(root.it));
        await assert.rejects(readManifest(folder), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'DATASET_INVALID');
          assert.ok(error.message.includes(says), `${error.message} says ${says}`);
          return error.message.includes(path);
        });
      }
      await writeFile(path, good.slice(0, -10));
      await assert.rejects(readManifest(folder), { code: 'DATASET_INVALID', message: /JSON/ });
    }));

  it('takes members that it does not know, as a later release may write them', () =>
    inFolder(async (folder) => {
      await publishDataset(await writeParts(folder, [1]));
      const path = join(folder, 'manifest.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace('{', '{"later":1,'));
      assert.equal((await readManifest(folder)).jobId, 'job-a');
    }));
});

describe('manifestOf()', () => {
  it('lists the columns of typed formats, and none for the original lines', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, []);
      const columns = (
        format: 'parquet' | 'csv' | 'jsonl' | 'jsonl.zst',
        keepRaw: boolean,
      ): readonly string[] =>
        manifestOf(
          { ...input, settings: { ...input.settings, format, keepRaw } },
          { parts: [], rejects: null },
          null,
          { createdAt: '' },
        ).columns.map(({ name }) => name);
      assert.equal(columns('parquet', false)[0], 'id');
      assert.equal(columns('csv', true).at(-1), 'raw');
      assert.deepEqual([columns('jsonl', false), columns('jsonl.zst', true)], [[], []]);
    }));

  it('holds the settings that decide bytes of the output and no other', () =>
    inFolder(async (folder) => {
      const { settings } = manifestOf(await writeParts(folder, []), { parts: [], rejects: null }, null, {
        createdAt: '',
      });
      assert.equal('maxBatchSize' in settings || 'maxMemoryUsage' in settings, false);
      assert.deepEqual([settings.format, settings.qualityMinScore], ['jsonl', -5]);
    }));
});
