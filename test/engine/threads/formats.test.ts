import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import type { Column } from '../../../src/core/columns.ts';
import type { OutputFormat } from '../../../src/contract/job.ts';
import type { ThreadsEntry } from '../../../src/contract/threads.ts';
import { threadColumns, threadTableColumns } from '../../../src/engine/threads/thread-columns.ts';
import { csvRows, hyparquetRows } from '../../e2e/rows.ts';
import type { Row, Value } from '../output/part-file.ts';
import { readers } from '../output/readers.ts';
import { hostilePair } from './hostile-archive.ts';
import { assembleHere, claim, claimedFolder, jobId, spillHere } from './scene.ts';

type Line = Readonly<Record<string, unknown>>;

/** A row by names. */
function named(columns: readonly Column[], row: Row): Readonly<Record<string, Value>> {
  return Object.fromEntries(columns.map(({ name }, index) => [name, row[index] ?? null]));
}

describe('formats of threads', () => {
  let folder: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ folder, remove } = await claimedFolder());
  });
  after(() => remove());

  async function dataset(
    name: string,
    { comments, submissions }: { comments: string | Buffer; submissions: string | Buffer | null },
    shape: { format: OutputFormat; keepRaw: boolean },
  ): Promise<{ into: string; entry: ThreadsEntry; rows: Buffer; table: Buffer }> {
    const into = path.join(folder, `${name}-${shape.format}-${String(shape.keepRaw)}`);
    await mkdir(into);
    await claim(into, jobId);
    const spills = [...(await spillHere(into, comments, shape))];
    if (submissions !== null)
      spills.push(...(await spillHere(into, submissions, { ...shape, kind: 'submissions' })));
    const [entry] = await assembleHere(into, spills, { ...shape, joined: submissions !== null });
    assert.ok(entry?.table);
    const rows = await readFile(path.join(into, entry.file));
    return { into, entry, rows, table: await readFile(path.join(into, entry.table.file)) };
  }

  const linesOf = (bytes: Buffer): readonly string[] => bytes.toString().split('\n').slice(0, -1);

  for (const joined of [true, false]) {
    const title = joined ? 'of a joined dataset' : 'of comments alone';
    it(`${title} agree with each other on every value of rows and thread table`, async () => {
      for (const seed of [28, 1006]) {
        const pair = hostilePair(seed);
        const text = { comments: pair.comments, submissions: joined ? pair.submissions : null };
        const name = `agree-${seed}-${String(joined)}`;
        const columns = threadColumns({ keepRaw: true, joined });
        const parquet = await dataset(name, text, { format: 'parquet', keepRaw: true });
        const [first, ...others] = await Promise.all(
          [...readers.values()].map(async (read) => [
            await read(parquet.rows, columns),
            await read(parquet.table, threadTableColumns()),
          ]),
        );
        const [rows = [], table = []] = first ?? [];
        assert.equal(rows.length, parquet.entry.rows);
        assert.ok(rows.length > 20 && table.length > 2 && parquet.entry.tombstones > 0);
        for (const other of others) assert.deepEqual(other, first);

        const csv = await dataset(name, text, { format: 'csv', keepRaw: true });
        assert.deepEqual(await csvRows(csv.into, { parts: [csv.entry], columns }), rows);
        const tables = csv.entry.table === null ? [] : [csv.entry.table];
        assert.deepEqual(await csvRows(csv.into, { parts: tables, columns: threadTableColumns() }), table);

        const jsonl = await dataset(name, text, { format: 'jsonl', keepRaw: false });
        const originals = {
          comments: originalLines(text.comments),
          submissions: originalLines(text.submissions ?? ''),
        };
        const lines = linesOf(jsonl.rows);
        assert.equal(lines.length, rows.length);
        for (const [at, line] of lines.entries()) {
          const row = named(columns, rows[at] as Row);
          const kind = row['depth'] === -1 ? 'submissions' : 'comments';
          assert.equal(line, expectedLine(row, kind, originals[kind]));
          assert.equal((JSON.parse(line) as Line)['depth'], row['depth']);
        }
        const tableLines = linesOf(jsonl.table).map((line) => JSON.parse(line) as Line);
        assert.deepEqual(
          tableLines,
          table.map((row) => withTimes(threadTableColumns(), row)),
        );

        const zst = await dataset(name, text, { format: 'jsonl.zst', keepRaw: false });
        assert.deepEqual(zstdDecompressSync(zst.rows), jsonl.rows);
        assert.deepEqual(zstdDecompressSync(zst.table), jsonl.table);
      }
    });
  }

  it('with --keep-raw hold the very line in parquet, and none in a tombstone; without it no such column', async () => {
    const { comments } = hostilePair(1006);
    const text = { comments, submissions: null };
    const originals = originalLines(comments);
    const parquet = await dataset('raw', text, { format: 'parquet', keepRaw: true });
    const columns = threadColumns({ keepRaw: true, joined: false });
    const rows = await hyparquetRows(parquet.into, { parts: [parquet.entry], columns });
    for (const row of rows) {
      const { raw, tombstone, author_flair_text: flair } = named(columns, row);
      assert.equal(raw, tombstone === true ? null : originals.get(flair as string));
    }
    const without = await dataset('raw', text, { format: 'parquet', keepRaw: false });
    const fewer = threadColumns({ keepRaw: false, joined: false });
    assert.deepEqual(
      await hyparquetRows(without.into, { parts: [without.entry], columns: fewer }),
      rows.map((row) => row.slice(0, -1)),
    );
  });

  it('keep bytes that are no UTF-8 in lines, and take ids that differ in them alone for one', async () => {
    const broken = (byte: number): Buffer =>
      Buffer.concat([
        Buffer.from('{"id":"x'),
        Buffer.of(byte),
        Buffer.from(`","link_id":"t3_a","parent_id":"t3_a","created_utc":1600000000,"body":"\\ud800`),
        Buffer.of(byte),
        Buffer.from('" } \t'),
      ]);
    const lineFeed = Buffer.of(10);
    const reply = Buffer.from(
      '{"id":"y","link_id":"t3_a","parent_id":"t1_x\\ud800","created_utc":1600000000,"body":""}',
    );
    const comments = Buffer.concat([broken(0xff), lineFeed, reply, lineFeed, broken(0xfe), lineFeed]);
    const jsonl = await dataset('utf8', { comments, submissions: null }, { format: 'jsonl', keepRaw: false });
    const members = (depth: number): Buffer =>
      Buffer.from(`,"depth":${depth},"parent_missing":false,"tombstone":false}\n`);
    // the line up to its brace, of which white space stood before and after
    const want = [broken(0xfe).subarray(0, -3), members(0), reply.subarray(0, -1), members(1)];
    assert.deepEqual(jsonl.rows, Buffer.concat(want));
    assert.equal(jsonl.entry.duplicates, 1);
    const parquet = await dataset(
      'utf8',
      { comments, submissions: null },
      { format: 'parquet', keepRaw: true },
    );
    const columns = threadColumns({ keepRaw: true, joined: false });
    for (const [name, read] of readers) {
      const rows = (await read(parquet.rows, columns)).map((row) => named(columns, row));
      assert.deepEqual(rows.map((row) => [row['id'], row['parent_id'], row['body']]), [
        ['x\ufffd', 't3_a', '\ufffd\ufffd'],
        ['y', 't1_x\ufffd', ''],
      ], name); // prettier-ignore
      assert.equal(rows[0]?.['raw'], broken(0xfe).toString());
    }
  });
});

