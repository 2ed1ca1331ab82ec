import { ByteWriter } from 'hyparquet-writer';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';
import type { ByteSink } from '../byte-sink.ts';
import { zstdFrame } from '../zstd-frame.ts';

/** Numbers of Thrift's `Encoding` (parquet.thrift). */
export const encodingIds = {
  PLAIN: 0,
  RLE: 3,
  DELTA_BINARY_PACKED: 5,
  DELTA_BYTE_ARRAY: 7,
  RLE_DICTIONARY: 8,
} as const;
/** Encodings of the values of a page. */
export type PageEncoding = Exclude<keyof typeof encodingIds, 'RLE'>;

export interface PageSpec {
  readonly kind: 'data' | 'dictionary';
  /** Rows of a data page, nulls included; entries of a dictionary page. */
  readonly values: number;
  readonly encoding: PageEncoding;
}

/**
 * Appends a page: header (Thrift compact protocol) and compressed body. Gives the uncompressed size with the header,
 * which is what a chunk's `total_uncompressed_size` adds up.
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift PageHeader, DataPageHeader (V1)
 */
export function pushPage(sink: ByteSink, body: Uint8Array, { kind, values, encoding }: PageSpec): number {
  const compressed = zstdFrame(body);
  const header = new ByteWriter(64);
  const encodingId = encodingIds[encoding];
  serializeTCompactProtocol(header, {
    field_1: kind === 'data' ? 0 : 2,
    field_2: body.length,
    field_3: compressed.length,
    // levels are always RLE; threadmill's columns never repeat
    field_5:
      kind === 'data'
        ? { field_1: values, field_2: encodingId, field_3: encodingIds.RLE, field_4: encodingIds.RLE }
        : undefined,
    field_7: kind === 'dictionary' ? { field_1: values, field_2: encodingId } : undefined,
  });
  const headerBytes = header.getBytes();
  sink.push(headerBytes);
  sink.push(compressed);
  return headerBytes.length + body.length;
}
