/** Rows split by value, against plain definitions of what stands in each file, and against SQL. */
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { JobSettings, OutputFormat } from '../../../src/contract/job.ts';
import { verifyDataset } from '../../../src/engine/dataset/verify.ts';
import { hostilePair } from '../threads/hostile-archive.ts';
import { assembleHere, claim, jobId, spillHere } from '../threads/scene.ts';
import { inFolder } from '../dataset/scene.ts';
import { folded, hostileText, keptLines, type Json } from './hostile.ts';
import { bytesBelow, linesByValue, madeSplit, textOf, valuesOf, type Asked, type Effort } from './scene.ts';

const flat = { preserveThreads: false } as const;
const formats: readonly OutputFormat[] = ['parquet', 'csv', 'jsonl', 'jsonl.zst'];
const efforts: readonly Effort[] = [{ payloadBytesMax: 1 }];

/** Lines by what is made of their records, in their order. */
function grouped(text: string, valueOf: (record: Json) => string | null): Map<string | null, string[]> {
  const groups = new Map<string | null, string[]>();
  for (const { line, record } of keptLines(text)) {
    const value = valueOf(record);
    groups.set(value, [...(groups.get(value) ?? []), line]);
  }
  return groups;
}

const month = (record: Json): string =>
  new Date(Number(record['created_utc']) * 1000).toISOString().slice(0, 7);

