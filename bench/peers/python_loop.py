"""The loop of most scripts for these dumps: zstandard, a line at a time, json or orjson, csv. Argument 2: json | orjson."""
import csv
import io
import sys

import zstandard

from spec import Spec

if sys.argv[2] == "orjson":
    from orjson import loads
else:
    from json import loads


def value_of(record, column):
    name = column["name"]
    if name == "edited":
        edited = record.get("edited")
        return edited if isinstance(edited, bool) or edited is None else edited > 0
    if name == "edited_utc":
        edited = record.get("edited")
        return None if isinstance(edited, bool) or edited is None else int(edited)
    for source in column["sources"]:
        value = record.get(source)
        if value is not None:
            return value
    return None


spec = Spec()
text, minimum, columns = spec.text, spec.min_score, spec.columns
plain = [column["sources"][0] for column in columns if column["name"] not in ("edited", "edited_utc", "retrieved_utc")]
easy = set(plain)
gone = {"[deleted]", "[removed]"}
with open(spec.archive, "rb") as file, open(spec.out, "w", newline="") as out:
    writer = csv.writer(out)
    writer.writerow([column["name"] for column in columns])
    stream = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(file)
    for line in io.TextIOWrapper(stream, encoding="utf-8"):
        record = loads(line)
        if record.get("author") in gone or record.get(text) in gone:
            continue
        score = record.get("score")
        if score is not None and score < minimum:
            continue
        if not spec.comments and record.get("removed_by_category") is not None:
            continue
        writer.writerow(
            [record.get(c["name"]) if c["name"] in easy else value_of(record, c) for c in columns]
        )
