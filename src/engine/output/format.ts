/** What a format gives: an encoder per mill thread, and the framing of a part file. */
import { columnsOf, type ArchiveKind, type Column } from '../../core/columns.ts';
import type { OutputFormat } from '../../contract/job.ts';
import type { SplitKey } from '../../contract/split.ts';
import type { ColumnBuffer } from './column-buffer.ts';
import { csvEncoder, csvEncoderOf, csvFraming, csvFramingOf } from './csv.ts';
import { jsonColumnsEncoder } from './json-columns.ts';
import { jsonlFraming, jsonlEncoder } from './jsonl.ts';
import { parquetEncoder, parquetEncoderOf, parquetFraming, parquetFramingOf } from './parquet/format.ts';

export interface FormatOptions {
  readonly format: OutputFormat;
  readonly kind: ArchiveKind;
  readonly keepRaw: boolean;
  /** Rows are shuffled into so many buckets; absent or 0: they stay in the order of their lines. */
  readonly buckets?: number;
  /** In buckets they wait to be arranged in threads; absent: they do. */
  readonly arranged?: boolean | undefined;
  /** In buckets they wait for files of their own for each value of this. */
  readonly splitBy?: SplitKey | undefined;
  /** As in `ColumnChoice`. */
  readonly columns?: readonly string[] | undefined;
  readonly extra?: boolean | undefined;
}

/** The encoded rows of one stripe. `meta` is plain JSON for the part's footer; the ArrayBuffer of `bytes` is theirs alone. */
export interface EncodedStripe {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly rows: number;
  readonly meta: unknown;
}

/**
 * Collects the kept rows of one stripe on a mill thread. Typed formats (and JSON lines of chosen columns) take values through `columns` (one append per
 * column and row, in the order of `columnsOf`); line formats (`columns === null`) take the original line by `appendLine`.
 */
export interface StripeEncoder {
  readonly columns: readonly ColumnBuffer[] | null;
  /** Bytes [start, end) of `source`: the line without its line feed. */
  appendLine(source: Uint8Array, start: number, end: number): void;
  /** Called after each row of a typed format: compresses full pages at once, so that the stripe's end is no stall. */
  endRow(): void;
  /** Encodes what was appended since the last call, and starts anew. Deterministic in what was appended. */
  finish(): EncodedStripe;
}

/** What stands before and after the stripes in a part file. */
export interface PartFraming {
  readonly extension: string;
  header(): Uint8Array;
  /** `offset`: where the stripe's bytes stand in the file. `keyValues` go into the metadata where the format has one. */
  footer(
    stripes: readonly {
      readonly offset: number;
      readonly stripe: Omit<EncodedStripe, 'bytes'>;
      readonly bytes: number;
    }[],
    keyValues: Readonly<Record<string, string>>,
  ): Uint8Array;
}

/** A new encoder of a format, for one mill thread. */
export function createStripeEncoder(options: FormatOptions): StripeEncoder {
  switch (options.format) {
    case 'parquet':
      return parquetEncoder(options);
    case 'csv':
      return csvEncoder(options);
    case 'jsonl':
    case 'jsonl.zst':
      return options.columns === undefined
        ? jsonlEncoder(options)
        : columnsEncoder(options.format, columnsOf(options.kind, options));
    case 'conversations':
      throw threadsOnly();
  }
}

/** The framing of a format's part files. */
export function partFraming(options: FormatOptions): PartFraming {
  switch (options.format) {
    case 'parquet':
      return parquetFraming(options);
    case 'csv':
      return csvFraming(options);
    case 'jsonl':
    case 'jsonl.zst':
      return jsonlFraming(options);
    case 'conversations':
      throw threadsOnly();
  }
}

function threadsOnly(): TypeError {
  return new TypeError('Conversations are made of threads: they have neither columns nor lines of their own');
}

/** An encoder of columns of the caller's choice; line formats write objects. */
export function columnsEncoder(format: OutputFormat, columns: readonly Column[]): StripeEncoder {
  switch (format) {
    case 'parquet':
      return parquetEncoderOf(columns);
    case 'csv':
      return csvEncoderOf(columns);
    case 'jsonl':
    case 'jsonl.zst':
      return jsonColumnsEncoder(columns, jsonlEncoder({ format }));
    case 'conversations':
      throw threadsOnly();
  }
}

/** The framing that goes with {@link columnsEncoder}. */
export function columnsFraming(format: OutputFormat, columns: readonly Column[]): PartFraming {
  switch (format) {
    case 'parquet':
      return parquetFramingOf(columns);
    case 'csv':
      return csvFramingOf(columns);
    case 'jsonl':
    case 'jsonl.zst':
      return jsonlFraming({ format });
    case 'conversations':
      throw threadsOnly();
  }
}
