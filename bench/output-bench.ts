/**
 * Appends and encodes one stripe of comments-like rows again and again: column bytes a second of a format on one thread.
 * Usage: npx node bench/output-bench.ts [parquet|csv|jsonl|jsonl.zst] [stripes]
 */
import type { OutputFormat } from '../src/contract/job.ts';
import type { Column } from '../src/core/columns.ts';
import { columnsOf } from '../src/core/columns.ts';
import { createStripeEncoder } from '../src/engine/output/format.ts';
import type { StripeEncoder } from '../src/engine/output/format.ts';

const rows = 24_000;
const format = (process.argv[2] ?? 'parquet') as OutputFormat;
const stripes = Number(process.argv[3] ?? 12);
const columns = columnsOf('comments', { keepRaw: false });

let state = 42;
function random(): number {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
/** Small numbers far more often, as words and authors are. */
function zipf(count: number): number {
  return Math.floor(count ** random()) - 1;
}

const syllables =
  'the an of to in is re on it be ing er ed ly ment tion con pro de un st ra lo ve mi ka'.split(' ');
const words = Array.from({ length: 30_000 }, () =>
  Array.from(
    { length: 1 + Math.floor(random() * 4) },
    () => syllables[Math.floor(random() * syllables.length)],
  ).join(''),
);
const word = (at: number): string => words[at] ?? '';
function text(meanBytes: number): string {
  const length = -Math.log(1 - random()) * meanBytes;
  let out = '';
  while (out.length < length) out += `${word(zipf(words.length))}${random() < 0.08 ? '. ' : ' '}`;
  return out;
}

function valueOf({ name }: Column, row: number): string | number | boolean | null {
  const thread = 1_000_000 + zipf(8_000);
  switch (name) {
    case 'id':
      return (36_000_000_000 + row * 3).toString(36);
    case 'created_utc':
      return 1_672_531_200_000 + Math.floor(row / 40) * 1000;
    case 'retrieved_utc':
      return 1_675_531_200_000 + Math.floor(row / 100) * 1000;
    case 'subreddit':
    case 'author_flair_text':
      return name === 'subreddit' || random() < 0.2 ? `r_${word(zipf(3_000))}` : null;
    case 'subreddit_id':
      return `t5_${(100_000 + zipf(3_000)).toString(36)}`;
    case 'author':
      return `user_${word(zipf(20_000))}${zipf(3)}`;
    case 'author_fullname':
      return `t2_${(1e9 + zipf(20_000) * 7919).toString(36)}`;
    case 'link_id':
      return `t3_${thread.toString(36)}`;
    case 'parent_id':
      return random() < 0.4
        ? `t3_${thread.toString(36)}`
        : `t1_${(36_000_000_000 + zipf(1e6) * 3).toString(36)}`;
    case 'body':
      return text(200);
    case 'permalink':
      return `/r/${word(zipf(3_000))}/comments/${thread.toString(36)}/${word(thread % 30_000)}_title_here/${row.toString(36)}/`;
    case 'score':
      return zipf(500);
    case 'controversiality':
      return random() < 0.03 ? 1 : 0;
    case 'gilded':
      return 0;
    case 'edited_utc':
      return random() < 0.05 ? 1_672_531_200_000 + row * 25 : null;
    case 'distinguished':
      return random() < 0.02 ? 'moderator' : null;
    default:
      return random() < 0.05;
  }
}

/** A string is [start, end) of `blob`, as the mill has it: a place in a block. */
type Cell = readonly [start: number, end: number] | number | boolean | null;
const blobParts: Buffer[] = [];
let blobBytes = 0;
function place(value: string): Cell {
  const bytes = Buffer.from(value);
  blobParts.push(bytes);
  blobBytes += bytes.length;
  return [blobBytes - bytes.length, blobBytes];
}
const values = Array.from({ length: rows }, (_, row) => columns.map((column) => valueOf(column, row)));
const table: Cell[][] = values.map((row) =>
  row.map((value) => (typeof value === 'string' ? place(value) : value)),
);
const blob = new Uint8Array(Buffer.concat(blobParts));
const lines = values.map((cells) =>
  Buffer.from(JSON.stringify(Object.fromEntries(cells.map((cell, i) => [columns[i]?.name, cell])))),
);
const columnBytes = table.flat().reduce<number>((sum, cell) => {
  if (cell === null) return sum;
  return sum + (typeof cell === 'object' ? cell[1] - cell[0] + 4 : typeof cell === 'boolean' ? 1 : 8);
}, 0);
const lineBytes = lines.reduce((sum, line) => sum + line.length + 1, 0);

function appendRows(encoder: StripeEncoder): void {
  const buffers = encoder.columns;
  if (buffers === null) {
    for (const line of lines) encoder.appendLine(line, 0, line.length);
    return;
  }
  for (const cells of table) {
    for (let i = 0; i < buffers.length; i++) {
      const cell = cells[i] as Cell;
      const buffer = buffers[i] as (typeof buffers)[number];
      if (cell === null) buffer.appendNull();
      else if (typeof cell === 'number') buffer.appendNumber(cell);
      else if (typeof cell === 'boolean') buffer.appendBoolean(cell);
      else buffer.appendUtf8(blob, cell[0], cell[1]);
    }
    encoder.endRow();
  }
}

const encoder = createStripeEncoder({ format, kind: 'comments', keepRaw: false });
const inputBytes = encoder.columns === null ? lineBytes : columnBytes;
const times: { total: number; finish: number }[] = [];
let outputBytes = 0;
for (let stripe = 0; stripe < stripes; stripe++) {
  const start = performance.now();
  appendRows(encoder);
  const appended = performance.now();
  outputBytes = encoder.finish().bytes.length;
  const end = performance.now();
  times.push({ total: end - start, finish: end - appended });
}
times.sort((a, b) => a.total - b.total);
const median = times[Math.floor(times.length / 2)] ?? { total: NaN, finish: NaN };
console.log(
  `${format}: ${(inputBytes / 1e6).toFixed(2)} MB a stripe → ${(outputBytes / 1e6).toFixed(2)} MB; median ${median.total.toFixed(1)} ms ` +
    `(of it finish ${median.finish.toFixed(1)}) = ${(inputBytes / 1e3 / median.total).toFixed(0)} MB/s; best ` +
    `${(inputBytes / 1e3 / (times[0]?.total ?? NaN)).toFixed(0)} MB/s`,
);
