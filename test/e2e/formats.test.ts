/** A whole job in each format, over a real server, by a real worker. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import zlib from 'node:zlib';
import { outputFormats, type OutputFormat } from '../../src/contract/job.ts';
import { columnsOf, type Column } from '../../src/core/columns.ts';
import { totalOf } from '../../src/core/fates.ts';
import type { FlatManifest } from '../../src/engine/dataset/manifest.ts';
import { readRejects } from '../../src/engine/dataset/rejects.ts';
import { archiveOf, type Archive, type ArchiveSpec } from './archives.ts';
import { assertWhole } from './datasets.ts';
import { csvRows, hyparquetRows, jsonRecords, parquetRows } from './rows.ts';
import { Stage, slowMs } from './stage.ts';
import type { Row } from '../engine/output/part-file.ts';

/** `conversations` are made of threads: join.test.ts makes some. */
const flatFormats = outputFormats.filter((format) => format !== 'conversations');
const kinds = ['comments', 'submissions'] as const;

/** Three parts of 4 MiB, with every sort of dirt at known counts. */
const dirtyOf = (kind: ArchiveSpec['kind']): ArchiveSpec => ({
  kind,
  era: '2023',
  bytes: 10_000_000,
  seed: 7,
  dirty: true,
  dirtyEvery: 120,
});

/** What the original line says of some columns; the reading of the others is the engine's own tests' affair. */
function fieldsOf(record: Record<string, unknown>, kind: Archive['kind']): readonly unknown[] {
  const text = record[kind === 'comments' ? 'body' : 'title'];
  const { id, created_utc: created, author, subreddit } = record;
  return [id, Number(created) * 1000, author, subreddit, String(text).toWellFormed()];
}

function pick(rows: readonly Row[], columns: readonly Column[], kind: Archive['kind']): readonly unknown[] {
  const names = ['id', 'created_utc', 'author', 'subreddit', kind === 'comments' ? 'body' : 'title'];
  const at = names.map((name) => columns.findIndex((column) => column.name === name));
  return rows.map((row) => at.map((index) => row[index]));
}

describe('a job from archive to dataset', function () {
  this.timeout(slowMs);
  let stage: Stage;
  const datasets = new Map<string, { readonly folder: string; readonly manifest: FlatManifest }>();
  before(async () => {
    stage = await Stage.open();
    await stage.worker();
  });
  after(() => stage.end());

  /** The dataset of a kind in a format, made at the first call. */
  async function datasetOf(kind: Archive['kind'], format: OutputFormat) {
    const key = `${kind} ${format}`;
    const found = datasets.get(key);
    if (found !== undefined) return found;
    const archive = await archiveOf(dirtyOf(kind));
    const { jobId, dataset: folder } = await stage.job(archive, { format, partMib: 4 });
    const { metrics } = await stage.threadmill.waitForJob(jobId);
    const manifest = await assertWhole(folder, archive);
    const { lines, kept, excluded, rejected, blank } = archive.counters;
    assert.deepEqual(
      [metrics.totalProcessedLines, metrics.kept, metrics.excluded, metrics.rejected, metrics.blank],
      [lines, kept, excluded, rejected, blank],
    );
    assert.ok(manifest.threads === null && manifest.split === undefined);
    const made = { folder, manifest };
    datasets.set(key, made);
    return made;
  }

  for (const kind of kinds) {
    for (const format of flatFormats) {
      it(`${kind} as ${format}: every line is counted as the generator made it, and the dataset verifies`, async () => {
        const { manifest } = await datasetOf(kind, format);
        assert.equal(manifest.settings.format, format);
        assert.equal(manifest.archive.kind, kind);
        assert.equal(manifest.parts.length, 3);
        assert.ok(totalOf(manifest.counters.rejected) >= 10, 'this archive should be dirty');
      });
    }

    it(`${kind} have the same rows in all four formats, read by DuckDB, hyparquet, and parsers of the test`, async () => {
      const columns = columnsOf(kind, { keepRaw: false });
      const parquet = await datasetOf(kind, 'parquet');
      const rows = await parquetRows(parquet.folder, columns);
      assert.equal(rows.length, parquet.manifest.counters.kept);
      assert.deepEqual(await hyparquetRows(parquet.folder, parquet.manifest), rows);
      const csv = await datasetOf(kind, 'csv');
      assert.deepEqual(await csvRows(csv.folder, csv.manifest), rows);
      const picked = pick(rows, columns, kind);
      for (const format of ['jsonl', 'jsonl.zst'] as const) {
        const { folder, manifest } = await datasetOf(kind, format);
        const records = await jsonRecords(folder, manifest);
        assert.deepEqual(
          records.map((record) => fieldsOf(record, kind)),
          picked,
          format,
        );
      }
    });

    it(`rejected ${kind} carry the line number, offset and bytes that they have in the archive`, async () => {
      const { folder, manifest } = await datasetOf(kind, 'parquet');
      const archive = await archiveOf(dirtyOf(kind));
      const text = zlib.zstdDecompressSync(readFileSync(archive.path), {
        params: { [zlib.constants.ZSTD_d_windowLogMax]: archive.windowLog },
      });
      let seen = 0;
      let lines = 0;
      let counted = 0;
      for await (const { line, offset, bytes, raw, rawBase64, reason } of readRejects(folder)) {
        seen++;
        const found = rawBase64 === undefined ? Buffer.from(raw ?? '') : Buffer.from(rawBase64, 'base64');
        assert.deepEqual(found, text.subarray(offset, offset + bytes), `${reason} at ${offset}`);
        assert.ok(offset === 0 || text[offset - 1] === 10, `no line starts at ${offset}`);
        for (; counted < offset; counted++) if (text[counted] === 10) lines++;
        assert.equal(line, lines + 1, `line number of offset ${offset}`);
      }
      assert.equal(seen, totalOf(manifest.counters.rejected));
    });
  }

  it('reads an archive with the window of monthly dumps, 2 GiB', async () => {
    const archive = await archiveOf({ ...dirtyOf('comments'), seed: 8, bytes: 6_000_000, windowLog: 31 });
    const { jobId, dataset } = await stage.job(archive);
    await stage.threadmill.waitForJob(jobId);
    await assertWhole(dataset, archive);
    assert.equal((await stage.threadmill.getJobProgress(jobId)).windowBytes, 2 ** 31);
  });
});
