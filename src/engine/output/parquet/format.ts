import { columnsOf } from '../../../core/columns.ts';
import type { Column } from '../../../core/columns.ts';
import { ByteSink } from '../byte-sink.ts';
import type { ColumnValues } from '../column-buffer.ts';
import type { EncodedStripe, FormatOptions, PartFraming, StripeEncoder } from '../format.ts';
import { ChunkWriter } from './chunk.ts';
import type { ChunkMeta } from './chunk.ts';
import { fileFooter, magic } from './metadata.ts';

/** Format: full pages are looked for after every so many rows; at every row it would cost as much as appending does. */
const pageCheckRows = 16;

/** One stripe is one row group. Memory: a page of values a column, and the compressed row group twice at the end. */
class ParquetEncoder implements StripeEncoder {
  readonly columns: readonly ColumnValues[];
  private readonly chunks: readonly ChunkWriter[];
  private readonly scratch = new ByteSink();
  private readonly group = new ByteSink();
  private readonly filters = new ByteSink();
  private rows = 0;

  constructor(columns: readonly Column[]) {
    this.chunks = columns.map((column) => new ChunkWriter(column));
    this.columns = this.chunks.map(({ values }) => values);
  }

  appendLine(): void {
    throw new TypeError('Cannot append a line to parquet: it takes columns');
  }

  endRow(): void {
    if (++this.rows % pageCheckRows !== 0) return;
    for (const chunk of this.chunks) chunk.endFullPage(this.scratch);
  }

  finish(): EncodedStripe {
    for (const { column, rows } of this.columns) {
      if (rows !== this.rows) {
        throw new TypeError(`Cannot end stripe: column '${column.name}' has ${rows} rows of ${this.rows}`);
      }
    }
    const rows = this.rows;
    const chunks = rows === 0 ? [] : this.finishChunks();
    this.group.push(this.filters.content());
    const stripe = { bytes: this.group.take(), rows, meta: chunks };
    this.scratch.reset();
    this.filters.reset();
    this.rows = 0;
    return stripe;
  }

  private finishChunks(): readonly ChunkMeta[] {
    return this.chunks.map((chunk) => chunk.finish(this.group, this.filters, this.scratch));
  }
}

/** Typed columns as Parquet: zstd pages (V1) of about 1 MiB, dictionaries where they pay, exact statistics, bloom filters. */
export function parquetEncoder(options: FormatOptions): StripeEncoder {
  return parquetEncoderOf(columnsOf(options.kind, options));
}

/** The same for columns of the caller's choice (threads datasets). */
export function parquetEncoderOf(columns: readonly Column[]): StripeEncoder {
  return new ParquetEncoder(columns);
}

/** `PAR1`, the row groups, the footer. A stripe without rows makes no row group; a part without rows is still valid. */
export function parquetFraming(options: FormatOptions): PartFraming {
  return parquetFramingOf(columnsOf(options.kind, options));
}

/** The same for columns of the caller's choice. */
export function parquetFramingOf(columns: readonly Column[]): PartFraming {
  return {
    extension: 'parquet',
    header: () => magic.slice(),
    footer: (stripes, keyValues) => {
      const groups = stripes
        .filter(({ stripe }) => stripe.rows > 0)
        // `meta` is what `finish` of this format gave
        .map(({ offset, stripe }) => ({
          offset,
          rows: stripe.rows,
          chunks: stripe.meta as readonly ChunkMeta[],
        }));
      return fileFooter(columns, groups, keyValues);
    },
  };
}
