/**
 * Feeds the scanner runs of lines as dumps have them, mutated, through one scanner that remembers the lines before, and
 * compares each with `JSON.parse`: the fast path may be unsure, but never wrong. The same lines, cut into blocks anywhere,
 * must make the same stripe.
 */
import assert from 'node:assert/strict';
import { FieldTable } from '../../src/engine/mill/fields.ts';
import { parseLine } from '../../src/engine/mill/parse.ts';
import { LineScanner } from '../../src/engine/mill/scan.ts';
import { planSelection } from '../../src/engine/selection/plan.ts';
import { Selector } from '../../src/engine/selection/selector.ts';
import { StripeMill } from '../../src/engine/mill/stripe-mill.ts';
import type { SelectionSettings } from '../../src/contract/selection.ts';
import type { ArchiveKind } from '../../src/core/columns.ts';
import { generateLines } from '../../samples/generator/generate-lines.ts';
import { createRandom, type Random } from '../../samples/generator/random.ts';
import { valuesOf } from './field-values.ts';

export interface FuzzReport {
  readonly lines: number;
  /** Lines of which the fast path was sure; a fuzzer that makes only nonsense tests nothing. */
  readonly sure: number;
  readonly stripes: number;
}

const below = (random: Random, limit: number): number => random.below(limit);

const pick = <T>(random: Random, items: readonly T[]): T => items[below(random, items.length)] as T;

const values = [
  'null', 'true', 'false', '[]', '{}', '0', '-0', '05', '1e5', '1.5', '-', 'nul', '"', '""', '"\\ud800"', '"\\/"', '"é"',
  '"\u2028"', '[1,{"a":[]}]', '{"a":', '"\\u00zz"', '12345678901234567890', 'NaN', '\t1', '"a\\', "'a'", '"\\ud83d\\ude00"',
] as const; // prettier-ignore
const texts = [
  '"',
  '\\',
  ',',
  ':',
  '{',
  '}',
  '[',
  ']',
  ' ',
  '\t',
  '\r',
  '\0',
  '\x1f',
  '\x7f',
  'é',
  '\ufeff',
] as const;

type Mutation = (line: Buffer, random: Random) => Buffer;

function splice(line: Buffer, at: number, remove: number, insert: Uint8Array): Buffer {
  return Buffer.concat([line.subarray(0, at), insert, line.subarray(at + remove)]);
}

/** Members of a compact line, roughly: where `,"` stands. */
function memberStarts(line: Buffer): readonly number[] {
  const starts: number[] = [];
  for (let at = line.indexOf(',"'); at >= 0; at = line.indexOf(',"', at + 1)) starts.push(at);
  return starts;
}

const mutations: readonly Mutation[] = [
  // one byte is another
  (line, random) => {
    const copy = Buffer.from(line);
    if (copy.length > 0) copy[below(random, copy.length)] = below(random, 256);
    return copy;
  },
  // one bit
  (line, random) => {
    const copy = Buffer.from(line);
    const at = below(random, copy.length);
    if (copy.length > 0) copy[at] = (copy[at] as number) ^ (1 << below(random, 8));
    return copy;
  },
  // cut off, at either end
  (line, random) => line.subarray(0, below(random, line.length + 1)),
  (line, random) => line.subarray(below(random, line.length + 1)),
  // something comes in
  (line, random) => splice(line, below(random, line.length + 1), 0, Buffer.from(pick(random, texts))),
  // a value is another
  (line, random) => {
    const starts = memberStarts(line);
    if (starts.length < 2) return line;
    const which = below(random, starts.length - 1);
    const colon = line.indexOf('":', starts[which]);
    const next = starts[which + 1] as number;
    return colon < 0 || colon > next
      ? line
      : splice(line, colon + 2, next - colon - 2, Buffer.from(pick(random, values)));
  },
  // a member goes, comes twice, or trades places
  (line, random) => {
    const starts = memberStarts(line);
    if (starts.length < 2) return line;
    const which = below(random, starts.length - 1);
    const [start = 0, next = 0] = [starts[which], starts[which + 1]];
    const member = line.subarray(start, next);
    const rest = splice(line, start, next - start, Buffer.alloc(0));
    const kind = below(random, 3);
    if (kind === 0) return rest;
    const at = pick(random, memberStarts(kind === 1 ? line : rest));
    return splice(kind === 1 ? line : rest, at, 0, member);
  },
  // other spacing
  (line, random) => {
    const at = line.indexOf(pick(random, [',', ':', '{', '}']), below(random, line.length + 1));
    return at < 0 ? line : splice(line, at, 0, Buffer.from(pick(random, [' ', '  ', '\t'])));
  },
  // the key is another that begins alike
  (line, random) => {
    const starts = memberStarts(line);
    if (starts.length === 0) return line;
    const colon = line.indexOf('":', pick(random, starts));
    return colon < 0
      ? line
      : splice(
          line,
          colon - below(random, 2),
          below(random, 2),
          Buffer.from(pick(random, ['x', 'id', '\\u0061', 'é'])),
        );
  },
];

/** Line feeds would make two lines of one. */
function oneLine(line: Buffer): Buffer {
  const copy = Buffer.from(line);
  for (let at = copy.indexOf(10); at >= 0; at = copy.indexOf(10, at + 1)) copy[at] = 0x20;
  return copy;
}