describe('rows split by value', () => {
  for (const [splitBy, valueOf] of [
    ['subreddit', (record: Json) => folded(record['subreddit'])],
    ['author', (record: Json) => folded(record['author'])],
    ['month', month],
  ] as const) {
    for (const kind of ['comments', 'submissions'] as const) {
      it(`${kind} by ${splitBy}: each file holds the lines of its value, in the order of the archive`, () =>
        inFolder(async (folder) => {
          const text = hostileText({ seed: 5, field: splitBy === 'author' ? 'author' : 'subreddit', kind });
          const settings = { splitBy, ...flat, format: 'jsonl', maxRejectRate: 1 } as const;
          const manifest = await madeSplit(path.join(folder, 'd'), {
            settings,
            texts: { [kind]: text },
            buckets: 4,
          });
          const found = await linesByValue(path.join(folder, 'd'), manifest);
          assert.deepEqual(new Map([...found].sort()), new Map([...grouped(text, valueOf)].sort()));
          assert.deepEqual((await verifyDataset(path.join(folder, 'd'))).problems, []);
          assert.ok(manifest.counters.excluded['low-score'] > 0 && manifest.rejects !== null);
        }));
    }
  }

  it('has the same bytes for any memory, threads and batches, in every format, with threads and without', () =>
    inFolder(async (folder) => {
      const texts = { comments: hostileText({ seed: 6, lines: 150, values: 14 }) };
      let count = 0;
      for (const format of [...formats, 'conversations'] as const)
        for (const preserveThreads of format === 'conversations' ? [true] : [false, true]) {
          const settings = {
            splitBy: 'subreddit',
            preserveThreads,
            format,
            keepRaw: true,
            maxRejectRate: 1,
          } as const;
          const made = async (effort: Effort): Promise<ReadonlyMap<string, string>> => {
            const dataset = path.join(folder, `d${count++}`);
            await madeSplit(dataset, { settings, texts, buckets: 3 }, effort);
            assert.deepEqual((await verifyDataset(dataset)).problems, []);
            const bytes = new Map(await bytesBelow(dataset));
            bytes.delete('manifest.json'); // it tells when
            return bytes;
          };
          const first = await made({});
          assert.ok(first.size > 10, `${first.size} files`);
          const threaded = format === 'csv' ? [{ threads: 3, batchSize: 7 }] : [];
          for (const effort of [...efforts, ...threaded])
            assert.deepEqual(await made(effort), first, JSON.stringify(effort));
        }
    })).timeout(120_000);

  it('of a value of several row groups the rows stream, beside others, and are all there', () =>
    inFolder(async (folder) => {
      // 40,000 rows of 300 bytes and more are two row groups of 8 MiB and the rest
      const line = (number: number): string =>
        JSON.stringify({
          ...{ id: `n${number}`, link_id: 't3_a', created_utc: 1_600_000_000, body: 'x'.repeat(500) },
          subreddit: number % 40_000 === 17 ? 'small' : 'Large',
        });
      const text = Array.from({ length: 40_000 }, (_, number) => `${line(number)}\n`).join('');
      const asked: Asked = {
        settings: { splitBy: 'subreddit', ...flat, format: 'parquet', partBytes: 2 ** 23 },
        texts: { comments: text },
      };
      const [one, other] = [path.join(folder, 'one'), path.join(folder, 'other')];
      const manifest = await madeSplit(one, asked, { payloadBytesMax: 1 });
      await madeSplit(other, asked, { payloadBytesMax: 2 ** 27 });
      const [ofOne, ofOther] = [await bytesBelow(path.join(one, 'by-subreddit')), await bytesBelow(path.join(other, 'by-subreddit'))];
      assert.deepEqual(ofOne, ofOther);
      assert.deepEqual(valuesOf(one, manifest).map(({ value, rows }) => [value, rows]), [['large', 39_999], ['small', 1]]);
      const [groups] = await sql(`select count(distinct row_group_id), max(row_group_num_rows) from parquet_metadata('${one}/by-subreddit/large.parquet')`);
      assert.ok(Number(groups?.[0]) >= 3 && Number(groups?.[1]) < 20_000, String(groups));
      const [rows] = await sql(`select count(*), count(distinct id) from '${one}/by-subreddit/large.parquet'`);
      assert.deepEqual(rows?.map(Number), [39_999, 39_999]);
    })).timeout(120_000); // prettier-ignore

  for (const [preserveThreads, splitBy] of [
    [false, 'subreddit'],
    [true, 'subreddit'],
    [true, 'author'],
    [true, 'month'],
  ] as const)
    it(`by ${splitBy}${preserveThreads ? ', threads preserved' : ''}: rows are those of GROUP BY in DuckDB`, () =>
      inFolder(async (folder) => {
        const text = hostileText({ seed: 7, lines: 600, field: splitBy === 'author' ? 'author' : 'subreddit' });
        const dataset = path.join(folder, 'd');
        const settings = { splitBy, preserveThreads, format: 'parquet', maxRejectRate: 1 } as const;
        const manifest = await madeSplit(dataset, { settings, texts: { comments: text }, buckets: 3 });
        assert.equal(manifest.threadCounts !== null, preserveThreads && splitBy === 'subreddit');
        const column =
          splitBy === 'month'
            ? `strftime(to_timestamp(created_utc) at time zone 'UTC', '%Y-%m')`
            : `translate(json_extract_string(case when json_type(${splitBy}) = 'VARCHAR' then ${splitBy} end, '$'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz')`;
        const expected = await sql(
          `select ${column} as v, count(*), list(id order by id) from (
            select json_extract_string(line, '$.id') as id, line->'$.subreddit' as subreddit, line->'$.author' as author,
              (line->>'$.created_utc')::bigint as created_utc, (line->>'$.score')::int as score
            from read_csv('${folder}/d-comments/archive.plain', columns={line: 'VARCHAR'}, header=false, auto_detect=false,
              delim='\x01', quote='', escape='', parallel=false) where json_valid(line)
          ) where score >= -5 group by v`,
        );
        const kept = preserveThreads && splitBy === 'subreddit' ? 'where not tombstone' : '';
        const found = await sql(
          `select v.value, count(*), list(r.id order by r.id) from read_parquet('${dataset}/by-${splitBy}/*.parquet', filename=true) r
            join read_json('${dataset}/values.jsonl', columns={value:'VARCHAR', file:'VARCHAR'}) v on '${dataset}/' || v.file = r.filename
            ${kept} group by v.value`,
        );
        const sorted = (rows: readonly (readonly unknown[])[]): readonly string[] =>
          rows.map((row) => JSON.stringify(row, (_, each: unknown) => (typeof each === 'bigint' ? Number(each) : each))).sort();
        assert.ok(found.length > (splitBy === 'month' ? 1 : 40), `${found.length} values`);
        assert.deepEqual(sorted(found), sorted(expected));
      })); // prettier-ignore

  it('holds chosen columns, fields without one, the raw line, and what a selection leaves', () =>
    inFolder(async (folder) => {
      const text = hostileText({ seed: 8 });
      const settings: Asked['settings'] = {
        ...{ splitBy: 'subreddit', ...flat, format: 'jsonl', maxRejectRate: 1 },
        ...{ columns: ['id', 'score'], extra: true, subreddit: ['askreddit', 'é', 'con'] },
      };
      const manifest = await madeSplit(path.join(folder, 'd'), { settings, texts: { comments: text } });
      const found = await linesByValue(path.join(folder, 'd'), manifest);
      const expected = grouped(text, (record) => folded(record['subreddit']));
      assert.deepEqual([...found.keys()].sort(), ['askreddit', 'con', 'é']);
      for (const [value, lines] of found)
        assert.deepEqual(
          lines.map((line) => JSON.parse(line) as Json),
          (expected.get(value) ?? [])
            .map((line) => JSON.parse(line) as Json)
            .map(({ id, score, ups }) => ({ id, score, extra: JSON.stringify({ ups }) })),
        );
      assert.ok(manifest.counters.excluded['not-selected'] > 0);
    }));
});

