"""ClickHouse inside Python (chdb): reads the .zst itself, declared columns, filter, zstd Parquet."""
import chdb

from spec import Spec

TYPES = {
    "string": "Nullable(String)",
    "int32": "Nullable(Int32)",
    "double": "Nullable(Float64)",
    "boolean": "Nullable(Bool)",
    "timestamp": "Nullable(Int64)",
    "edited": "Nullable(String)",
}


def expression(column):
    name, kind, sources = column["name"], column["type"], column["sources"]
    if name == "edited":
        return "multiIf(f.edited = 'false', false, f.edited = 'true', true, toFloat64OrNull(f.edited) > 0)::Nullable(Bool) AS edited"
    if name == "edited_utc":
        return "fromUnixTimestamp64Milli(toInt64(toFloat64OrNull(f.edited)) * 1000, 'UTC') AS edited_utc"
    if kind == "timestamp":
        seconds = ", ".join(f"f.{source}" for source in sources)
        return f"fromUnixTimestamp64Milli(coalesce({seconds}) * 1000, 'UTC') AS {name}"
    return f"f.{name} AS {name}"


spec = Spec()
declared = ", ".join(f"{name} {TYPES[kind]}" for name, kind in spec.fields.items())
gone = "('[deleted]', '[removed]')"
where = (
    f"ifNull(f.author NOT IN {gone}, true) AND ifNull(f.{spec.text} NOT IN {gone}, true) "
    f"AND ifNull(f.score >= {spec.min_score}, true)"
)
if not spec.comments:
    where += " AND f.removed_by_category IS NULL"
chdb.query(
    f"INSERT INTO FUNCTION file('{spec.out}', 'Parquet') "
    f"SELECT {', '.join(map(expression, spec.columns))} "
    f"FROM file('{spec.archive}', 'JSONEachRow', '{declared}') AS f WHERE {where} "
    "SETTINGS zstd_window_log_max = 31, input_format_skip_unknown_fields = 1, engine_file_truncate_on_insert = 1, "
    "output_format_parquet_compression_method = 'zstd', output_format_parquet_string_as_string = 1"
)
