/** The report of datasets that the engine made, held against DuckDB; and of what tries to be more than text. */
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetWriteFile } from 'hyparquet-writer';
import { parseHTML } from 'linkedom';
import type { RunRecord } from '../../src/contract/run.ts';
import { packPart } from '../../src/contract/part.ts';
import { inspectArchive } from '../../src/engine/archive/inspect.ts';
import { publishDataset } from '../../src/engine/dataset/publish.ts';
import { readRows } from '../../src/report/read-rows.ts';
import { dateText } from '../../src/report/tallies.ts';
import { writeReport } from '../../src/report/write-report.ts';
import { inFolder, writeParts } from '../engine/dataset/scene.ts';
import { root } from '../repository.ts';
import { jobSettings, millUnder, type Env } from '../settings/scene.ts';

const sampleArchive = path.join(root, 'samples/austinfood_comments.zst');

/** A published dataset of an archive, in the folder. */
async function datasetOf(
  folder: string,
  archive: string,
  { env = {}, run }: { readonly env?: Env; readonly run?: RunRecord } = {},
): Promise<string> {
  const copy = path.join(folder, path.basename(archive));
  await writeFile(copy, await readFile(archive));
  const { entries, counters, folder: dataset } = await millUnder(env, copy);
  await publishDataset({
    jobId: 'job-a',
    inspection: await inspectArchive(copy, { maxMemoryMb: 512 }),
    settings: jobSettings(env),
    dataset,
    parts: entries.map(packPart),
    counters,
    holes: [],
    startedMs: 1_700_000_000_000,
    joined: null,
    buckets: 0,
    threads: [],
    ...(run === undefined ? {} : { run }),
  });
  return dataset;
}

async function reportOf(dataset: string): Promise<string> {
  const { file } = await writeReport(dataset);
  return readFile(file, 'utf8');
}

describe('readRows()', () => {
  const files = ['part-00000.parquet', 'part-00001.parquet'];

  it('says of all rows what DuckDB says of them', () =>
    inFolder(async (folder) => {
      const dataset = await datasetOf(folder, sampleArchive, { env: { THREADMILL_PART_MIB: '8' } });
      const found = await readRows(dataset, { kind: 'comments', files, rowsMax: Infinity });
      const connection = await (await DuckDBInstance.create()).connect();
      const ask = async (what: string): Promise<readonly (readonly unknown[])[]> => {
        const sql = `select ${what.replace('$rows', `read_parquet('${dataset}/*.parquet')`)}`;
        return (await connection.runAndReadAll(sql)).getRowsJson();
      };
      const [[rows, firstMs, lastMs] = []] = await ask(
        'count(*)::int, epoch_ms(min(created_utc))::double, epoch_ms(max(created_utc))::double from $rows',
      );
      assert.deepEqual(
        [found.rows, found.looked, found.firstMs, found.lastMs],
        [rows, rows, firstMs, lastMs],
      );
      const months = await ask(
        "strftime(created_utc, '%Y-%m') as month, count(*)::int from $rows group by month order by month",
      );
      const { calendar, rows: times } = found.timeline;
      assert.deepEqual(
        times.map(([at, count]) => [dateText(calendar, at), count]),
        months,
      );
      const authors = await ask(
        "author, count(*)::int as n from $rows where author not in ('[deleted]', '[removed]') group by author order by n desc, author limit 15",
      );
      assert.deepEqual(
        found.authors.map(({ name, count }) => [name, count]),
        authors,
      );
      for (const { from, count } of found.lengths) {
        const [[expected] = []] = await ask(
          `count(*)::int from $rows where strlen(body) >= ${from} and strlen(body) < ${from === 0 ? 1 : from === 65_536 ? 2 ** 31 : from * 2}`,
        );
        assert.equal(count, expected, `bytes from ${from}`);
      }
      const ones = found.scores.find(({ label }) => label === '1');
      assert.deepEqual([[ones?.count]], await ask('count(*)::int from $rows where score = 1'));
      assert.deepEqual(found.depths, [], 'flat rows have none');
      connection.closeSync();
    }));

  it('looks at evenly spaced row groups of more rows than it may, and scales times up', () =>
    inFolder(async (folder) => {
      const groups = 40;
      const file = path.join(folder, 'part-00000.parquet');
      const rows = groups * 100;
      parquetWriteFile({
        filename: file,
        rowGroupSize: 100,
        columnData: [
          { name: 'created_utc', data: Array.from({ length: rows }, () => new Date('2015-01-01')) },
          {
            name: 'score',
            data: Array.from({ length: rows }, (_, at) => Math.floor(at / 100)),
            type: 'INT32',
          },
          { name: 'depth', data: Array.from({ length: rows }, (_, at) => (at % 4) - 1), type: 'INT32' },
        ],
      });
      const found = await readRows(folder, {
        kind: 'comments',
        files: ['part-00000.parquet'],
        rowsMax: 1_000,
      });
      assert.deepEqual([found.rows, found.looked], [rows, 1_000]);
      assert.deepEqual(
        found.timeline.rows.map(([, count]) => count),
        [rows],
      );
      const scores = found.scores.reduce((sum, { count }) => sum + count, 0);
      assert.equal(scores, 1_000, 'groups 0, 4, 8 … of 40');
      assert.deepEqual(
        found.depths.map(({ label, count }) => [label, count]),
        [
          ['0', 250],
          ['1', 250],
          ['2', 250],
        ],
        'heads of threads are no comments',
      );
    }));
});

