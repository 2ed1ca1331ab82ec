/** Test helper: lines in DuckDB, which reads their JSON in its own way. */
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';

/** The columns that the checks ask for: of a repeated key the last value, as everywhere here. */
const view = `
  create view line_members as
    select n, key, value, id as place from raw, json_each(raw.text);
  create view fields as
    select n, map_from_entries(list((key, value) order by place)) as m
    from (select n, key, arg_max(value, place) as value, max(place) as place from line_members group by n, key) group by n;
  create view lines as
    select n,
      text_of(m['id']) as id, text_of(m['subreddit']) as subreddit, text_of(m['author']) as author,
      text_of(m['link_id']) as link_id, text_of(m['body']) as body, text_of(m['title']) as title,
      text_of(m['selftext']) as selftext, text_of(m['distinguished']) as distinguished,
      text_of(m['author_flair_text']) as author_flair_text,
      seconds_of(m['created_utc']) as created_utc,
      int_of(m['score']) as score, int_of(m['gilded']) as gilded, int_of(m['num_comments']) as num_comments,
      flag_of(m['stickied']) as stickied, flag_of(m['over_18']) as over_18,
      case when json_type(m['edited']) = 'BOOLEAN' then (m['edited'])::varchar = 'true'
           when number_of(m['edited']) is not null then number_of(m['edited']) > 0 end as edited
    from fields;
`;
const macros = `
  create macro text_of(j) as case when json_type(j) = 'VARCHAR' then json_extract_string(j, '$') end;
  create macro number_of(j) as case when json_type(j) in ('UBIGINT', 'BIGINT', 'HUGEINT', 'DOUBLE') then (j::varchar)::double end;
  create macro int_of(j) as case when number_of(j) = trunc(number_of(j)) and abs(number_of(j)) < 2147483648 then number_of(j)::int end;
  create macro seconds_of(j) as coalesce(number_of(j), try_cast(text_of(j) as double));
  create macro flag_of(j) as case when json_type(j) = 'BOOLEAN' then (j::varchar) = 'true' end;
`;

/** Escaped halves of a character, which DuckDB refuses: with them a line is a row here, where each reads as U+FFFD. */
const loneSurrogate =
  /(?<=(?<!\\)(?:\\\\)*)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})/g;

export class RawLines {
  private readonly instance: DuckDBInstance;
  private readonly connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.instance = instance;
    this.connection = connection;
  }

  /** Lines that are JSON objects, in their order. */
  static async of(lines: readonly string[]): Promise<RawLines> {
    const instance = await DuckDBInstance.create();
    const connection = await instance.connect();
    await connection.run('create table raw (n integer, text varchar)');
    const appender = await connection.createAppender('raw');
    for (const [index, line] of lines.entries()) {
      appender.appendInteger(index);
      appender.appendVarchar(line.replace(loneSurrogate, '\\ufffd'));
      appender.endRow();
    }
    appender.closeSync();
    await connection.run(macros);
    await connection.run(view);
    await connection.run('create table read as select * from lines order by n');
    return new RawLines(instance, connection);
  }

  /** Numbers of the lines, from 0, of which a condition in SQL is true. */
  async where(condition: string): Promise<readonly number[]> {
    const found = await this.connection.runAndReadAll(`select n from read where ${condition} order by n`);
    return found.getRows().map(([n]) => Number(n));
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}
