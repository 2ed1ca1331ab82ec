import type { RejectReason } from '../../src/core/fates.ts';
import type { Kind } from './months.ts';
import type { LineRecord } from './line-record.ts';

/** What becomes of a line of dirt: `same` stands for the fate of the record it was made of. */
export type DirtFate = 'same' | 'blank' | RejectReason;

/** Bytes put into an archive in place of a clean line, newlines included, and the fate of each line, in order. */
export interface Dirt {
  readonly bytes: string;
  readonly fates: readonly DirtFate[];
}

/** A sort of dirt. `base` is a kept record and `next` the one after it, both as byte strings. */
export interface DirtKind {
  readonly name: string;
  make(base: LineRecord, next: LineRecord, kind: Kind): Dirt;
}

const line = (bytes: string, fate: DirtFate): Dirt => ({ bytes: bytes + '\n', fates: [fate] });
const fixed = (name: string, bytes: string, fate: DirtFate): DirtKind => ({
  name,
  make: () => line(bytes, fate),
});
const changed = (
  name: string,
  fate: DirtFate,
  change: (record: LineRecord, kind: Kind) => string,
): DirtKind => ({
  name,
  make: (base, _next, kind) => line(change(base, kind), fate),
});

const textKey = (kind: Kind): string => (kind === 'comments' ? '"body":' : '"title":');
const intoText = (record: LineRecord, kind: Kind, bytes: string): string =>
  record.line.replace(`${textKey(kind)}"`, (start) => start + bytes);
const withValue = (record: LineRecord, key: string, json: string): string =>
  record.line.replace(new RegExp(`"${key}":("(?:[^"\\\\]|\\\\.)*"|[-\\d.]+|null)`), () => `"${key}":${json}`);
const withId = (record: LineRecord, json: string): string =>
  record.line.replace(`"id":"${record.id}"`, () => `"id":${json}`);

const htmlPage = [
  '<html>',
  '<head><title>502 Bad Gateway</title></head>',
  '<body bgcolor="white">',
  '<center><h1>502 Bad Gateway</h1></center>',
  '</body></html>',
];

/** The sorts of dirt that come again and again, in turn. */
export const dirtKinds: readonly DirtKind[] = [
  fixed('empty-line', '', 'blank'),
  fixed('whitespace-line', ' \t  \t', 'blank'),
  changed('crlf', 'same', ({ line: text }) => text + '\r'),
  fixed('nul-run', '\0'.repeat(4096), 'malformed-json'),
  { name: 'two-objects', make: (base, next) => line(base.line + next.line, 'malformed-json') },
  {
    name: 'html-page',
    make: () => ({ bytes: htmlPage.join('\n') + '\n', fates: htmlPage.map(() => 'malformed-json' as const) }),
  },
  changed('cut-off-line', 'malformed-json', ({ line: text }) => text.slice(0, Math.floor(text.length * 0.6))),
  changed('invalid-utf8', 'same', (record, kind) =>
    intoText(record, kind, 'caf\xe9 \xff\xfe \xf0\x9f\x98 \xc0\xaf '),
  ),
  changed('lone-surrogate', 'same', (record, kind) => intoText(record, kind, '\\ud83d and \\ude02\\ud83d ')),
  changed('control-escapes', 'same', (record, kind) =>
    intoText(record, kind, '\\u0000 \\u2028 \xe2\x80\xa8 \\u0085 '),
  ),
  changed('duplicate-key', 'same', ({ line: text }) => '{"score":-1000,' + text.slice(1)),
  changed('missing-id', 'missing-field', (record) =>
    record.line.replace(`"id":"${record.id}"`, `"id_":"${record.id}"`),
  ),
  changed('missing-created', 'missing-field', ({ line: text }) =>
    text.replace('"created_utc":', '"created_at":'),
  ),
  changed('wrong-type-id', 'missing-field', (record) => withId(record, '{"value":["a"]}')),
  changed('wrong-type-text', 'missing-field', (record, kind) =>
    record.line.replace(textKey(kind), `${textKey(kind)}[1,2],"was":`),
  ),
  changed('wrong-type-score', 'same', (record) => withValue(record, 'score', '"n/a"')),
  changed('time-too-early', 'invalid-timestamp', (record) => withValue(record, 'created_utc', '1000000')),
  changed('time-too-late', 'invalid-timestamp', (record) => withValue(record, 'created_utc', '99999999999')),
  changed('array', 'not-an-object', ({ line: text }) => `[${text}]`),
  fixed('number', '1436284800', 'not-an-object'),
  fixed('null', 'null', 'not-an-object'),
  {
    name: 'duplicate-id',
    make: (base) => ({ bytes: `${base.line}\n${base.line}\n`, fates: ['same', 'same'] }),
  },
];

/** A byte order mark before the first line. */
export const byteOrderMark: DirtKind = {
  name: 'bom',
  make: (base) => line('\xef\xbb\xbf' + base.line, 'same'),
};

/** One line of some 200 KB. */
export const longLine: DirtKind = changed('long-line', 'same', (record, kind) =>
  intoText(record, kind, 'all work and no play '.repeat(9600)),
);

/** The archive's end: a line that breaks off, without a newline. */
export const cutOffLast: DirtKind = {
  name: 'cut-off-last',
  make: (base) => ({
    bytes: base.line.slice(0, Math.floor(base.line.length * 0.7)),
    fates: ['malformed-json'],
  }),
};
