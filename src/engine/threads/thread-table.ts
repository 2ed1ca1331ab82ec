/** The thread table: one row a thread. */
import type { ColumnBuffer } from '../output/column-buffer.ts';
import type { EncodedStripe, StripeEncoder } from '../output/format.ts';
import type { ThreadFigures } from './arrange.ts';
import type { KeyTable } from './key-table.ts';
import type { PayloadRow } from './payload-reader.ts';
import { appendPayload } from './row-writers.ts';

/** A thread to be written. `submission`: the payload of its submission where that is a row, read. */
interface ThreadAtHand {
  readonly thread: number;
  readonly submission: PayloadRow | null;
  readonly submissionKept: boolean;
  readonly submissionCreatedMs: number;
}

type Append = (at: ThreadAtHand) => void;

export class ThreadTableWriter {
  private readonly encoder: StripeEncoder;
  private readonly appenders: readonly Append[];
  private readonly keys: KeyTable;
  private readonly figures: ThreadFigures;

  /** `encoder`: of `threadTableColumns`, without a row in it. */
  constructor(encoder: StripeEncoder, keys: KeyTable, figures: ThreadFigures, submissions: PayloadRow) {
    this.keys = keys;
    this.figures = figures;
    this.encoder = encoder;
    this.appenders = (encoder.columns ?? []).map((buffer) => this.appenderOf(buffer, submissions));
  }

  write(at: ThreadAtHand): void {
    for (const append of this.appenders) append(at);
    this.encoder.endRow();
  }

  finish(): EncodedStripe {
    return this.encoder.finish();
  }

  private appenderOf(buffer: ColumnBuffer, submissions: PayloadRow): Append {
    const { figures, keys } = this;
    const { name } = buffer.column;
    const count = (values: Uint32Array): Append => {
      return ({ thread }) => {
        buffer.appendNumber(values[thread] as number);
      };
    };
    const time = (values: Float64Array): Append => {
      return ({ thread }) => {
        const value = values[thread] as number;
        if (Number.isNaN(value)) buffer.appendNull();
        else buffer.appendNumber(value);
      };
    };
    switch (name) {
      case 'link_id':
        return ({ thread }) => {
          buffer.appendUtf8(keys.links.bytes, keys.links.start(thread), keys.links.end(thread));
        };
      case 'submission':
        return ({ submission, submissionKept }) => {
          buffer.appendString(submission === null ? 'missing' : submissionKept ? 'kept' : 'tombstone');
        };
      case 'comments_kept':
        return count(figures.commentsKept);
      case 'comments_excluded':
        return count(figures.commentsExcluded);
      case 'comments_missing':
        return count(figures.commentsMissing);
      case 'max_depth':
        return ({ thread }) => {
          const depth = figures.maxDepth[thread] as number;
          if (depth < 0) buffer.appendNull();
          else buffer.appendNumber(depth);
        };
      case 'first_utc':
        return time(figures.first);
      case 'last_utc':
        return time(figures.last);
      case 'created_utc':
        return ({ submission, submissionCreatedMs }) => {
          if (submission === null) buffer.appendNull();
          else buffer.appendNumber(submissionCreatedMs);
        };
      default: {
        const index = submissions.index(name);
        return ({ submission }) => {
          if (submission === null) buffer.appendNull();
          else appendPayload(buffer, submission, index);
        };
      }
    }
  }
}
