"""Refused rows of a batch that has not settled, as stage wrote them: what a person looks at before deciding.

Where the staging bucket let go of them, there are none to look at.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import NotFound
from tillstream.domain.events import STAGING
from tillstream.ports import Ports

if TYPE_CHECKING:  # light pages ask no rows
    import pyarrow as pa

BEFORE_THE_LEDGER = frozenset({State.STAGED, State.HELD, State.REJECTED, State.CANCELLED})
COLUMNS = ("row_number", "line_number", "fix_number", "refused_by", "raw", "problems")


def refused(ports: Ports, upload: Upload, code: str | None, limit: int | None, offset: int) -> list[dict[str, Any]]:
    """As the ledger's rows: in the order of the file, `problems` as JSON text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    tables = list(_tables(ports, upload.staged.get("refused", []), [*COLUMNS, "outcome"]))
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


def days(ports: Ports, upload: Upload) -> set[tuple[str | None, date]]:
    """The stores and days that a batch which does not count yet would tell, as far as its rows could be read."""
    import pyarrow as pa

    found: set[tuple[str | None, date]] = set()
    names = (*upload.staged.get("accepted", []), *upload.staged.get("refused", []))
    for told in _tables(ports, names, ["store_id", "sale_date"]):
        distinct = pa.TableGroupBy(told, ["store_id", "sale_date"]).aggregate([])
        found |= {(row["store_id"], row["sale_date"]) for row in distinct.to_pylist() if row["sale_date"]}
    return found


def _tables(ports: Ports, names: Iterable[str], columns: Sequence[str]) -> "Iterator[pa.Table]":
    import pyarrow.parquet as pq

    for name in names:
        with suppress(NotFound), ports.objects.open(STAGING, name) as stream:
            yield pq.read_table(stream, columns=list(columns))
