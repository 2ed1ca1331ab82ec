/** A stripe's bytes in, its encoded rows, counters and rejects out. No threads here: the mill thread wraps this. */
import { zeroCounters, type Counters, type ExcludeRule, type RejectReason } from '../../core/fates.ts';
import { lineBytesMax, overlongRawBytesMax, stripeRejectsMax } from '../../core/limits.ts';
import type { EncodedStripe, FormatOptions } from '../output/format.ts';
import { ByteSink } from '../output/byte-sink.ts';
import type { UndatedBounds } from '../output/seal.ts';
import type { SelectionPlan } from '../selection/plan.ts';
import { Selector } from '../selection/selector.ts';
import type { FieldTable } from './fields.ts';
import { parseLine } from './parse.ts';
import { createRowSink, type RowSink } from './row-sink.ts';
import { LineScanner, scanBytesMax } from './scan.ts';
import { Judge, type RuleSettings } from './verdict.ts';

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

export interface MillOptions extends FormatOptions {
  readonly rules: RuleSettings;
  /** Null or absent: every line is selected. */
  readonly selection?: SelectionPlan | null;
  /** Lines behind the one that makes so many rows, of all stripes together, are passed over. Absent: none. */
  readonly rowsMax?: number;
}

/** A rejected line. `line` counts from 0 at the stripe's first line: who knows the lines before adds them. */
export interface StripeReject {
  readonly line: number;
  /** Decompressed offset of the line's first byte. */
  readonly offset: number;
  readonly reason: RejectReason;
  readonly field: string | null;
  /** Length of the line; `raw` is shorter for an over-long one. */
  readonly bytes: number;
  /** All of one stripe view one buffer: a buffer each would make handing them over quadratic in their number. */
  readonly raw: Uint8Array<ArrayBuffer>;
}

export interface MilledStripe {
  readonly encoded: EncodedStripe;
  readonly counters: Counters;
  /** At most `stripeRejectsMax`: fewer than the counters say where the job has to end. */
  readonly rejects: readonly StripeReject[];
  readonly undated: UndatedBounds;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Lines of one stripe after another; reused by its thread. Memory: one line of up to `lineBytesMax`, and the encoder's. */
export class StripeMill {
  private readonly sink: RowSink;
  private readonly fields: FieldTable;
  private readonly scanner: LineScanner;
  private readonly judge: Judge;
  private readonly selector: Selector | null;

  /** Without their raw bytes, which stand in `raws` from `rawStart` on. */
  private rejects: (Omit<StripeReject, 'raw'> & { readonly rawStart: number; readonly rawEnd: number })[] =
    [];
  private readonly raws = new ByteSink();
  private rowsLeft: number;
  private lines = 0;
  private kept = 0;
  private blank = 0;
  private excluded: Mutable<Counters['excluded']> = { ...zeroCounters.excluded };
  private rejected: Mutable<Counters['rejected']> = { ...zeroCounters.rejected };

  /** Decompressed offset of the next byte to come. */
  private offset = 0;
  /** The start of a line whose end has not come yet. */
  private carry = new Uint8Array(64 * 1024);
  private carryBytes = 0;
  /** Length so far of a line over `lineBytesMax`, of which only the first bytes are in `carry`; 0 where there is none. */
  private overlongBytes = 0;
  private overlongBlank = true;
  /** Its last byte so far is a CR, which is no part of it where the line ends there. */
  private overlongReturn = false;

  constructor(options: MillOptions) {
    this.sink = createRowSink(options);
    this.fields = this.sink.fields;
    this.scanner = new LineScanner(this.fields);
    const { rules, selection = null, rowsMax = Infinity } = options;
    this.rowsLeft = rowsMax;
    this.selector = selection === null ? null : new Selector(selection, options.kind, this.fields);
    this.judge = new Judge(this.fields, rules, this.selector);
  }

  /** Lines so far in this stripe: what a batch counts. */
  get lineCount(): number {
    return this.lines;
  }

  get rejectCount(): number {
    return this.rejects.length;
  }

  /** There are as many rows as are wanted. */
  get isFull(): boolean {
    return this.rowsLeft === 0;
  }

  /** Starts a stripe whose first line begins at a decompressed offset. */
  start(offset: number): void {
    this.offset = offset;
  }

