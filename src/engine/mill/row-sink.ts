/** Where the rows of a stripe go: to columns, to lines, or into the buckets of their threads. */
import type { EncodedStripe, StripeEncoder } from '../output/format.ts';
import { createStripeEncoder } from '../output/format.ts';
import { SpillEncoder } from '../threads/spill-encoder.ts';
import { holdsLines, parentClass, spilledColumns } from '../threads/spill-layout.ts';
import { numberValue, stringValue, type FieldTable } from './fields.ts';
import { rowAppenders } from './row.ts';
import { SplitValue } from './split-value.ts';
import { secondsOf } from './verdict.ts';
import { fieldTableFor, type RowOptions } from './wanted-fields.ts';

/** Takes judged lines: the fields of each, and its own bytes [start, end) without the line feed. */
export interface RowSink {
  readonly fields: FieldTable;
  keep(source: Uint8Array, start: number, end: number): void;
  exclude(source: Uint8Array, start: number, end: number): void;
  finish(): EncodedStripe;
}

/** The sink of a format, for one mill thread. */
export function createRowSink(options: RowOptions): RowSink {
  const { buckets = 0, arranged = true } = options;
  if (buckets > 0) return arranged ? new ThreadSink(options, buckets) : new SplitSink(options, buckets);
  const encoder = createStripeEncoder(options);
  const { columns } = encoder;
  if (columns === null) return new LineSink(fieldTableFor(options, 'rules'), encoder);
  const fields =
    options.columns === undefined
      ? fieldTableFor(options, 'columns')
      : fieldTableFor(
          options,
          'rules',
          columns.map(({ column }) => column),
        );
  return new ColumnSink(fields, encoder, columns);
}

class LineSink implements RowSink {
  readonly fields: FieldTable;
  private readonly encoder: StripeEncoder;

  constructor(fields: FieldTable, encoder: StripeEncoder) {
    this.fields = fields;
    this.encoder = encoder;
  }

  keep(source: Uint8Array, start: number, end: number): void {
    this.encoder.appendLine(source, start, end);
  }

  exclude(): void {
    // no row
  }

  finish(): EncodedStripe {
    return this.encoder.finish();
  }
}

class ColumnSink implements RowSink {
  readonly fields: FieldTable;
  private readonly encoder: StripeEncoder;
  private readonly appenders: ReturnType<typeof rowAppenders>;

  constructor(fields: FieldTable, encoder: StripeEncoder, columns: NonNullable<StripeEncoder['columns']>) {
    this.fields = fields;
    this.encoder = encoder;
    this.appenders = rowAppenders(fields, columns);
  }

  keep(source: Uint8Array, start: number, end: number): void {
    for (const append of this.appenders) append(this.fields, source, start, end);
    this.encoder.endRow();
  }

  exclude(): void {
    // no row
  }

  finish(): EncodedStripe {
    return this.encoder.finish();
  }
}

/** A run of bytes; reused, so that a row makes no objects. */
interface Span {
  source: Uint8Array;
  start: number;
  end: number;
}

const submissionPrefix = Buffer.from('t3_', 'latin1');
const commentPrefix = Buffer.from('t1_', 'latin1');
const nothing = new Uint8Array(0);

class ThreadSink implements RowSink {
  readonly fields: FieldTable;
  private readonly encoder: SpillEncoder;
  private readonly appenders: ReturnType<typeof rowAppenders>;
  private readonly submissions: boolean;
  private readonly id: number;
  private readonly linkId: number;
  private readonly parentId: number;
  private readonly createdUtc: number;
  private readonly value: SplitValue | null;
  private readonly idSpan: Span = { source: nothing, start: 0, end: 0 };
  private readonly linkSpan: Span = { source: nothing, start: 0, end: 0 };

  constructor(options: RowOptions, buckets: number) {
    this.submissions = options.kind === 'submissions';
    this.encoder = new SpillEncoder(spilledColumns(options.kind, options, { threads: true }), buckets);
    const lines = holdsLines(options);
    const chosen = this.encoder.columns.map(({ column }) => column);
    const fewer = !this.submissions && (lines || options.columns !== undefined);
    this.fields = fieldTableFor(options, fewer ? 'tree' : 'columns', chosen);
    const { fields } = this;
    this.appenders = spillAppenders(fields, this.encoder, lines);
    this.value = options.splitBy === undefined ? null : new SplitValue(fields, options.splitBy);
    this.id = fields.slot('id');
    this.createdUtc = fields.slot('created_utc');
    this.linkId = this.submissions ? -1 : fields.slot('link_id');
    this.parentId = this.submissions ? -1 : fields.slot('parent_id');
  }

  keep(source: Uint8Array, start: number, end: number): void {
    this.append(true, source, start, end);
  }

  exclude(source: Uint8Array, start: number, end: number): void {
    this.append(false, source, start, end);
  }

