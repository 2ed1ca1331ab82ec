/**
 * DuckDB, pyarrow, polars and hyparquet read our Parquet and agree on every value; DuckDB makes the same rows from the
 * same archive by itself; and how large each column is beside DuckDB's. Fails where they differ.
 * Usage: node bench/agree.ts [archive.zst …]; without: 200 MB of comments, and dirty ones of many years, of both kinds.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { generateArchive } from '../samples/generator/archive.ts';
import { columnsOf, type Column } from '../src/core/columns.ts';
import { inspectArchive } from '../src/engine/archive/inspect.ts';
import type { EngineReport } from './engine-run.ts';
import { archiveOf } from './suite/archives.ts';
import { run, runShell } from './suite/measure.ts';
import { specOf } from './suite/peer-rows.ts';
import { fixed, markdownTable } from './suite/tables.ts';
import { findTools, type Tools } from './suite/tools.ts';

interface Seen {
  readonly rows: number;
  /** By column, one for each run of `chunkRows` rows. */
  readonly digests: readonly (readonly string[])[];
}

const home = path.resolve(import.meta.dirname, '../.bench');
const chunkRows = 10_000;
const options = { timeoutMs: 600_000, signal: new AbortController().signal, gnuTime: null };

async function byHyparquet(files: readonly string[], columns: readonly Column[]): Promise<Seen> {
  const values: unknown[][] = columns.map(() => []);
  for (const file of files) {
    const bytes = new Uint8Array(readFileSync(file)).buffer;
    const parsers = { timestampFromMilliseconds: Number };
    for (const row of await parquetReadObjects({ file: bytes, compressors, parsers }))
      for (const [index, { name }] of columns.entries()) values[index]?.push(row[name] ?? null);
  }
  return {
    rows: values[0]?.length ?? 0,
    digests: columns.map((column, index) => digestsOf(values[index] ?? [], column)),
  };
}

function digestsOf(values: readonly unknown[], { type }: Column): readonly string[] {
  const digests: string[] = [];
  for (let at = 0; at < values.length; at += chunkRows) {
    const hash = createHash('sha256');
    for (const value of values.slice(at, at + chunkRows)) hash.update(encoded(value, type));
    digests.push(hash.digest('hex').slice(0, 16));
  }
  return digests;
}

/** One value as bytes, the same in every language. */
function encoded(value: unknown, type: Column['type']): string | Uint8Array {
  if (value === null) return 'n';
  if (type === 'string') {
    const text = Buffer.from(value as string);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    return Buffer.concat([Buffer.from('s'), length, text]);
  }
  if (type === 'double') {
    const bytes = Buffer.alloc(9, 'd');
    bytes.writeDoubleLE(value as number, 1);
    return bytes;
  }
  if (type === 'boolean') return value === true ? 't' : 'f';
  return `i${Number(value)};`;
}

async function byPython(
  reader: string,
  { python }: Tools,
  files: readonly string[],
  columns: readonly Column[],
): Promise<Seen> {
  const program = path.join(import.meta.dirname, 'peers/agree.py');
  const { stdout } = await run(
    [python ?? 'python3', program, reader, JSON.stringify(columns), ...files],
    options,
  );
  return JSON.parse(stdout) as Seen;
}

/** What differs, in words; empty: nothing. */
function differences(one: Seen, other: Seen, columns: readonly Column[]): readonly string[] {
  if (one.rows !== other.rows) return [`${one.rows} and ${other.rows} rows`];
  return columns.flatMap(({ name }, column) => {
    const chunk = one.digests[column]?.findIndex((digest, at) => digest !== other.digests[column]?.[at]) ?? 0;
    return chunk === -1 ? [] : [`${name}, from row ${chunk * chunkRows} on`];
  });
}

async function duckdbFile(archive: string, folder: string, { python }: Tools): Promise<string> {
  const out = path.join(folder, 'duckdb.parquet');
  const { kind } = await inspectArchive(archive);
  const program = path.join(import.meta.dirname, 'peers/duckdb_pipe.py');
  const command = [python ?? 'python3', program, specOf({ kind, path: archive }, out)];
  await runShell('file=$1; shift; zstd -dcq --long=31 "$file" | "$@"', [archive, ...command], options);
  return out;
}

