import { isUtf8 } from 'node:buffer';

/** What a plain reader, written apart from the generator, finds in an archive's decompressed bytes. */
export interface Found {
  lines: number;
  blank: number;
  kept: number;
  deleted: number;
  removed: number;
  lowScore: number;
  rejected: Record<string, number>;
  carriageReturns: number;
  nulLines: number;
  invalidUtf8: number;
  repeatedIds: number;
  longestLineBytes: number;
  endsWithNewline: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads every line with JSON.parse and sorts it by the rules of the specification, "What becomes of a line". */
export function classify(bytes: Buffer, kind: 'comments' | 'submissions'): Found {
  const found: Found = {
    lines: 0,
    blank: 0,
    kept: 0,
    deleted: 0,
    removed: 0,
    lowScore: 0,
    rejected: {
      'line-too-long': 0,
      'malformed-json': 0,
      'not-an-object': 0,
      'missing-field': 0,
      'invalid-timestamp': 0,
    },
    carriageReturns: 0,
    nulLines: 0,
    invalidUtf8: 0,
    repeatedIds: 0,
    longestLineBytes: 0,
    endsWithNewline: bytes.at(-1) === 10,
  };
  const ids = new Set<unknown>();
  let start = bytes.subarray(0, 3).toString('hex') === 'efbbbf' ? 3 : 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    const line = bytes.subarray(start, end);
    start = end + 1;
    found.lines += 1;
    found.longestLineBytes = Math.max(found.longestLineBytes, line.length);
    if (line.at(-1) === 13) found.carriageReturns += 1;
    if (line.includes(0)) found.nulLines += 1;
    if (!isUtf8(line)) found.invalidUtf8 += 1;
    const fate = fateOf(line.toString('utf8'), kind, ids, found);
    if (fate in found.rejected) found.rejected[fate] = (found.rejected[fate] ?? 0) + 1;
    else found[fate as 'blank' | 'kept' | 'deleted' | 'removed' | 'lowScore'] += 1;
  }
  return found;
}

function fateOf(text: string, kind: 'comments' | 'submissions', ids: Set<unknown>, found: Found): string {
  if (/^[ \t\r\v\f]*$/.test(text)) return 'blank';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'malformed-json';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not-an-object';
  const record = value as Json;
  const needed = kind === 'comments' ? ['id', 'link_id', 'body'] : ['id', 'title'];
  if (needed.some((key) => typeof record[key] !== 'string')) return 'missing-field';
  if (typeof record['created_utc'] !== 'number' && typeof record['created_utc'] !== 'string')
    return 'missing-field';
  const seconds = Number(record['created_utc']);
  if (!Number.isInteger(seconds) || seconds < 1_119_484_800 || seconds > 1_800_000_000)
    return 'invalid-timestamp';
  if (ids.has(record['id'])) found.repeatedIds += 1;
  ids.add(record['id']);
  const body = kind === 'comments' ? record['body'] : record['selftext'];
  const category = record['removed_by_category'];
  const marks = [record['author'], body];
  if (marks.includes('[deleted]') || category === 'deleted' || category === 'author') return 'deleted';
  if (marks.includes('[removed]') || typeof category === 'string') return 'removed';
  return typeof record['score'] === 'number' && record['score'] < -5 ? 'lowScore' : 'kept';
}
