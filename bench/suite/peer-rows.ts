/** What a user would pick instead: the same columns and the same filter, by other people's tools. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { columnsOf } from '../../src/core/columns.ts';
import { defaultJobSettings } from '../../src/index.ts';
import { checkRows, type BenchArchive } from './archives.ts';
import { run, runShell, type Ran } from './measure.ts';
import type { Row, RunContext, Sample } from './row.ts';
import type { Tools } from './tools.ts';

const programs = path.resolve(import.meta.dirname, '../peers');

/** The first argument of every Python peer (../peers/spec.py reads it). */
export function specOf({ kind, path: archive }: Pick<BenchArchive, 'kind' | 'path'>, out: string): string {
  const minScore = defaultJobSettings().qualityMinScore;
  return JSON.stringify({ kind, archive, out, minScore, columns: columnsOf(kind, { keepRaw: false }) });
}

interface PythonPeer {
  readonly id: string;
  readonly title: string;
  readonly program: string;
  readonly modules: readonly string[];
  /** It is fed by `zstd -dc`; otherwise it reads the archive itself. */
  readonly piped: boolean;
  readonly extension: 'parquet' | 'csv';
  readonly args?: readonly string[];
  readonly once?: boolean;
}

const pythonPeers: readonly PythonPeer[] = [
  {
    id: 'polars',
    title: '`zstd -dc` → polars → parquet',
    program: 'polars_pipe.py',
    modules: ['polars'],
    piped: true,
    extension: 'parquet',
  },
  {
    id: 'duckdb',
    title: '`zstd -dc` → DuckDB → parquet',
    program: 'duckdb_pipe.py',
    modules: ['duckdb'],
    piped: true,
    extension: 'parquet',
  },
  {
    id: 'chdb',
    title: 'ClickHouse (chdb) → parquet',
    program: 'chdb_local.py',
    modules: ['chdb'],
    piped: false,
    extension: 'parquet',
  },
  {
    id: 'python-orjson',
    title: 'Python loop, orjson → csv',
    program: 'python_loop.py',
    modules: ['zstandard', 'orjson'],
    piped: false,
    extension: 'csv',
    args: ['orjson'],
    once: true,
  },
  {
    id: 'python-json',
    title: 'Python loop, json → csv',
    program: 'python_loop.py',
    modules: ['zstandard'],
    piped: false,
    extension: 'csv',
    args: ['json'],
    once: true,
  },
];

function pythonRow(peer: PythonPeer, archive: BenchArchive, { python, modules }: Tools): Row {
  const missing = peer.modules.filter((name) => modules[name] === undefined);
  const versions = peer.modules.map((name) => `${name} ${modules[name] ?? ''}`).join(', ');
  return {
    id: `${peer.id}@${archive.name}`,
    title: peer.title,
    archive,
    once: peer.once ?? false,
    ...(missing.length > 0 ? { missing: `not installed: ${missing.join(', ')}` } : { note: versions }),
    run: async (context) => {
      const out = path.join(context.folder, `out.${peer.extension}`);
      const program = path.join(programs, peer.program);
      const command = [python ?? 'python3', program, specOf(archive, out), ...(peer.args ?? [])] as const;
      const ran = peer.piped
        ? await runShell(
            'file=$1; shift; zstd -dcq --long=31 "$file" | "$@"',
            [archive.path, ...command],
            context,
          )
        : await run([...command], context);
      if (peer.extension === 'parquet') {
        const { num_rows: rows } = await parquetMetadataAsync(await asyncBufferFromFile(out));
        checkRows(archive, Number(rows));
      }
      return written(ran, out);
    },
  };
}

function written({ seconds, cpuSeconds, peakBytes }: Ran, out: string): Sample {
  return { seconds, cpuSeconds, peakBytes, bytesOut: statSync(out).size };
}

/** A tenth of the work is enough of it: jq starts in milliseconds, so its time goes with the bytes. */
function jqRow(archive: BenchArchive, measuredOn: BenchArchive, { jq }: Tools): Row {
  return {
    id: `jq@${archive.name}`,
    title: '`zstd -dc` → `jq -c`, 8 fields',
    archive,
    measuredOn,
    once: true,
    ...(jq === null ? { missing: 'not installed' } : { note: jq }),
    run: async (context: RunContext) => {
      const out = path.join(context.folder, 'out.jsonl');
      const fields = '{id,created_utc,subreddit,author,link_id,parent_id,body,score}';
      const script = 'zstd -dcq --long=31 "$1" | jq -c "$2" > "$3"';
      return written(await runShell(script, [measuredOn.path, fields, out], context), out);
    },
  };
}

export function peerRows(archive: BenchArchive, small: BenchArchive, tools: Tools): readonly Row[] {
  return [...pythonPeers.map((peer) => pythonRow(peer, archive, tools)), jqRow(archive, small, tools)];
}

/** Those that write Parquet. */
export function parquetPeerRows(archive: BenchArchive, tools: Tools): readonly Row[] {
  return pythonPeers
    .filter(({ extension }) => extension === 'parquet')
    .map((peer) => pythonRow(peer, archive, tools));
}
