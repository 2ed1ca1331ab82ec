/**
 * Test helper: docs/threads.md once more, as SQL over the archives' own lines, by recursion. It shares nothing with the
 * engine; what the engine wrote is read with DuckDB's own reader and compared row by row.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { ThreadsEntry } from '../../../src/contract/threads.ts';

/** Lines to what becomes of them. Every line but the malformed is JSON; one column of a CSV without quotes reads them. */
const judged = (kind: string, file: string): string => `
  select '${kind}' as kind, line,
    json_extract_string(line, '$.id') as id,
    ${kind === 'comments' ? "json_extract_string(line, '$.link_id')" : "'t3_' || json_extract_string(line, '$.id')"} as link,
    case
      when json_type(line, '$.parent_id') = 'VARCHAR' then json_extract_string(line, '$.parent_id')
      when json_type(line, '$.parent_id') in ('UBIGINT', 'BIGINT', 'DOUBLE', 'HUGEINT')
        and parent_number >= 0 and parent_number <= 9007199254740991 and parent_number = floor(parent_number)
        then 't1_' || lower(to_base(parent_number::bigint, 36))
    end as parent,
    try_cast(json_extract_string(line, '$.created_utc') as bigint) as created,
    json_extract_string(line, '$.author') as author,
    json_extract_string(line, '$.${kind === 'comments' ? 'body' : 'selftext'}') as text,
    json_extract_string(line, '$.title') as title,
    (json_extract_string(line, '$.score'))::double as score,
    (json_extract_string(line, '$.author_flair_text')[2:])::int as seq,
    coalesce(author in ('[deleted]', '[removed]') or text in ('[deleted]', '[removed]') or score < -5, false) as excluded
  from (
    select line, try_cast(json_extract_string(line, '$.parent_id') as double) as parent_number
    from (select * from read_csv('${file}', columns = {'line': 'VARCHAR'}, header = false, auto_detect = false,
      delim = '\\x01', quote = '', escape = '', parallel = false, max_line_size = 20000000) where json_valid(line))
  )
  where id <> '' and link <> '' and created is not null
    and ${kind === 'comments' ? 'text' : 'title'} is not null`;

