"""zstd -dc | DuckDB: read_ndjson of standard input with declared columns, filter, COPY TO zstd Parquet."""
import duckdb

from spec import Spec

TYPES = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "timestamp": "BIGINT",
    "edited": "VARCHAR",
}


def expression(column):
    name, kind, sources = column["name"], column["type"], column["sources"]
    if name == "edited":
        return "CASE edited WHEN 'false' THEN false WHEN 'true' THEN true ELSE TRY_CAST(edited AS DOUBLE) > 0 END AS edited"
    if name == "edited_utc":
        return "epoch_ms(TRY_CAST(edited AS DOUBLE)::BIGINT * 1000) AS edited_utc"
    if kind == "timestamp":
        return f"epoch_ms(COALESCE({', '.join(sources)}) * 1000) AS {name}"
    return name


spec = Spec()
declared = ", ".join(f"'{name}': '{TYPES[kind]}'" for name, kind in spec.fields.items())
gone = "('[deleted]', '[removed]')"
where = (
    f"coalesce(author NOT IN {gone}, true) AND coalesce({spec.text} NOT IN {gone}, true) "
    f"AND coalesce(score >= {spec.min_score}, true)"
)
if not spec.comments:
    where += " AND removed_by_category IS NULL"
duckdb.sql(
    f"COPY (SELECT {', '.join(map(expression, spec.columns))} "
    f"FROM read_ndjson('/dev/stdin', columns = {{{declared}}}, maximum_object_size = 16777216) WHERE {where}) "
    f"TO '{spec.out}' (FORMAT parquet, COMPRESSION zstd)"
)
