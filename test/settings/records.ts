/** Test helper: lines of comments, each a usual one but for what is told of it. */

export const base = {
  id: 'c1',
  link_id: 't3_a',
  parent_id: 't3_a',
  body: 'text',
  author: 'a',
  created_utc: 1_600_000_000,
  score: 1,
};

export type Fields = Readonly<Record<string, unknown>>;

export function lines(...records: readonly Fields[]): string {
  return records.map((record) => `${JSON.stringify({ ...base, ...record })}\n`).join('');
}