/** In the order of the rules of docs/threads.md. */
const rules = `
  -- 2. the last line of an id has its place
  create or replace temp table latest as
    select * from lines qualify row_number() over (partition by kind, link, id order by seq desc) = 1;
  create or replace temp table duplicates as
    select link, count(*) as n from (
      select *, row_number() over (partition by kind, link, id order by seq desc) as place from lines
    ) where place > 1 and not excluded group by link;
  create or replace temp table heads as select * from latest where kind = 'submissions';
  create or replace temp table comments as select * from latest where kind = 'comments';
  -- 3. the parent
  create or replace temp table parents as
    select c.link, c.id, p.id as parent from comments c join comments p
      on p.link = c.link and c.parent = 't1_' || p.id and c.parent <> c.link;
  -- 4. kept ones and what is above them
  create or replace temp table chosen as
    with recursive up(link, id) as (
      select link, id from comments where not excluded
      union
      select p.link, p.parent from up join parents p on p.link = up.link and p.id = up.id
    ) select c.* from comments c join up on c.link = up.link and c.id = up.id;
  -- 5. cycles
  create or replace temp table reach as
    with recursive r(link, id, above) as (
      select p.link, p.id, p.parent from parents p join chosen c on c.link = p.link and c.id = p.id
      union
      select r.link, r.id, p.parent from r join parents p on p.link = r.link and p.id = r.above
    ) select * from r;
  create or replace temp table cyclic as
    select c.* from chosen c join reach r on r.link = c.link and r.id = c.id and r.above = c.id;
  create or replace temp table cut as
    select x.link, x.id from cyclic x where not exists (
      select 1 from cyclic y join reach r on r.link = x.link and r.id = x.id and r.above = y.id
      where y.link = x.link and (y.created < x.created or (y.created = x.created and y.id < x.id)));
  create or replace temp table edges as
    select p.* from parents p anti join cut on cut.link = p.link and cut.id = p.id;
  create or replace temp table tree as
    with recursive t(link, id, depth, path) as (
      select c.link, c.id, 0, [{'created': c.created, 'id': c.id}]
        from chosen c anti join edges e on e.link = c.link and e.id = c.id
      union all
      select c.link, c.id, t.depth + 1, list_append(t.path, {'created': c.created, 'id': c.id})
        from t join edges e on e.link = t.link and e.parent = t.id
        join chosen c on c.link = e.link and c.id = e.id
    ) select * from t;
  create or replace temp table placed as
    select c.link, c.id, c.parent, c.created, c.seq, c.excluded as tombstone, t.depth, t.path, 'comments' as kind,
      case when c.excluded then null else c.text end as body, null as title,
      t.depth = 0 and (
        c.parent is distinct from c.link or (getvariable('joined') and c.link not in (select link from heads))
      ) as parent_missing
    from tree t join chosen c on c.link = t.link and c.id = t.id
    union all
    select h.link, h.id, null, h.created, h.seq, h.excluded, -1, [], 'submissions',
      case when h.excluded then null else h.text end, h.title, false
    from heads h where not h.excluded or h.link in (select link from chosen);
  create or replace temp table expected as
    select f.file, row_number() over (partition by f.file order by p.link, p.path) - 1 as position,
      p.link, p.id, p.parent, p.created, p.seq, p.tombstone, p.depth, p.parent_missing, p.body, p.title, p.kind
    from placed p join homes f on f.link = p.link;
  create or replace temp table expected_table as
    select p.link, coalesce(case when h.excluded then 'tombstone' when not h.excluded then 'kept' end, 'missing') as submission,
      (select count(*) from comments c where c.link = p.link and not c.excluded) as kept,
      (select count(*) from comments c where c.link = p.link and c.excluded) as excluded,
      count(distinct p.parent) filter (p.kind = 'comments' and p.parent <> p.link and p.parent like 't1\\__%' escape '\\'
        and p.parent not in (select 't1_' || id from comments c where c.link = p.link)) as missing,
      max(p.depth) filter (p.kind = 'comments') as max_depth,
      min(p.created) filter (p.kind = 'comments') as first, max(p.created) filter (p.kind = 'comments') as last,
      any_value(h.title) as title, any_value(h.seq) as seq, any_value(h.created) as created,
      any_value(case when not h.excluded then h.text end) as selftext
    from placed p left join heads h on h.link = p.link group by p.link, h.excluded;
  create or replace temp table expected_counts as
    select f.file,
      (select count(distinct link) from expected e where e.file = f.file) as threads,
      (select count(*) from expected e where e.file = f.file) as rows,
      (select count(*) from expected e where e.file = f.file and tombstone) as tombstones,
      (select count(*) from expected e where e.file = f.file and parent_missing) as orphans,
      (select coalesce(sum(n), 0)::bigint from duplicates d join homes h on h.link = d.link where h.file = f.file) as duplicates,
      (select count(*) from cut d join homes h on h.link = d.link where h.file = f.file) as cycles,
      (select coalesce(greatest(max(depth), 0), 0) from expected e where e.file = f.file) as maxDepth
    from (select distinct file from files) f`;

export interface OracleInput {
  /** Files of lines. */
  readonly comments: string;
  readonly submissions: string | null;
  /** Where the engine's parquet files are. */
  readonly folder: string;
  readonly entries: readonly ThreadsEntry[];
}

/** How much of everything was compared: a test of nothing finds nothing. */
export interface Compared {
  readonly rows: number;
  readonly tombstones: number;
  readonly orphans: number;
  readonly duplicates: number;
  readonly cycles: number;
}

export class SqlOracle {
  private readonly connection: DuckDBConnection;

  private constructor(connection: DuckDBConnection) {
    this.connection = connection;
  }

