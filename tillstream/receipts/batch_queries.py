"""Queries about the rows of one batch in the ledger, which read only the days of the batch."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.domain.batch.record import Batch
from tillstream.ports.warehouse import Warehouse

OF_EARLIER = "batch_lacking_lines"
"""It reads also the batches that the ledger had before."""
NAMES = ("batch_receipt", "batch_amounts", "batch_problems", "batch_refusals", "identical_lines", OF_EARLIER)
_ROWS = {
    "batches": "received_date = @received_date",
    "refusals": "received_date = @received_date",
    "sightings": "sale_date IN UNNEST(@days)",
    "sale_versions": "sale_date IN UNNEST(@days)",
}


@cache
def text(name: str) -> str:
    """The text of sql/ledger/`name`, limited to the days of a batch: @received_date DATE, @days ARRAY<DATE>; for
    `OF_EARLIER`, to the days on which any batch with lines of these days was received: @receipt_days ARRAY<DATE>."""
    earlier = {"batches": "received_date IN UNNEST(@receipt_days)"} if name == OF_EARLIER else {}
    return limited(sql.text(f"ledger/{name}"), where(_ROWS | earlier))


class BatchQueries:
    """upload: a batch that is not a correction. Its corrections have its day of receipt."""

    def __init__(self, warehouse: Warehouse, upload: Batch) -> None:
        self._warehouse, self._upload = warehouse, upload

    def run(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """Run sql/ledger/`name`, one of `NAMES`. params: its parameters except the batch and the days."""
        values: dict[str, Any] = {"batch_id": self._upload.batch_id, "days": self._days}
        if name == OF_EARLIER:
            values["days"] = _with_days_between(self._days)
            received = self._warehouse.query(sql.text("ledger/received_for_days"), {"days": values["days"]})
            values["receipt_days"] = received.column("received_date").to_pylist() or [NO_DAY]
        else:
            values["received_date"] = self._upload.received_date
        rows: list[dict[str, Any]] = self._warehouse.query(text(name), {**values, **params}).to_pylist()
        return rows

    @cached_property
    def _days(self) -> list[date]:
        values = {"batch_id": self._upload.batch_id, "received_date": self._upload.received_date}
        rows = self._warehouse.query(sql.text("ledger/days_of_batch"), values)
        return rows.column("sale_date").to_pylist() or [NO_DAY]  # of a batch without accepted rows


def _with_days_between(days: Sequence[date]) -> list[date]:
    """All days from the first to the last one, unless fewer than half of them are among these."""
    first, last = min(days), max(days)
    between = (last - first).days + 1
    return [first + timedelta(number) for number in range(between)] if between < 2 * len(days) else list(days)
