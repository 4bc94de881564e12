"""Refused rows of a batch that has not settled, as stage wrote them: what a person looks at before deciding."""

import json
from typing import Any

from tillstream.domain.events import STAGING
from tillstream.domain.uploads import State, Upload
from tillstream.ports import Ports

BEFORE_THE_LEDGER = frozenset({State.STAGED, State.HELD, State.REJECTED, State.CANCELLED})
COLUMNS = ("row_number", "line_number", "fix_number", "refused_by", "raw", "problems")


def refused(ports: Ports, upload: Upload, code: str | None, limit: int | None, offset: int) -> list[dict[str, Any]]:
    """As the ledger's rows: in the order of the file, `problems` as JSON text."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    tables = []
    for name in upload.staged.get("refused", []):
        with ports.objects.open(STAGING, name) as stream:
            tables.append(pq.read_table(stream, columns=[*COLUMNS, "outcome"]))
    if not tables:
        return []
    rows = pa.concat_tables(tables)
    rows = rows.filter(pc.equal(rows["outcome"], pa.scalar("quarantined"))).sort_by("row_number").select(COLUMNS)
    if code:
        rows = rows.filter(
            pa.array([json.loads(text.as_py())[0]["code"] == code for text in rows["problems"]], pa.bool_())
        )
    found: list[dict[str, Any]] = rows.slice(offset, limit).to_pylist()
    return found
