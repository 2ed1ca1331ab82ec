import type { OutputFormat } from '../../contract/job.ts';
import type { Column } from '../../core/columns.ts';
import { columnsEncoder, type StripeEncoder } from '../output/format.ts';

/** Rows and thread tables of two kinds of jobs. */
const keptMax = 4;

/** Encoders of one thread, kept from bucket to bucket: making their tables costs as much as a small bucket. */
export class KeptEncoders {
  private readonly kept = new Map<string, StripeEncoder>();

  /** An encoder without a row in it, nobody else's until it is given back. */
  take(format: OutputFormat, columns: readonly Column[]): StripeEncoder {
    const key = keyOf(format, columns);
    const found = this.kept.get(key);
    this.kept.delete(key);
    return found ?? columnsEncoder(format, columns);
  }

  /** After its `finish`: one with rows in it is to be dropped. */
  give(format: OutputFormat, columns: readonly Column[], encoder: StripeEncoder): void {
    this.kept.set(keyOf(format, columns), encoder);
    const [oldest] = this.kept.keys();
    if (this.kept.size > keptMax && oldest !== undefined) this.kept.delete(oldest);
  }
}

function keyOf(format: OutputFormat, columns: readonly Column[]): string {
  return JSON.stringify([format, columns]);
}
