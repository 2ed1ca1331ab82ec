"""What every peer is asked for: the columns and filter of threadmill, as JSON in the first argument (see ../suite/peer-rows.ts)."""
import json
import sys


class Spec:
    """kind, out, archive, min_score; columns: [{name, type, sources}] in order."""

    def __init__(self):
        given = json.loads(sys.argv[1])
        self.kind = given["kind"]
        self.out = given["out"]
        self.archive = given["archive"]
        self.min_score = given["minScore"]
        self.columns = given["columns"]

    @property
    def comments(self):
        return self.kind == "comments"

    @property
    def text(self):
        return "body" if self.comments else "selftext"

    @property
    def fields(self):
        """Source field -> column type; `edited` is a boolean or a time, so it has none. Every source is read once."""
        found = {}
        for column in self.columns:
            for source in column["sources"]:
                found[source] = "edited" if source == "edited" else column["type"]
        if not self.comments:
            found["removed_by_category"] = "string"
        return found
