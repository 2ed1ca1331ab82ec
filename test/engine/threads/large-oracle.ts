/**
 * Test helper: the SQL check for large archives of many-comments.ts, whose ids come once and have no cycles. Depths by
 * recursion, level by level; order by what makes an order of a tree: each row's parent is the nearest row above it that stands
 * one level higher, and siblings follow by time, then id.
 */
import { DuckDBInstance } from '@duckdb/node-api';

export interface LargeInput {
  /** The archive's lines. */
  readonly archive: string;
  /** One bucket's rows, as parquet. */
  readonly rows: string;
  /** Levels are few enough to go through one by one; else depth is the comment's number in its chain. */
  readonly shape: 'tree' | 'chain';
}

const lines = (archive: string): string => `create temp table lines as
  select id, link_id, parent_id, created_utc, author = '[deleted]' as excluded, author_flair_text[2:]::int as number
  from read_json('${archive}', format = 'newline_delimited', columns = {id: 'VARCHAR', link_id: 'VARCHAR',
    parent_id: 'VARCHAR', created_utc: 'BIGINT', author: 'VARCHAR', author_flair_text: 'VARCHAR'})`;

const actual = (rows: string): string => `create temp table actual as
  select file_row_number as position, id, link_id, parent_id, epoch(created_utc)::bigint as created_utc, depth,
    tombstone, parent_missing, body is null as bodiless
  from read_parquet('${rows}', file_row_number = true)`;

const depths = {
  tree: `create temp table depths as
    with recursive t(name, id, depth, excluded) as (
      select 't1_' || id, id, 0, excluded from lines where parent_id = link_id
      union all
      select 't1_' || l.id, l.id, t.depth + 1, l.excluded from t join lines l on l.parent_id = t.name
    ) select * from t`,
  chain: `create temp table depths as
    select 't1_' || id as name, id, row_number() over (partition by link_id order by number) - 1 as depth, excluded
    from lines`,
} as const;

const chosen = {
  tree: `create temp table chosen as
    with recursive up(id, parent_id) as (
      select id, parent_id from lines where not excluded
      union
      select l.id, l.parent_id from up join lines l on up.parent_id = 't1_' || l.id
    ) select id from up`,
  chain: `create temp table chosen as
    select id from lines l join (
      select link_id, max(number) as deepest from lines where not excluded group by link_id
    ) d on d.link_id = l.link_id and l.number <= d.deepest`,
} as const;

/** Each gives no row where all is well. */
const findings: Readonly<Record<string, string>> = {
  'rows and their columns': `
    select l.id, l.link_id, l.parent_id, l.created_utc, d.depth, l.excluded, false, l.excluded
    from lines l join chosen using (id) join depths d using (id)
    except all select id, link_id, parent_id, created_utc, depth, tombstone, parent_missing, bodiless from actual`,
  'number of rows': `select * from (select (select count(*) from actual) as a, (select count(*) from chosen) as b) where a <> b`,
  'threads in their order': `
    select * from (select link_id, lag(link_id) over (order by position) as before from actual) where before > link_id`,
  'levels without a gap': `
    select * from (select *, lag(depth) over (partition by link_id order by position) as before from actual)
    where depth > coalesce(before, -1) + 1`,
  'parents before their children': `
    select a.id, p.id from (select * from actual where depth > 0) a asof left join actual p
      on p.link_id = a.link_id and p.depth = a.depth - 1 and p.position < a.position
    where a.parent_id is distinct from 't1_' || p.id`,
  'siblings in their order': `
    select * from (
      select id, created_utc, lag(id) over siblings as before, lag(created_utc) over siblings as time_before from actual
      window siblings as (partition by link_id, parent_id order by position)
    ) where time_before > created_utc or (time_before = created_utc and before >= id)`,
};

/** The number of rows compared. @throws Error with the first rows that are not as SQL has them */
export async function compareLarge({ archive, rows, shape }: LargeInput): Promise<number> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    for (const statement of [lines(archive), actual(rows), depths[shape], chosen[shape]])
      await connection.run(statement);
    for (const [what, query] of Object.entries(findings)) {
      const found = (await connection.runAndReadAll(`select * from (${query}) limit 5`)).getRowsJson();
      if (found.length > 0) throw new Error(`${what}: ${found.map((row) => JSON.stringify(row)).join('\n')}`);
    }
    return Number((await connection.runAndReadAll('select count(*) from actual')).getRows()[0]?.[0]);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