/** The last line of each number; those of hostile archives name it. */
function originalLines(text: string | Buffer): ReadonlyMap<string, string> {
  const lines = text
    .toString()
    .split('\n')
    .filter((line) => line.includes('author_flair_text'));
  return new Map(
    lines.map((line) => [(JSON.parse(line) as { author_flair_text: string }).author_flair_text, line]),
  );
}

function expectedLine(
  row: Readonly<Record<string, Value>>,
  kind: 'comments' | 'submissions',
  originals: ReadonlyMap<string, string>,
): string {
  const { depth, parent_missing: parentMissing, tombstone } = row;
  const tree = `,"depth":${String(depth)},"parent_missing":${String(parentMissing)},"tombstone":${String(tombstone)}}`;
  if (tombstone === true) {
    const keys = {
      id: row['id'],
      created_utc: Number(row['created_utc']) / 1000,
      link_id: row['link_id'],
      parent_id: row['parent_id'],
      ...(kind === 'comments' ? { body: null } : { selftext: null }),
    };
    return JSON.stringify(keys).slice(0, -1) + tree;
  }
  return (originals.get(row['author_flair_text'] as string) ?? '').slice(0, -1) + tree;
}

function withTimes(columns: readonly Column[], row: Row): Readonly<Record<string, Value>> {
  const values = columns.map(({ name, type }, index) => {
    const value = row[index] ?? null;
    const isTime = type === 'timestamp' && value !== null;
    return [name, isTime ? new Date(Number(value)).toISOString().replace('.000Z', 'Z') : value] as const;
  });
  return Object.fromEntries(values);
}
