/** The value of a line that its rows are split by. */
import type { SplitKey } from '../../contract/split.ts';
import { isoTimestamp } from '../output/iso-timestamp.ts';
import type { SplitSpan } from '../threads/spill-encoder.ts';
import { stringValue, type FieldTable } from './fields.ts';
import { secondsOf } from './verdict.ts';

/** The field that a value is made of. */
export const splitFields: Readonly<Record<SplitKey, string>> = {
  subreddit: 'subreddit',
  author: 'author',
  month: 'created_utc',
};

/**
 * The value of the line that was read last, as bytes. Names are brought to lower case (ASCII letters: Reddit allows no others in
 * them), since it knows no two that differ in nothing else; of a name that is no string there is none. A month is `2005-12`, in
 * UTC.
 */
export class SplitValue implements SplitSpan {
  source = new Uint8Array(256);
  readonly start = 0;
  end = 0;
  missing = true;
  private readonly slot: number;
  private readonly isTime: boolean;
  /** Seconds [from, to) of a stretch within the month at hand: lines come in the order of time. */
  private dayFrom = 0;
  private dayTo = 0;

  constructor(fields: FieldTable, by: SplitKey) {
    this.slot = fields.slot(splitFields[by]);
    this.isTime = by === 'month';
  }

  /** Looks at a line that was judged. */
  read(fields: FieldTable): void {
    if (this.isTime) this.readMonth(secondsOf(fields, this.slot));
    else this.readName(fields);
  }

  private readName(fields: FieldTable): void {
    const { slot } = this;
    this.missing = fields.type[slot] !== stringValue;
    if (this.missing) {
      this.end = 0;
      return;
    }
    const source = fields.source[slot] as Uint8Array;
    const [from, to] = [fields.start[slot] as number, fields.end[slot] as number];
    const length = to - from;
    if (this.source.length < length) this.source = new Uint8Array(length * 2);
    const folded = this.source;
    for (let at = 0; at < length; at++) {
      const byte = source[from + at] as number;
      folded[at] = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    }
    this.end = length;
  }

  private readMonth(seconds: number): void {
    this.missing = false;
    if (seconds >= this.dayFrom && seconds < this.dayTo) return;
    this.dayFrom = Math.floor(seconds / 86_400) * 86_400;
    this.dayTo = this.dayFrom + 86_400;
    const text = isoTimestamp(seconds * 1000);
    // years outside of 0 to 9999 have a sign and more digits
    const month = text.slice(0, text.indexOf('T') - 3);
    this.end = Buffer.from(this.source.buffer).write(month, 'latin1');
  }
}