  /** Takes the next bytes of the stripe; lines may go over the border of two calls anywhere. */
  write(block: Uint8Array): void {
    if (block.length <= scanBytesMax) this.take(block);
    else {
      for (let at = 0; at < block.length; at += scanBytesMax)
        this.take(block.subarray(at, at + scanBytesMax));
    }
  }

  /**
   * Ends the stripe. A last line without a line feed is a line, unless `dropTail` says that damage cut it off. Gives what
   * came since `start`.
   */
  finish(dropTail = false): MilledStripe {
    if (dropTail || this.rowsLeft === 0) this.carryBytes = this.overlongBytes = 0;
    else if (this.carryBytes > 0 || this.overlongBytes > 0) this.endCarried(this.offset);
    const raws = this.rejects.length > 0 ? this.raws.take() : null;
    const milled: MilledStripe = {
      encoded: this.sink.finish(),
      counters: {
        lines: this.lines,
        kept: this.kept,
        excluded: this.excluded,
        rejected: this.rejected,
        blank: this.blank,
      },
      undated: this.judge.takeBounds(),
      rejects:
        raws === null
          ? []
          : this.rejects.map(({ rawStart, rawEnd, ...reject }) => ({
              ...reject,
              raw: raws.subarray(rawStart, rawEnd),
            })),
    };
    this.rejects = [];
    this.lines = this.kept = this.blank = 0;
    this.excluded = { ...zeroCounters.excluded };
    this.rejected = { ...zeroCounters.rejected };
    return milled;
  }

  private take(block: Uint8Array): void {
    if (this.rowsLeft === 0) return;
    let at = 0;
    if (this.carryBytes > 0 || this.overlongBytes > 0) {
      const end = block.indexOf(lineFeed);
      const part = end < 0 ? block : block.subarray(0, end);
      this.extend(part);
      if (end < 0) {
        this.offset += block.length;
        return;
      }
      this.endCarried(this.offset + end);
      at = end + 1;
    }
    const base = this.offset;
    const behind = block.lastIndexOf(lineFeed) + 1;
    if (at < behind) this.takeLines(block, at, behind);
    const rest = Math.max(at, behind);
    if (rest < block.length) this.extend(block.subarray(rest));
    this.offset = base + block.length;
  }

  /** Whole lines [start, end) of the block that begins at `offset`. */
  private takeLines(block: Uint8Array, start: number, end: number): void {
    const { scanner } = this;
    const { bytes } = scanner;
    let at = scanner.take(block, start, end);
    const base = this.offset + start - at;
    const last = at + end - start;
    while (at < last && this.rowsLeft > 0) at = this.line(bytes, at, base + at) + 1;
  }

  private extend(part: Uint8Array): void {
    if (this.overlongBytes === 0 && this.carryBytes + part.length > lineBytesMax + 1) {
      // The bound is on the line without its CR; one byte of slack lets endCarried() judge the border exactly.
      this.overlongBytes = this.carryBytes;
      this.overlongBlank = isBlank(this.carry, 0, this.carryBytes);
    }
    if (this.overlongBytes > 0) {
      this.overlongBytes += part.length;
      if (part.length > 0) this.overlongReturn = part[part.length - 1] === carriageReturn;
      if (this.overlongBlank) this.overlongBlank = isBlank(part, 0, part.length);
      if (this.carryBytes < overlongRawBytesMax) {
        const room = part.subarray(0, overlongRawBytesMax - this.carryBytes);
        this.grow(this.carryBytes + room.length);
        this.carry.set(room, this.carryBytes);
        this.carryBytes += room.length;
      }
      return;
    }
    this.grow(this.carryBytes + part.length + 1);
    this.carry.set(part, this.carryBytes);
    this.carryBytes += part.length;
  }

  private grow(bytes: number): void {
    if (bytes <= this.carry.length) return;
    const larger = new Uint8Array(Math.max(bytes, this.carry.length * 2));
    larger.set(this.carry.subarray(0, this.carryBytes));
    this.carry = larger;
  }

