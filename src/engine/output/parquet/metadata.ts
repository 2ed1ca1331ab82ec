import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { Column } from '../../../core/columns.ts';
import type { ChunkBounds } from './bounds.ts';
import type { ChunkMeta } from './chunk.ts';

/** The footer's structure, in hyparquet's words, which are those of parquet.thrift. */
type FileMetaData = Parameters<typeof writeMetadata>[1];
type SchemaElement = FileMetaData['schema'][number];
type RowGroup = FileMetaData['row_groups'][number];
type ColumnChunk = RowGroup['columns'][number];
type PhysicalType = NonNullable<SchemaElement['type']>;

const createdBy = 'threadmill version 0.1.0';
const physicalTypes = {
  string: 'BYTE_ARRAY',
  int32: 'INT32',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  timestamp: 'INT64',
} as const satisfies Record<Column['type'], PhysicalType>;

/** `PAR1`, at both ends of a file. */
export const magic = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

/** A row group: where its bytes stand in the file, and its chunks in the order of the columns. */
export interface RowGroupPlace {
  readonly offset: number;
  readonly rows: number;
  readonly chunks: readonly ChunkMeta[];
}

/**
 * Everything after the last row group: Thrift metadata, its length, `PAR1`.
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift FileMetaData
 */
export function fileFooter(
  columns: readonly Column[],
  groups: readonly RowGroupPlace[],
  keyValues: Readonly<Record<string, string>>,
): Uint8Array {
  const entries = Object.entries(keyValues);
  const metadata: FileMetaData = {
    version: 2,
    schema: [{ name: 'threadmill', num_children: columns.length }, ...columns.map(schemaElement)],
    num_rows: BigInt(groups.reduce((rows, group) => rows + group.rows, 0)),
    row_groups: groups.map((group) => rowGroup(columns, group)),
    ...(entries.length > 0 && { key_value_metadata: entries.map(([key, value]) => ({ key, value })) }),
    created_by: createdBy,
    metadata_length: 0,
  };
  const writer = new ByteWriter();
  writeMetadata(writer, metadata);
  writer.appendBytes(magic);
  return writer.getBytes().slice();
}

function schemaElement({ name, type, required }: Column): SchemaElement {
  const element: SchemaElement = {
    name,
    type: physicalTypes[type],
    repetition_type: required ? 'REQUIRED' : 'OPTIONAL',
  };
  if (type === 'string') return { ...element, converted_type: 'UTF8', logical_type: { type: 'STRING' } };
  if (type === 'timestamp') {
    const logical = { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' } as const;
    return { ...element, converted_type: 'TIMESTAMP_MILLIS', logical_type: logical };
  }
  return element;
}

function rowGroup(columns: readonly Column[], group: RowGroupPlace): RowGroup {
  let offset = group.offset;
  const chunksEnd = group.chunks.reduce((end, { bytes }) => end + bytes, group.offset);
  let filter = chunksEnd;
  const chunks = group.chunks.map((chunk, index) => {
    const start = offset;
    const filterStart = filter;
    offset += chunk.bytes;
    filter += chunk.filterBytes;
    return columnChunk(columns[index] as Column, chunk, { start, filterStart });
  });
  return {
    columns: chunks,
    total_byte_size: BigInt(group.chunks.reduce((bytes, chunk) => bytes + chunk.uncompressedBytes, 0)),
    num_rows: BigInt(group.rows),
    file_offset: BigInt(group.offset),
    total_compressed_size: BigInt(chunksEnd - group.offset),
  };
}

function columnChunk(
  column: Column,
  chunk: ChunkMeta,
  { start, filterStart }: { readonly start: number; readonly filterStart: number },
): ColumnChunk {
  return {
    // deprecated, and the metadata stands in the footer alone: writers give 0
    file_offset: 0n,
    meta_data: {
      type: physicalTypes[column.type],
      encodings: [...chunk.encodings, 'RLE'],
      path_in_schema: [column.name],
      codec: 'ZSTD',
      num_values: BigInt(chunk.rows),
      total_uncompressed_size: BigInt(chunk.uncompressedBytes),
      total_compressed_size: BigInt(chunk.bytes),
      data_page_offset: BigInt(start + chunk.dataOffset),
      ...(chunk.dataOffset > 0 && { dictionary_page_offset: BigInt(start) }),
      ...(chunk.filterBytes > 0 && {
        bloom_filter_offset: BigInt(filterStart),
        bloom_filter_length: chunk.filterBytes,
      }),
      statistics: { null_count: BigInt(chunk.nulls), ...exactBounds(column, chunk.bounds) },
    },
  };
}

/** Zero as a DOUBLE bound takes the sign that covers both zeros (parquet.thrift, ColumnOrder). */
function exactBounds(column: Column, bounds: ChunkBounds | null) {
  if (bounds === null) return {};
  const double = column.type === 'double';
  return {
    min_value: double && bounds.min === 0 ? -0 : bounds.min,
    max_value: double && bounds.max === 0 ? 0 : bounds.max,
    is_min_value_exact: true,
    is_max_value_exact: true,
  };
}
