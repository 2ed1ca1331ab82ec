/** The rows of a dataset's Parquet files, tallied: all of them, or of a large dataset evenly spaced row groups. */
import { zstdDecompressSync } from 'node:zlib';
import {
  parquetMetadataAsync,
  parquetRead,
  type AsyncBuffer,
  type ColumnData,
  type FileMetaData,
} from 'hyparquet';
import { openStored, type StoredFile } from '../engine/storage/stored-file.ts';
import { placeIn } from '../engine/storage/place.ts';
import type { ArchiveKind } from '../core/columns.ts';
import {
  dayOf,
  depthHistogram,
  lengthHistogram,
  Ranking,
  scoreHistogram,
  timeline,
  type Bin,
  type Ranked,
  type Timeline,
} from './tallies.ts';

/** What the rows say. */
export interface RowTallies {
  /** Rows that were looked at, and rows that there are. */
  readonly looked: number;
  readonly rows: number;
  /** ms since 1970; null where no row has a time. */
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Scaled up where not all were looked at. */
  readonly timeline: Timeline;
  readonly scores: readonly Bin[];
  readonly lengths: readonly Bin[];
  /** Empty where the rows have no depth. */
  readonly depths: readonly Bin[];
  readonly subreddits: readonly Ranked[];
  readonly authors: readonly Ranked[];
  /** Different ones among the rows that were looked at; null where they were too many to count. */
  readonly differentAuthors: number | null;
}

export interface ReadRowsOptions {
  readonly kind: ArchiveKind;
  /** Names of the Parquet files in the folder. */
  readonly files: readonly string[];
  /** About as many rows are looked at, at most. */
  readonly rowsMax: number;
  /** Rows that there are, where there are more files. */
  readonly rows?: number | undefined;
}

/** Pages are zstd or plain; Node has the decoder. */
const compressors = { ZSTD: (input: Uint8Array): Uint8Array => zstdDecompressSync(input) };
const shownMax = 15;
/** Of those who have no name any more: no author of anything. */
const nobody = new Set(['[deleted]', '[removed]']);

/** One pass over the footers, one over the chosen row groups; in memory one column of one row group at a time. */
export async function readRows(folder: string, options: ReadRowsOptions): Promise<RowTallies> {
  const files = options.files.map((file) => placeIn(folder, file));
  let rows = 0;
  for (const file of files) rows += await withFooter(file, (_buffer, { num_rows: count }) => Number(count));
  const stride = Math.max(1, Math.ceil(rows / options.rowsMax));
  const tally = new Tally(options.kind);
  let group = 0;
  for (const file of files) {
    await withFooter(file, async (buffer, metadata) => {
      let rowStart = 0;
      for (const { num_rows: count } of metadata.row_groups) {
        const rowEnd = rowStart + Number(count);
        if (group++ % stride === 0) await tally.addGroup(buffer, metadata, { rowStart, rowEnd });
        rowStart = rowEnd;
      }
    });
  }
  return tally.result(options.rows ?? rows);
}

async function withFooter<T>(
  place: string,
  use: (buffer: AsyncBuffer, metadata: FileMetaData) => Promise<T> | T,
): Promise<T> {
  const file = await openStored(place);
  try {
    const buffer: AsyncBuffer = {
      byteLength: file.bytes,
      slice: (start, end = file.bytes) => bytesOf(file, start, end),
    };
    return await use(buffer, await parquetMetadataAsync(buffer));
  } finally {
    await file.close();
  }
}

async function bytesOf(file: StoredFile, start: number, end: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(end - start);
  return bytes.buffer.slice(0, await file.read(bytes, start));
}

interface RowRange {
  readonly rowStart: number;
  readonly rowEnd: number;
}

class Tally {
  private looked = 0;
  private firstMs = Infinity;
  private lastMs = -Infinity;
  private readonly days = new Map<number, number>();
  private readonly scores = scoreHistogram();
  private readonly lengths = lengthHistogram();
  private readonly depths = depthHistogram();
  private readonly subreddits = new Ranking();
  private readonly authors = new Ranking();
  private readonly textColumn: string;

  constructor(kind: ArchiveKind) {
    this.textColumn = kind === 'comments' ? 'body' : 'title';
  }

  async addGroup(file: AsyncBuffer, metadata: FileMetaData, range: RowRange): Promise<void> {
    this.looked += range.rowEnd - range.rowStart;
    const present = new Set(metadata.schema.map(({ name }) => name));
    const read = (
      columns: readonly string[],
      stringFromBytes?: (bytes: Uint8Array) => unknown,
    ): Promise<void> =>
      parquetRead({
        file,
        metadata,
        columns: columns.filter((name) => present.has(name)),
        ...range,
        compressors,
        parsers: {
          timestampFromMilliseconds: Number,
          ...(stringFromBytes === undefined ? {} : { stringFromBytes }),
        },
        onChunk: (chunk) => {
          this.addColumn(chunk);
        },
      });
    await read(['created_utc', 'score', 'depth', 'subreddit', 'author']);
    // of a text only its length is wanted: no string is made of it
    await read([this.textColumn], (bytes) => bytes.length);
  }

  result(rows: number): RowTallies {
    const scale = this.looked === 0 ? 1 : rows / this.looked;
    const known = this.firstMs <= this.lastMs;
    return {
      looked: this.looked,
      rows,
      firstMs: known ? this.firstMs : null,
      lastMs: known ? this.lastMs : null,
      timeline: timeline(this.days, scale),
      scores: this.scores.bins(),
      lengths: this.lengths.bins(),
      depths: this.depths.bins(),
      subreddits: this.subreddits.top(shownMax),
      authors: this.authors.top(shownMax),
      differentAuthors: this.authors.errorMax === 0 ? this.authors.names : null,
    };
  }

  private addColumn({ columnName, columnData }: ColumnData): void {
    const each = (add: (value: never) => void): void => {
      // null where there is no value
      for (const value of columnData) if (value !== null && value !== undefined) add(value as never);
    };
    switch (columnName) {
      case 'created_utc':
        each((ms: number) => {
          this.addTime(ms);
        });
        break;
      case 'score':
        each((score: number) => {
          this.scores.add(score);
        });
        break;
      case 'depth':
        each((depth: number) => {
          // -1: a submission at the head of its thread
          if (depth >= 0) this.depths.add(depth);
        });
        break;
      case 'subreddit':
        each((name: string) => {
          this.subreddits.add(name);
        });
        break;
      case 'author':
        each((name: string) => {
          if (!nobody.has(name)) this.authors.add(name);
        });
        break;
      default:
        each((bytes: number) => {
          this.lengths.add(bytes);
        });
    }
  }

  private addTime(ms: number): void {
    this.firstMs = Math.min(this.firstMs, ms);
    this.lastMs = Math.max(this.lastMs, ms);
    const day = dayOf(ms);
    this.days.set(day, (this.days.get(day) ?? 0) + 1);
  }
}