describe('writeReport()', () => {
  it('is one page without scripts and addresses, with every figure in plots of two widths and in tables', () =>
    inFolder(async (folder) => {
      const run = {
        samples: [0, 1, 2, 3].map((at) => [at, at * 100, 100, 50, 1000] as const),
        resumptions: [2],
      };
      const dataset = await datasetOf(folder, sampleArchive, { env: { THREADMILL_PART_MIB: '2' }, run });
      const page = await reportOf(dataset);
      assert.doesNotMatch(page, /<script|javascript:|<link|@import|url\(/i);
      const addresses = [...page.matchAll(/https?:\/\/[^"'<\s]+/g)].map(([address]) => address);
      assert.deepEqual(
        addresses.filter((address) => !address.startsWith('http://www.w3.org/')),
        [],
      );
      const { document } = parseHTML(page) as unknown as {
        document: {
          querySelectorAll(
            selector: string,
          ): ArrayLike<{ textContent: string }> & Iterable<{ textContent: string }>;
        };
      };
      const texts = (selector: string): readonly string[] =>
        [...document.querySelectorAll(selector)].map(({ textContent }) =>
          textContent.replace(/\s+/g, ' ').trim(),
        );
      assert.deepEqual(texts('h2'), [
        'What became of the lines',
        'Rows by month',
        'Scores',
        'Length of the body',
        'Authors',
        'What was left out, along the archive',
        'The run',
        'Rejected lines',
        'Made with',
      ]);
      assert.equal(texts('.wide svg').length, 8);
      assert.equal(texts('.narrow svg').length, 8);
      assert.match(
        texts('.fates').join(' '),
        /kept 11,052 89\.6 %.*excluded: deleted 937.*malformed-json 17/,
      );
      assert.ok(texts('svg title').some((text) => /^2013-01: \d+ rows$/.test(text)));
      assert.ok(texts('svg title').includes('taken up again'));
      assert.match(page, /Taken up again once/);
      assert.doesNotMatch(page, /NaN|undefined|Infinity|\[object/);
    }));

  it('shows what an archive holds as text, whatever it is', () =>
    inFolder(async (folder) => {
      const archive = path.join(folder, 'evil_comments.jsonl');
      const evil = "</title><script>alert(1)</script>\"onload='x'&amp;";
      const line = (id: number, subreddit: string): string =>
        JSON.stringify({
          id: String(id),
          link_id: 't3_a',
          body: 'b',
          author: evil,
          subreddit,
          created_utc: 1_600_000_000,
        });
      const lines = [line(1, evil), line(2, 'other'), `${evil}{`];
      await writeFile(archive, `${lines.join('\n')}\n`);
      const page = await reportOf(await datasetOf(path.dirname(archive), archive, { env: {} }));
      assert.doesNotMatch(page, /<script/);
      assert.ok(page.includes('&lt;script&gt;alert(1)'));
    }));

  it('does without rows where the dataset is no Parquet, and without rows at all', () =>
    inFolder(async (folder) => {
      const input = await writeParts(folder, [0, 3, 9]);
      await publishDataset(input);
      const page = await reportOf(folder);
      assert.match(page, /this dataset is jsonl/);
      assert.match(page, /rejected: malformed-json/);
      const empty = path.join(folder, 'empty_comments.jsonl');
      const gone = {
        id: 'a',
        link_id: 't3_a',
        body: '[deleted]',
        author: '[deleted]',
        created_utc: 1_600_000_000,
      };
      await writeFile(empty, `${JSON.stringify(gone)}\n`);
      const bare = await reportOf(await datasetOf(folder, empty, {}));
      assert.match(bare, /All 0 rows|no rows/i);
      assert.doesNotMatch(bare, /NaN|undefined|Infinity/);
    }));

  it('refuses what is no dataset, and leaves an earlier report alone', () =>
    inFolder(async (folder) => {
      await assert.rejects(writeReport(folder), { code: 'DATASET_INVALID' });
      const dataset = await datasetOf(folder, sampleArchive);
      const { file } = await writeReport(dataset);
      await rename(path.join(dataset, 'manifest.json'), path.join(dataset, 'gone.json'));
      await assert.rejects(writeReport(dataset), { code: 'DATASET_INVALID' });
      assert.match(await readFile(file, 'utf8'), /austinfood/);
    }));
});
