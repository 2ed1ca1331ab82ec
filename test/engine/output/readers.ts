/** Test helper: independent readers of Parquet. Each gives rows with strings, numbers (timestamps: ms), booleans, nulls. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Column } from '../../../src/core/columns.ts';
import type { Row, Value } from './part-file.ts';

export type Reader = (file: Buffer, columns: readonly Column[]) => Promise<Row[]>;

function withFile<T>(bytes: Buffer, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'threadmill-output-'));
  const path = join(folder, 'part.parquet');
  writeFileSync(path, bytes);
  const remove = () => {
    rmSync(folder, { recursive: true });
  };
  const result = use(path);
  if (result instanceof Promise) return result.finally(remove) as T;
  remove();
  return result;
}

function arrayBufferOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

export const readHyparquet: Reader = async (bytes, columns) => {
  const parsers = { timestampFromMilliseconds: Number };
  const rows = await parquetReadObjects({ file: arrayBufferOf(bytes), compressors, parsers });
  return rows.map((row) => columns.map(({ name }) => (row[name] ?? null) as Value));
};

function duckValue(value: unknown): Value {
  return typeof value === 'bigint' ? Number(value) : (value as Value);
}

const readDuckdb: Reader = (bytes, columns) =>
  withFile(bytes, async (path) => {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    const fields = columns.map(({ name, type }) =>
      type === 'timestamp' ? `epoch_ms("${name}")` : `"${name}"`,
    );
    const result = await connection.runAndReadAll(`select ${fields.join(', ')} from read_parquet('${path}')`);
    const rows = result.getRows().map((row) => row.map(duckValue));
    connection.closeSync();
    return rows;
  });

const script = `
import json, sys
path, library = sys.argv[1], sys.argv[2]
if library == 'pyarrow':
    import pyarrow as pa, pyarrow.parquet as pq
    table = pq.read_table(path)
else:
    import polars
    table = polars.read_parquet(path).to_arrow()
    import pyarrow as pa
out = []
for field, column in zip(table.schema, table.columns):
    if pa.types.is_timestamp(field.type):
        assert field.type.tz == 'UTC' and field.type.unit == 'ms', field
        column = column.cast(pa.int64())
    out.append(column.to_pylist())
json.dump(out, sys.stdout)
`;

function hasPython(library: string): boolean {
  try {
    execFileSync('python3', ['-c', `import ${library}, pyarrow`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function pythonReader(library: string): Reader {
  return (bytes) =>
    withFile(bytes, (path) => {
      const json = execFileSync('python3', ['-c', script, path, library], { maxBuffer: 2 ** 30 });
      const columns = JSON.parse(json.toString()) as Value[][];
      const rows = (columns[0] ?? []).map((_, row) => columns.map((column) => column[row] ?? null));
      return Promise.resolve(rows);
    });
}

/** The JS ones always; the Python ones where they are installed. */
export const readers: ReadonlyMap<string, Reader> = new Map([
  ['hyparquet', readHyparquet],
  ['DuckDB', readDuckdb],
  ...['pyarrow', 'polars'].filter(hasPython).map((library) => [library, pythonReader(library)] as const),
]);