  /** The carried line ends at a decompressed offset (of its line feed, or of the stripe's end). */
  private endCarried(endOffset: number): void {
    const { carry, carryBytes, overlongBytes } = this;
    this.carryBytes = 0;
    this.overlongBytes = 0;
    if (overlongBytes > 0) {
      this.lines++;
      if (this.overlongBlank) this.blank++;
      else
        this.reject(
          'line-too-long',
          null,
          carry,
          0,
          Math.min(carryBytes, overlongRawBytesMax),
          endOffset - overlongBytes,
          overlongBytes - (this.overlongReturn ? 1 : 0),
        );
    } else {
      this.grow(carryBytes + 1);
      this.carry[carryBytes] = lineFeed;
      const offset = endOffset - carryBytes;
      if (carryBytes < scanBytesMax)
        this.line(this.scanner.bytes, this.scanner.take(this.carry, 0, carryBytes + 1), offset);
      else this.line(this.carry, 0, offset);
    }
    if (this.carry.length > 4 * 1024 * 1024) this.carry = new Uint8Array(64 * 1024);
  }

  /** The line that starts at `start`; gives the position of the line feed that ends it, which must be there. */
  private line(source: Uint8Array, start: number, offset: number): number {
    this.lines++;
    if (offset === 0 && hasByteOrderMark(source, start)) {
      start += byteOrderMarkBytes;
      offset = byteOrderMarkBytes;
    }
    // the scanner finds the end by itself; only where it is unsure the line is searched for it
    const scanned = source === this.scanner.bytes ? this.scanner.scan(start) : -1;
    const lineFeedAt = scanned < 0 ? source.indexOf(lineFeed, start) : scanned;
    const end = lineFeedAt > start && source[lineFeedAt - 1] === carriageReturn ? lineFeedAt - 1 : lineFeedAt;
    if (end - start > lineBytesMax && !isBlank(source, start, end)) {
      this.reject('line-too-long', null, source, start, start + overlongRawBytesMax, offset, end - start);
      return lineFeedAt;
    }
    if (scanned < 0) {
      if (isBlank(source, start, end)) {
        this.blank++;
        return lineFeedAt;
      }
      // the job will end here: to throw for each of millions more would only take minutes
      const hopeless = this.rejects.length === stripeRejectsMax;
      const outcome = hopeless ? 'malformed-json' : parseLine(source, start, end, this.fields);
      if (outcome !== 'object') {
        this.reject(outcome, null, source, start, end, offset, end - start);
        return lineFeedAt;
      }
    }
    this.judged(source, start, end, offset);
    return lineFeedAt;
  }

  private judged(source: Uint8Array, start: number, end: number, offset: number): void {
    const verdict = this.judge.judge(this.fields);
    if (verdict.fate === 'kept') {
      this.kept++;
      this.rowsLeft--;
      this.sink.keep(source, start, end);
    } else if (verdict.fate === 'excluded') {
      this.excluded[verdict.rule satisfies ExcludeRule]++;
      // of a thread that is not asked for no row is made: nothing in it can need a tombstone
      if (this.selector?.selectsThread(this.fields) !== false) this.sink.exclude(source, start, end);
    } else {
      this.reject(verdict.reason, verdict.field, source, start, end, offset, end - start);
    }
  }

  private reject(
    reason: RejectReason,
    field: string | null,
    source: Uint8Array,
    start: number,
    end: number,
    offset: number,
    bytes: number,
  ): void {
    this.rejected[reason]++;
    // whoever writes the stripe sees that some are missing, and ends the job
    if (this.rejects.length === stripeRejectsMax) return;
    const rawStart = this.raws.length;
    this.raws.push(source, start, end);
    const rawEnd = this.raws.length;
    this.rejects.push({ line: this.lines - 1, offset, reason, field, bytes, rawStart, rawEnd });
  }
}

const byteOrderMarkBytes = 3;

/** A UTF-8 byte order mark; it may stand at the archive's start, and is no part of the first line. */
function hasByteOrderMark(source: Uint8Array, start: number): boolean {
  return source[start] === 0xef && source[start + 1] === 0xbb && source[start + 2] === 0xbf;
}

/** ASCII white space only: space, tab, CR, VT, FF. */
function isBlank(source: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = source[at] as number;
    if (byte !== 0x20 && byte !== 0x09 && (byte < 0x0b || byte > 0x0d)) return false;
  }
  return true;
}