describe('threads split by subreddit', () => {
  /** Comments of a broken dump, whose threads, ids and parents cross the borders of three subreddits. */
  function mixed(seed: number): { readonly comments: string; readonly submissions: string } {
    const pair = hostilePair(seed);
    let number = 0;
    const named = (text: string): string =>
      text
        .split('\n')
        .map((line) => (line.endsWith('}') ? `${line.slice(0, -1)},"subreddit":${['"a"', '"B"', 'null'][number++ % 3] ?? ''}}` : line))
        .join('\n'); // prettier-ignore
    return { comments: named(pair.comments), submissions: named(pair.submissions) };
  }

  function recordsOf(text: string, value: string | null): readonly Json[] {
    return text.split('\n').flatMap((line) => {
      if (!line.endsWith('}')) return [];
      const record = JSON.parse(line) as Json;
      return folded(record['subreddit']) === value ? [record] : [];
    });
  }

  for (const format of ['csv', 'jsonl', 'conversations'] as const)
    it(`${format}: each file is what its subreddit's lines alone would be`, async () => {
      // the lines alone went through JSON once more
      const plain = (line: string): string => (format === 'jsonl' ? JSON.stringify(JSON.parse(line)) : line);
      for (let seed = 1; seed <= 6; seed++)
        await inFolder(async (folder) => {
          const dataset = path.join(folder, 'd');
          const { comments, submissions } = mixed(seed);
          const settings = { splitBy: 'subreddit', format, maxRejectRate: 1, paths: seed % 2 === 0 && format === 'conversations' } as const;
          const texts = seed % 3 === 0 ? { comments } : { comments, submissions };
          const joined = seed % 3 !== 0;
          const manifest = await madeSplit(dataset, { settings, texts, buckets: 1 + (seed % 3) }, { payloadBytesMax: 3000 });
          assert.deepEqual((await verifyDataset(dataset)).problems, [], `seed ${seed}`);
          const found = await linesByValue(dataset, manifest);
          const rows = { all: 0 };
          for (const value of ['a', 'b', null]) {
            const own = (text: string): string => recordsOf(text, value).map((record) => `${JSON.stringify(record)}\n`).join('');
            const [from, shape] = [path.join(folder, String(value)), { format, paths: settings.paths }];
            await mkdir(from);
            await claim(from, jobId);
            const spills = [
              ...(await spillHere(from, own(comments), shape)),
              ...(joined ? await spillHere(from, own(submissions), { ...shape, kind: 'submissions' }) : []),
            ];
            const [entry] = await assembleHere(from, spills, { ...shape, joined });
            assert.ok(entry !== undefined);
            const text = await textOf(from, entry);
            rows.all += entry.rows;
            const lines = text.split('\n').slice(0, -1).map(plain);
            // a value without a row has no file
            assert.deepEqual(found.get(value)?.map(plain) ?? (format === 'csv' ? lines.slice(0, 1) : []), lines, `seed ${seed}, ${String(value)}`);
          }
          assert.equal(manifest.split.rows, rows.all);
        });
    }).timeout(120_000); // prettier-ignore

  it('a value with more rows than a set holds comes in several, each thread whole', () =>
    inFolder(async (folder) => {
      const { comments } = mixed(5);
      const settings: Partial<JobSettings> & { readonly splitBy: 'subreddit' } = { splitBy: 'subreddit', format: 'jsonl', maxRejectRate: 1 };
      const lines = async (name: string, effort: Effort): Promise<ReadonlyMap<string | null, readonly string[]>> => {
        const dataset = path.join(folder, name);
        const manifest = await madeSplit(dataset, { settings, texts: { comments } }, effort);
        assert.deepEqual((await verifyDataset(dataset)).problems, []);
        return linesByValue(dataset, manifest);
      };
      const whole = await lines('whole', { payloadBytesMax: 1e6 });
      for (const setRowsMax of [1, 7, 50]) {
        const inSets = await lines(`sets-${setRowsMax}`, { payloadBytesMax: 1e6, setRowsMax });
        assert.deepEqual(await lines(`again-${setRowsMax}`, { payloadBytesMax: 100, setRowsMax }), inSets);
        for (const [value, rows] of whole) {
          const threads = (of: readonly string[] = []): ReadonlyMap<unknown, readonly string[]> =>
            Map.groupBy(of, (line) => (JSON.parse(line) as Json)['link_id']);
          assert.deepEqual(new Map([...threads(inSets.get(value))].sort()), new Map([...threads(rows)].sort()));
          const links = (inSets.get(value) ?? []).map((line) => (JSON.parse(line) as Json)['link_id']);
          const runs = links.filter((link, at) => link !== links[at - 1]).length;
          assert.equal(runs, new Set(links).size, 'a thread is torn');
        }
      }
    })).timeout(120_000); // prettier-ignore
});

async function sql(query: string): Promise<readonly (readonly unknown[])[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(query)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
