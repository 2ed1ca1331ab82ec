/** Test helper: rows as objects to a table of keys, by way of the spill's own bytes. */
import { zstdDecompressSync } from 'node:zlib';
import type { ArchiveKind } from '../../../src/core/columns.ts';
import { KeyTable } from '../../../src/engine/threads/key-table.ts';
import { SpillEncoder, type SpillBlock } from '../../../src/engine/threads/spill-encoder.ts';
import { parentClass, payloadColumns } from '../../../src/engine/threads/spill-layout.ts';

/** A row. `parent`: `thread`, `t1_…` or another text; absent: none. */
export interface KeyRow {
  readonly id: string;
  readonly link?: string;
  readonly parent?: string;
  readonly seconds?: number;
  readonly excluded?: boolean;
  /** Of the submissions archive. */
  readonly submission?: boolean;
}

/** The rows' keys in their order; comments first, as in a job. */
export function tableOf(rows: readonly KeyRow[]): KeyTable {
  const table = new KeyTable();
  for (const kind of ['comments', 'submissions'] as const) {
    const own = rows.filter(({ submission = false }) => submission === (kind === 'submissions'));
    for (const { keys, rows: count } of spilledKeys(own, kind))
      table.add(keys, count, { kind, split: false });
  }
  return table;
}

/** Blocks of keys as the encoder spills them. */
function spilledKeys(
  rows: readonly KeyRow[],
  kind: ArchiveKind,
): readonly { readonly keys: Buffer; readonly rows: number }[] {
  const encoder = new SpillEncoder(payloadColumns(kind, { format: 'parquet', keepRaw: false }), 1);
  for (const row of rows) appendKeys(encoder, row);
  const { bytes, meta } = encoder.finish();
  let at = 0;
  return (meta as readonly SpillBlock[]).map(({ keysBytes, payloadBytes, rows: count }) => {
    const keys = zstdDecompressSync(bytes.subarray(at, at + keysBytes));
    at += keysBytes + payloadBytes;
    return { keys, rows: count };
  });
}

function appendKeys(encoder: SpillEncoder, row: KeyRow): void {
  const {
    id,
    link = row.submission === true ? `t3_${id}` : 't3_a',
    parent,
    seconds = 0,
    excluded = false,
  } = row;
  encoder.beginRow({ kept: !excluded, createdMs: seconds * 1000 }, span(link), span(id));
  if (parent === undefined) encoder.parent(parentClass.none, Buffer.alloc(0), 0, 0);
  else if (parent === 'thread') encoder.parent(parentClass.thread, Buffer.alloc(0), 0, 0);
  else {
    const isComment = /^t1_./s.test(parent);
    const { source, start, end } = span(isComment ? parent.slice(3) : parent);
    encoder.parent(isComment ? parentClass.comment : parentClass.other, source, start, end);
  }
  for (const column of encoder.columns) column.appendNull();
  encoder.endRow();
}

/** Amid other bytes, as in a line. */
function span(text: string): { source: Buffer; start: number; end: number } {
  const source = Buffer.from(`"${text}"`, 'utf8');
  return { source, start: 1, end: source.length - 1 };
}
