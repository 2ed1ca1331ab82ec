"""zstd -dc | polars: scan_ndjson of standard input with a schema, filter, sink_parquet with zstd."""
import sys

import polars as pl

from spec import Spec

TYPES = {
    "string": pl.String,
    "int32": pl.Int32,
    "double": pl.Float64,
    "boolean": pl.Boolean,
    "timestamp": pl.Int64,
    "edited": pl.String,
}


def expression(column):
    name, kind, sources = column["name"], column["type"], column["sources"]
    seconds = pl.col("edited").cast(pl.Float64, strict=False)
    if name == "edited":
        boolean = pl.when(pl.col("edited") == "false").then(False).when(pl.col("edited") == "true").then(True)
        return boolean.otherwise(seconds > 0).alias(name)
    if name == "edited_utc":
        return pl.from_epoch((seconds * 1000).cast(pl.Int64), time_unit="ms").alias(name)
    if kind == "timestamp":
        return pl.from_epoch(pl.coalesce(sources) * 1000, time_unit="ms").alias(name)
    return pl.col(name)


spec = Spec()
schema = {name: TYPES[kind] for name, kind in spec.fields.items()}
gone = ["[deleted]", "[removed]"]
keep = (
    ~pl.col("author").is_in(gone).fill_null(False)
    & ~pl.col(spec.text).is_in(gone).fill_null(False)
    & (pl.col("score") >= spec.min_score).fill_null(True)
)
if not spec.comments:
    keep = keep & pl.col("removed_by_category").is_null()

frame = pl.scan_ndjson(sys.stdin.buffer, schema=schema).filter(keep)
frame.select([expression(column) for column in spec.columns]).sink_parquet(spec.out, compression="zstd")
