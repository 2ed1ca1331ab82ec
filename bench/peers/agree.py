"""Digests of every value of Parquet files, as one reader sees them (see ../agree.ts, which does the same in JavaScript).

Arguments: duckdb | pyarrow | polars, the columns as JSON, the files in order. Prints a JSON list of [rows, digests]: one
digest of a column for each run of `chunk` rows.
"""
import hashlib
import json
import struct
import sys

reader, columns, files = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
chunk = 10_000


def by_duckdb():
    import duckdb

    fields = [f"epoch_ms({c['name']})" if c["type"] == "timestamp" else c["name"] for c in columns]
    rows = duckdb.sql(f"SELECT {', '.join(fields)} FROM read_parquet({files})").fetchall()
    return [list(values) for values in zip(*rows)]


def by_pyarrow():
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.concat_tables([pq.read_table(file) for file in files])
    assert table.column_names == [c["name"] for c in columns], table.column_names
    return [
        (table[c["name"]].cast(pa.int64()) if c["type"] == "timestamp" else table[c["name"]]).to_pylist()
        for c in columns
    ]


def by_polars():
    import polars as pl

    frame = pl.read_parquet(files)
    assert frame.columns == [c["name"] for c in columns], frame.columns
    return [
        (frame[c["name"]].dt.timestamp("ms") if c["type"] == "timestamp" else frame[c["name"]]).to_list()
        for c in columns
    ]


def encoded(value, kind):
    if value is None:
        return b"n"
    if kind == "string":
        text = value.encode()
        return b"s" + struct.pack("<I", len(text)) + text
    if kind == "double":
        return b"d" + struct.pack("<d", value)
    if kind == "boolean":
        assert isinstance(value, bool), value
        return b"t" if value else b"f"
    assert isinstance(value, int), value
    return b"i%d;" % value


def digests(values, kind):
    starts = range(0, len(values), chunk)
    parts = (b"".join(encoded(value, kind) for value in values[at : at + chunk]) for at in starts)
    return [hashlib.sha256(part).hexdigest()[:16] for part in parts]


found = {"duckdb": by_duckdb, "pyarrow": by_pyarrow, "polars": by_polars}[reader]()
print(json.dumps({"rows": len(found[0]), "digests": [digests(v, c["type"]) for v, c in zip(found, columns)]}))
