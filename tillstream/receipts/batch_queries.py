"""Queries about the rows of one batch in the ledger, which read only the days of the batch."""

from datetime import date
from functools import cache, cached_property
from typing import Any

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.domain.batch.record import Batch
from tillstream.ports.warehouse import Warehouse

NAMES = ("batch_receipt", "batch_amounts", "batch_problems", "batch_refusals", "identical_lines", "batch_lacking_lines")
_EARLIER = "batch_lacking_lines"
"""Reads other batches, too, which were received on other days."""
_OF_DAYS = {
    "sightings": "sale_date IN UNNEST(@days)",
    "sale_versions": "sale_date IN UNNEST(@days)",
}
_OF_RECEIPT = {
    "batches": "received_date = @received_date",
    "refusals": "received_date = @received_date",
}


@cache
def text(name: str) -> str:
    """The text of sql/ledger/`name`, limited to the days of a batch: @received_date DATE, @days ARRAY<DATE>."""
    rows = _OF_DAYS if name == _EARLIER else _OF_RECEIPT | _OF_DAYS
    return limited(sql.text(f"ledger/{name}"), where(rows))


class BatchQueries:
    """upload: a batch that is not a correction. Its corrections have its day of receipt."""

    def __init__(self, warehouse: Warehouse, upload: Batch) -> None:
        self._warehouse, self._upload = warehouse, upload

    def run(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """Run sql/ledger/`name`, one of `NAMES`. params: its parameters except the batch and the days."""
        values = {"batch_id": self._upload.batch_id, "days": self._days}
        if name != _EARLIER:
            values["received_date"] = self._upload.received_date
        rows: list[dict[str, Any]] = self._warehouse.query(text(name), {**values, **params}).to_pylist()
        return rows

    @cached_property
    def _days(self) -> list[date]:
        values = {"batch_id": self._upload.batch_id, "received_date": self._upload.received_date}
        rows = self._warehouse.query(sql.text("ledger/days_of_batch"), values)
        return rows.column("sale_date").to_pylist() or [NO_DAY]  # of a batch without accepted rows