function columnBytes(files: readonly string[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const file of files) {
    for (const { columns } of parquetMetadata(new Uint8Array(readFileSync(file)).buffer).row_groups) {
      for (const { meta_data: chunk } of columns) {
        const name = chunk?.path_in_schema.join('.') ?? '';
        sizes.set(name, (sizes.get(name) ?? 0) + Number(chunk?.total_compressed_size ?? 0));
      }
    }
  }
  return sizes;
}

function sizeTable(ours: readonly string[], theirs: string): string {
  const [mine, other] = [columnBytes(ours), columnBytes([theirs])];
  const cells = (name: string, one: number, two: number): readonly string[] => [
    name,
    fixed(one / 1e3, 0),
    fixed(two / 1e3, 0),
    fixed(one / two, 2),
  ];
  const total = ours.reduce((sum, file) => sum + statSync(file).size, 0);
  return markdownTable(
    ['column', 'ours, kB', 'DuckDB, kB', '×'],
    [
      ...[...mine].map(([name, bytes]) => cells(name, bytes, other.get(name) ?? NaN)),
      cells('**whole files**', total, statSync(theirs).size),
    ],
  );
}

/** Reads one archive in every way; gives false where two differ. */
async function check(archive: string, tools: Tools, independent: boolean): Promise<boolean> {
  const folder = mkdtempSync(path.join(home, 'agree-'));
  try {
    const { stdout } = await run(
      [process.execPath, path.join(import.meta.dirname, 'engine-run.ts'), archive, folder],
      options,
    );
    const files = (JSON.parse(stdout) as EngineReport).parts.map((name) => path.join(folder, name));
    const columns = columnsOf((await inspectArchive(archive)).kind, { keepRaw: false });
    const first = await byHyparquet(files, columns);
    console.log(
      `\n${path.basename(archive)}: ${first.rows} rows in ${files.length} parts, read by hyparquet`,
    );
    let agreed = true;
    const tell = (who: string, seen: Seen): void => {
      const found = differences(first, seen, columns);
      agreed &&= found.length === 0;
      console.log(`  ${who}: ${found.length === 0 ? 'the same' : `DIFFERS: ${found.join('; ')}`}`);
    };
    for (const reader of ['duckdb', 'pyarrow', 'polars']) {
      if (tools.modules[reader] === undefined) console.log(`  ${reader}: not installed`);
      else tell(`${reader} ${tools.modules[reader]}`, await byPython(reader, tools, files, columns));
    }
    if (independent && tools.modules['duckdb'] !== undefined) {
      const theirs = await duckdbFile(archive, folder, tools);
      tell('what DuckDB makes of the archive itself', await byPython('duckdb', tools, [theirs], columns));
      console.log(`\n${sizeTable(files, theirs)}`);
    }
    return agreed;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every shape that fields had, and lines that can't be read: more than DuckDB's declared columns stand. */
async function dirtyArchives(folder: string): Promise<readonly string[]> {
  const made: string[] = [];
  for (const kind of ['comments', 'submissions'] as const) {
    const file = path.join(folder, `${kind}-2006-2024.zst`);
    await generateArchive({ kind, era: '2006-01..2024-12', bytes: 40e6, seed: 7, dirty: true }, file);
    made.push(file);
  }
  return made;
}

async function main(): Promise<void> {
  const tools = findTools(path.join(home, 'venv'));
  mkdirSync(home, { recursive: true });
  const scratch = mkdtempSync(path.join(home, 'archives-'));
  try {
    const given = process.argv.slice(2);
    const say = console.error;
    const clean =
      given.length > 0
        ? given
        : [
            await archiveOf('comments-200MB', path.join(home, 'archives'), { ...options, say }),
            await archiveOf('submissions-300MB', path.join(home, 'archives'), { ...options, say }),
          ].map((archive) => archive.path);
    let agreed = true;
    for (const archive of clean) agreed = (await check(archive, tools, true)) && agreed;
    if (given.length === 0)
      for (const archive of await dirtyArchives(scratch))
        agreed = (await check(archive, tools, false)) && agreed;
    console.log(agreed ? '\nAll agree.' : '\nThey do not agree.');
    if (!agreed) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