  finish(): EncodedStripe {
    return this.encoder.finish();
  }

  private append(kept: boolean, source: Uint8Array, start: number, end: number): void {
    const { fields, encoder, idSpan, linkSpan } = this;
    spanOf(fields, this.id, idSpan);
    if (this.submissions) nameOf(idSpan, linkSpan);
    else spanOf(fields, this.linkId, linkSpan);
    this.value?.read(fields);
    const createdMs = secondsOf(fields, this.createdUtc) * 1000;
    encoder.beginRow({ kept, createdMs }, linkSpan, idSpan, this.value);
    if (this.submissions) encoder.parent(parentClass.none, nothing, 0, 0);
    else this.appendParent();
    for (const append of this.appenders) append(fields, source, start, end);
    encoder.endRow();
  }

  private appendParent(): void {
    const { fields, encoder, parentId } = this;
    const type = fields.type[parentId];
    if (type === numberValue) {
      // as in row.ts: in some dumps the comment's id without its prefix, in base 10
      const value = fields.number[parentId] as number;
      if (!Number.isSafeInteger(value) || value < 0) {
        encoder.parent(parentClass.none, nothing, 0, 0);
        return;
      }
      const bytes = Buffer.from(`t1_${value.toString(36)}`, 'latin1');
      this.nameParent(bytes, 0, bytes.length);
    } else if (type === stringValue)
      this.nameParent(
        fields.source[parentId] as Uint8Array,
        fields.start[parentId] as number,
        fields.end[parentId] as number,
      );
    else encoder.parent(parentClass.none, nothing, 0, 0);
  }

  private nameParent(source: Uint8Array, start: number, end: number): void {
    const { encoder, linkSpan } = this;
    if (equals(source, start, end, linkSpan)) encoder.parent(parentClass.thread, nothing, 0, 0);
    else if (begins(source, start, end, commentPrefix))
      encoder.parent(parentClass.comment, source, start + commentPrefix.length, end);
    else encoder.parent(parentClass.other, source, start, end);
  }
}

/** Rows for files of their values: a flat dataset that is split. */
class SplitSink implements RowSink {
  readonly fields: FieldTable;
  private readonly encoder: SpillEncoder;
  private readonly appenders: ReturnType<typeof rowAppenders>;
  private readonly value: SplitValue;

  constructor(options: RowOptions, buckets: number) {
    const { splitBy } = options;
    if (splitBy === undefined) throw new TypeError('Cannot split rows: it is not said by what');
    const columns = spilledColumns(options.kind, options, { threads: false });
    const lines = holdsLines(options);
    this.encoder = new SpillEncoder(columns, buckets);
    const all = !lines && options.columns === undefined;
    this.fields = fieldTableFor(options, all ? 'columns' : 'rules', columns);
    this.appenders = spillAppenders(this.fields, this.encoder, lines);
    this.value = new SplitValue(this.fields, splitBy);
  }

  keep(source: Uint8Array, start: number, end: number): void {
    const { fields, encoder, value } = this;
    value.read(fields);
    encoder.beginSplitRow(value);
    for (const append of this.appenders) append(fields, source, start, end);
    encoder.endRow();
  }

  exclude(): void {
    // no row
  }

  finish(): EncodedStripe {
    return this.encoder.finish();
  }
}

function spillAppenders(
  fields: FieldTable,
  encoder: SpillEncoder,
  lines: boolean,
): ReturnType<typeof rowAppenders> {
  return encoder.columns.map((buffer) =>
    lines && buffer.column.name === 'raw'
      ? // as it is, not as valid UTF-8: its format promises the line's own bytes
        (_fields: FieldTable, source: Uint8Array, start: number, end: number): void => {
          buffer.appendUtf8(source, start, end);
        }
      : (rowAppenders(fields, [buffer])[0] as ReturnType<typeof rowAppenders>[number]),
  );
}

function spanOf(fields: FieldTable, slot: number, span: Span): void {
  span.source = fields.source[slot] as Uint8Array;
  span.start = fields.start[slot] as number;
  span.end = fields.end[slot] as number;
}

/** The submission's name: `t3_` and its id. */
function nameOf(id: Span, name: Span): void {
  const length = submissionPrefix.length + id.end - id.start;
  if (name.source.length < length) name.source = new Uint8Array(length * 2);
  name.source.set(submissionPrefix);
  name.source.set(id.source.subarray(id.start, id.end), submissionPrefix.length);
  name.start = 0;
  name.end = length;
}

function equals(source: Uint8Array, start: number, end: number, span: Span): boolean {
  if (end - start !== span.end - span.start) return false;
  for (let at = start, other = span.start; at < end; at++, other++) {
    if (source[at] !== span.source[other]) return false;
  }
  return true;
}

function begins(source: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start <= prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (source[start + at] !== prefix[at]) return false;
  return true;
}