  static async create(): Promise<SqlOracle> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    return new SqlOracle(await instance.connect());
  }

  close(): void {
    this.connection.closeSync();
  }

  /** @throws Error with the first rows that differ */
  async compare(input: OracleInput): Promise<Compared> {
    await this.expect(input);
    const { folder, entries } = input;
    const list = (names: readonly string[]): string =>
      `[${names.map((name) => `'${path.join(folder, name)}'`).join(', ')}]`;
    const title = input.submissions === null ? 'null' : 'title';
    await this.connection.run(`create or replace temp table actual as
      select parse_filename(filename) as file, file_row_number as position, link_id as link, id, parent_id as parent,
        epoch(created_utc)::bigint as created, author_flair_text[2:]::int as seq, tombstone, depth, parent_missing, body,
        ${title} as title
      from read_parquet(${list(entries.map(({ file }) => file))}, filename = true, file_row_number = true)`);
    await this.same('rows', 'select * exclude (kind) from expected', 'select * from actual');
    await this.connection.run(`create or replace temp table actual_table as
      select parse_filename(filename) as file, file_row_number as position, * exclude (filename, file_row_number)
      from read_parquet(${list(entries.map(({ table }) => table?.file ?? ''))}, filename = true, file_row_number = true)`);
    await this.same(
      'threads',
      'select * from expected_table',
      `select link_id, submission, comments_kept, comments_excluded, comments_missing, max_depth,
        epoch(first_utc)::bigint, epoch(last_utc)::bigint, title, author_flair_text[2:]::int,
        epoch(created_utc)::bigint, selftext from actual_table`,
    );
    await this.same(
      'places of threads',
      `select replace(file, 'threads-', 'thread-table-') as file, link,
        row_number() over (partition by file order by link) - 1 from (select distinct file, link from expected)`,
      'select file, link_id, position from actual_table',
    );
    await this.same(
      'counts',
      'select * from expected_counts',
      'select file, threads, rows, tombstones, orphans, duplicates, cycles, "maxDepth" from files',
    );
    const sums = await this.connection.runAndReadAll(
      `select sum(rows)::int, sum(tombstones)::int, sum(orphans)::int, sum(duplicates)::int, sum(cycles)::int
       from expected_counts`,
    );
    const [rows = 0, tombstones = 0, orphans = 0, duplicates = 0, cycles = 0] = sums.getRows()[0] as number[];
    return { rows, tombstones, orphans, duplicates, cycles };
  }

  private async expect({ comments, submissions, folder, entries }: OracleInput): Promise<void> {
    const { connection } = this;
    await connection.run(`set variable joined = ${String(submissions !== null)}`);
    const both = [judged('comments', comments)];
    if (submissions !== null) both.push(judged('submissions', submissions));
    await connection.run(`create or replace temp table lines as ${both.join(' union all ')}`);
    await this.load(
      folder,
      'files',
      entries,
      'file: "VARCHAR", threads: "BIGINT", rows: "BIGINT", tombstones: "BIGINT", orphans: "BIGINT", duplicates: "BIGINT", cycles: "BIGINT", maxDepth: "BIGINT"',
    );
    const links = await connection.runAndReadAll('select distinct link from lines');
    const homes = links.getRows().map(([link]) => ({
      link,
      file: entries[homeOf(link as string, entries.length)]?.file,
    }));
    await this.load(folder, 'homes', homes, 'link: "VARCHAR", file: "VARCHAR"');
    for (const statement of rules.split(/;\n/)) await connection.run(statement);
  }

  private async load(folder: string, name: string, rows: readonly object[], columns: string): Promise<void> {
    const file = path.join(folder, `oracle-${name}.json`);
    await writeFile(file, JSON.stringify(rows));
    await this.connection.run(
      `create or replace temp table ${name} as select * from read_json('${file}', format = 'array', columns = {${columns}})`,
    );
  }

  private async same(what: string, expected: string, actual: string): Promise<void> {
    const missing = await this.first(`(${expected}) except all (${actual})`);
    const extra = await this.first(`(${actual}) except all (${expected})`);
    if (missing.length + extra.length === 0) return;
    throw new Error(
      `${what} differ\nonly SQL says:\n${missing.join('\n')}\nonly the engine says:\n${extra.join('\n')}`,
    );
  }

  private async first(query: string): Promise<readonly string[]> {
    const result = await this.connection.runAndReadAll(`select * from (${query}) order by all limit 5`);
    return result.getRowsJson().map((row) => JSON.stringify(row));
  }
}

/** The file of a thread, by the definition: FNV-1a and a finishing mix over 32 bits, here in whole numbers without bound. */
export function homeOf(link: string, files: number): number {
  const word = 0xffffffffn;
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.from(link, 'utf8')) hash = ((hash ^ BigInt(byte)) * 0x01000193n) & word;
  hash ^= hash >> 16n;
  hash = (hash * 0x85ebca6bn) & word;
  hash ^= hash >> 13n;
  return Number(hash % BigInt(files));
}
