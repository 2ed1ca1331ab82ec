/** Rows of a dataset, by readers that know nothing of threadmill. Strings, numbers (timestamps: ms), booleans, nulls. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import zlib from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Column } from '../../src/core/columns.ts';
import type { Manifest } from '../../src/engine/dataset/manifest.ts';
import { readHyparquet } from '../engine/output/readers.ts';
import type { Row, Value } from '../engine/output/part-file.ts';

/** The rows of a DuckDB query. */
export async function query(sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const result = await connection.runAndReadAll(sql);
    return result
      .getRows()
      .map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : (value as Value))));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** All parts at once, as a researcher does. */
export function parquetRows(folder: string, columns: readonly Column[]): Promise<Row[]> {
  const fields = columns.map(({ name, type }) =>
    type === 'timestamp' ? `epoch_ms("${name}")` : `"${name}"`,
  );
  return query(`select ${fields.join(', ')} from read_parquet('${folder}/part-*.parquet')`);
}

/** As much of a manifest as tells how to read its files. */
export interface Files {
  readonly parts: readonly { readonly file: string }[];
  readonly columns: Manifest['columns'];
}

/** The same by hyparquet, part by part. */
export async function hyparquetRows(folder: string, { parts, columns }: Files): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { file } of parts)
    rows.push(...(await readHyparquet(await readFile(path.join(folder, file)), columns)));
  return rows;
}

/** CSV by RFC 4180: an empty field is null, `""` is a string of no characters. */
export async function csvRows(folder: string, { parts, columns }: Files): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { file } of parts) {
    const [header, ...records] = csvRecords(await readFile(path.join(folder, file), 'utf8'));
    if (header?.join() !== columns.map(({ name }) => name).join())
      throw new Error(`The header is ${String(header)}`);
    rows.push(
      ...records.map((fields) => columns.map(({ type }, index) => typed(fields[index] ?? null, type))),
    );
  }
  return rows;
}

function typed(field: string | null, type: Column['type']): Value {
  if (field === null || type === 'string') return field;
  if (type === 'boolean') return field === 'true';
  return type === 'timestamp' ? Date.parse(field) : Number(field);
}

function csvRecords(text: string): readonly (readonly (string | null)[])[] {
  const records: (string | null)[][] = [];
  let record: (string | null)[] = [];
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r?\n)/y;
  while (field.lastIndex < text.length) {
    const at = field.lastIndex;
    const [, value = '', end] = field.exec(text) ?? [];
    if (end === undefined) throw new Error(`No CSV at character ${at}: ${text.slice(at, at + 80)}`);
    record.push(
      value === '' ? null : value.startsWith('"') ? value.slice(1, -1).replaceAll('""', '"') : value,
    );
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

/**
 * The lines of `jsonl` or `jsonl.zst`, parsed. Not by DuckDB, which refuses lines that are no UTF-8: they stand here as they
 * came. A part must fit one frame of 4 MiB, since Node stops behind the first.
 */
export async function jsonRecords(
  folder: string,
  { parts }: Pick<Files, 'parts'>,
): Promise<Record<string, unknown>[]> {
  const records: Record<string, unknown>[] = [];
  for (const { file } of parts) {
    const bytes = await readFile(path.join(folder, file));
    const text = (file.endsWith('.zst') ? zlib.zstdDecompressSync(bytes) : bytes).toString();
    for (const line of text.split('\n').slice(0, -1))
      records.push(JSON.parse(line) as Record<string, unknown>);
  }
  return records;
}