const eras = ['2006', '2010', '2015', '2017', '2021', '2023', '2024'] as const;

function basesOf(kind: ArchiveKind, seed: number): readonly Buffer[] {
  return eras.flatMap((era) => {
    const lines: Buffer[] = [];
    for (const line of generateLines({ kind, era, bytes: 60_000, seed, dirty: true, dirtyEvery: 25 })) {
      lines.push(oneLine(Buffer.from(line.subarray(0, line.length - 1))));
    }
    return lines;
  });
}

function mutated(base: Buffer, random: Random): Buffer {
  // half of the lines stay as they are, so that the scanner's model has something to learn from
  let line = base;
  for (let times = below(random, 2) === 0 ? 0 : 1 + below(random, 3); times > 0; times--) {
    line = pick(random, mutations)(line, random);
  }
  return oneLine(line);
}

/** Compares the two paths on every line of a buffer, with one scanner for all; gives how often the fast one was sure. */
function compare(source: Uint8Array, lines: number, kind: ArchiveKind): number {
  const fast = new FieldTable(kind);
  const slow = new FieldTable(kind);
  const scanner = new LineScanner(fast);
  const plans = selections.map((selection) => planSelection(selection, kind)).filter((plan) => plan !== null);
  const [fastSelectors, slowSelectors] = [fast, slow].map((table) =>
    plans.map((plan) => new Selector(plan, kind, table)),
  );
  let sure = 0;
  let at = 0;
  for (let line = 0; line < lines; line++) {
    const end = source.indexOf(10, at);
    const begin = scanner.take(source, at, end + 1);
    const found = scanner.scan(begin);
    const scanned = found < 0 ? -1 : found - begin + at;
    const outcome = parseLine(source, at, end, slow);
    if (scanned >= 0) {
      sure++;
      const text = Buffer.from(source.subarray(at, end)).toString('latin1');
      assert.equal(scanned, end, `scan() ends elsewhere: ${text}`);
      assert.equal(outcome, 'object', `scan() accepts what JSON.parse refuses: ${text}`);
      assert.deepEqual(valuesOf(fast), valuesOf(slow), text);
      assert.deepEqual(
        fastSelectors?.map((selector) => selector.selects(fast)),
        slowSelectors?.map((selector) => selector.selects(slow)),
        text,
      );
    }
    at = end + 1;
  }
  return sure;
}

/** Selections that look at every sort of field. */
const selections: readonly SelectionSettings[] = [
  {},
  { keyword: ['the', 'bb*', 'é'], minScore: 1 },
  { regex: '[aeiou]{2}|\\\\', where: "not stickied or author_flair_text is not null or edited_utc > '2010'" },
  { after: 1_300_000_000, where: "subreddit > 'M' and (score > 0 or gilded is null)" },
];

function milled(
  source: Uint8Array,
  kind: ArchiveKind,
  selection: SelectionSettings,
  cut: (rest: number) => number,
): unknown {
  const mill = new StripeMill({
    format: 'csv',
    kind,
    keepRaw: true,
    extra: true,
    selection: planSelection(selection, kind),
    rules: {
      kind,
      validateTimestamps: true,
      nowSeconds: 1_800_000_000,
      qualityMinScore: -5,
      excludeDeleted: true,
      excludeRemoved: true,
    },
  });
  mill.start(1);
  for (let at = 0; at < source.length;) {
    const bytes = Math.max(1, cut(source.length - at));
    // a copy of its own: what lies beside a block must not matter
    mill.write(Uint8Array.from(source.subarray(at, at + bytes)));
    at += bytes;
  }
  const { encoded, counters, rejects } = mill.finish();
  return {
    text: Buffer.from(encoded.bytes).toString('latin1'),
    counters,
    rejects: rejects.map(({ raw, ...reject }) => ({ ...reject, raw: Buffer.from(raw).toString('latin1') })),
  };
}

const batchLines = 400;

/** Runs about `lines` lines of fuzz from a seed; throws at the first disagreement, with the line. */
export function fuzzLines({ seed, lines }: { readonly seed: number; readonly lines: number }): FuzzReport {
  const random = createRandom(seed);
  const report = { lines: 0, sure: 0, stripes: 0 };
  const bases = { comments: basesOf('comments', seed), submissions: basesOf('submissions', seed) };
  while (report.lines < lines) {
    const kind = pick(random, ['comments', 'submissions'] as const);
    // neighbours of one era, as in a dump
    const from = below(random, bases[kind].length - batchLines / 4);
    const chosen = Array.from(
      { length: batchLines },
      () => bases[kind][from + below(random, batchLines / 4)] as Buffer,
    );
    const source = Buffer.concat(chosen.flatMap((base) => [mutated(base, random), Buffer.from('\n')]));
    report.sure += compare(source, batchLines, kind);
    report.lines += batchLines;
    const selection = pick(random, selections);
    const whole = milled(source, kind, selection, (rest) => rest);
    const most = pick(random, [1 + below(random, 40), 1000, 100_000]);
    assert.deepEqual(
      milled(source, kind, selection, () => 1 + below(random, most)),
      whole,
      'a stripe differs with its blocks',
    );
    report.stripes += 2;
  }
  return report;
}
