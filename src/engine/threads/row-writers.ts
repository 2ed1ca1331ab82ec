/** Rows of threads as the formats want them: columns, or the original lines with the tree's members added. */
import type { OutputFormat } from '../../contract/job.ts';
import { ByteSink } from '../output/byte-sink.ts';
import type { ColumnBuffer } from '../output/column-buffer.ts';
import type { EncodedStripe, StripeEncoder } from '../output/format.ts';
import { pushAscii, pushJsonString } from '../output/json-text.ts';
import { jsonlEncoder } from '../output/jsonl.ts';
import type { PayloadRow } from './payload-reader.ts';
import type { RowAtHand, TakeBytes } from './row-at-hand.ts';

/** Takes rows in their order. */
export interface ThreadRowWriter {
  write(row: RowAtHand): void;
  /** What came since the last call; `last`: no row follows. */
  finish(last: boolean): EncodedStripe;
}

/** The payloads that a writer reads, by kind. */
export interface Payloads {
  readonly comments: PayloadRow;
  readonly submissions: PayloadRow;
}

type Append = (row: RowAtHand) => void;

/** `parquet`, `csv`, and JSON lines of chosen columns: the columns of threads-columns.ts. */
export class ColumnRows implements ThreadRowWriter {
  private readonly encoder: StripeEncoder;
  private readonly appenders: readonly Append[];

  /** `encoder`: of `threadColumns`, without a row in it. */
  constructor(encoder: StripeEncoder, payloads: Payloads) {
    this.encoder = encoder;
    this.appenders = (encoder.columns ?? []).map((buffer) => appenderOf(buffer, payloads));
  }

  write(row: RowAtHand): void {
    for (const append of this.appenders) append(row);
    this.encoder.endRow();
  }

  finish(): EncodedStripe {
    return this.encoder.finish();
  }
}

/** Where a submission's row has its values under another name. */
const submissionNames: Readonly<Record<string, string>> = { body: 'selftext' };

function appenderOf(buffer: ColumnBuffer, payloads: Payloads): Append {
  const take: TakeBytes = (source, start, end) => {
    buffer.appendUtf8(source, start, end);
  };
  const { name } = buffer.column;
  switch (name) {
    case 'id':
      return (row) => {
        row.takeId(take);
      };
    case 'link_id':
      return (row) => {
        row.takeLink(take);
      };
    case 'parent_id':
      return (row) => {
        if (!row.takeParent(take)) buffer.appendNull();
      };
    case 'created_utc':
      return (row) => {
        buffer.appendNumber(row.createdMs);
      };
    case 'depth':
      return (row) => {
        buffer.appendNumber(row.depth);
      };
    case 'parent_missing':
      return (row) => {
        buffer.appendBoolean(row.parentMissing);
      };
    case 'tombstone':
      return (row) => {
        buffer.appendBoolean(!row.kept);
      };
    default: {
      const comment = indexIn(payloads.comments, name);
      const submission = indexIn(payloads.submissions, submissionNames[name] ?? name);
      return (row) => {
        appendPayload(buffer, row.payload, row.submission ? submission : comment);
      };
    }
  }
}

/** -1 where the kind has no such column. */
function indexIn(payload: PayloadRow, name: string): number {
  return payload.columns.findIndex((column) => column.name === name);
}

/** Appends a value of the payload, null where `index` is -1. */
export function appendPayload(buffer: ColumnBuffer, payload: PayloadRow, index: number): void {
  if (index < 0 || payload.isNull[index] === 1) {
    buffer.appendNull();
    return;
  }
  const { type } = buffer.column;
  if (type === 'string')
    buffer.appendUtf8(payload.source, payload.start[index] as number, payload.end[index] as number);
  else if (type === 'boolean') buffer.appendBoolean(payload.number[index] === 1);
  else buffer.appendNumber(payload.number[index] as number);
}

const closingBrace = 0x7d;

/** `jsonl` and `jsonl.zst`: the line with three members more; for a tombstone an object of its keys. */
export class LineRows implements ThreadRowWriter {
  private readonly encoder: StripeEncoder;
  private readonly line = new ByteSink();
  private readonly lineIndex: { readonly comment: number; readonly submission: number };
  private readonly takeText: TakeBytes = (source, start, end) => {
    pushJsonString(this.line, source, start, end);
  };

  constructor(format: OutputFormat, payloads: Payloads) {
    this.encoder = jsonlEncoder({ format });
    this.lineIndex = {
      comment: payloads.comments.index('raw'),
      submission: payloads.submissions.index('raw'),
    };
  }

  write(row: RowAtHand): void {
    if (row.kept) this.pushLine(row);
    else this.pushTombstone(row);
    const { line } = this;
    pushAscii(
      line,
      `,"depth":${row.depth},"parent_missing":${String(row.parentMissing)},"tombstone":${String(!row.kept)}}`,
    );
    this.encoder.appendLine(line.bytes, 0, line.length);
    line.clear();
  }

  finish(): EncodedStripe {
    this.line.reset();
    return this.encoder.finish();
  }

  private pushLine({ payload, submission }: RowAtHand): void {
    const index = submission ? this.lineIndex.submission : this.lineIndex.comment;
    const start = payload.start[index] as number;
    // only white space may follow it
    const end = payload.source.lastIndexOf(closingBrace, (payload.end[index] as number) - 1);
    this.line.push(payload.source, start, Math.max(start, end));
  }

  private pushTombstone(row: RowAtHand): void {
    const { line, takeText } = this;
    pushAscii(line, '{"id":');
    row.takeId(takeText);
    pushAscii(line, `,"created_utc":${row.createdMs / 1000},"link_id":`);
    row.takeLink(takeText);
    pushAscii(line, ',"parent_id":');
    if (!row.takeParent(takeText)) pushAscii(line, 'null');
    pushAscii(line, row.submission ? ',"selftext":null' : ',"body":null');
  }
}
