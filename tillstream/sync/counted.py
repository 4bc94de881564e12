"""Sums over the lines of batches, as text: equal on both sides if both ledgers have the same observations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.ports import Ports

EVERY = 2**62
"""Greater than all numbers of settlements."""


@dataclass(frozen=True)
class Ledger:
    """The last settlement of a ledger. Times are ISO 8601 text, empty without a settlement."""

    number: int
    settled_at: str
    """When it was committed."""
    noted_at: str
    """When another settlement, the last one of notes, was committed in this ledger."""

    def has(self, settled_at: str) -> bool:
        """Whether this ledger has the last settlement of notes: another ledger has another time."""
        return self.noted_at == settled_at


_NO_NUMBER = 0
"""For a list of batch numbers that selects nothing, as NO_DAY."""


def whole(ports: Ports, number: int = EVERY) -> dict[str, tuple[date, str]]:
    """Batch → its UTC day of receipt and its sums after a settlement, of all batches that count.

    Reads all sightings.
    """
    return dict(_rows(ports.warehouse.query(sql.text("ledger/counted_batches"), {"number": number})))


def of_batches(ports: Ports, days: Mapping[str, date], number: int = EVERY) -> dict[str, str]:
    """Batch → its sums after a settlement, of those of these batches that count. Reads their business days only.

    days: batch → its UTC day of receipt, at least one.
    """
    params: dict[str, Any] = {"batches": sorted(days), "received": sorted(set(days.values()))}
    days_of_numbers = ports.warehouse.query(sql.text("ledger/numbered_batches"), params)
    numbers = set(days_of_numbers.column("batch_no").to_pylist())
    sale_dates = set(days_of_numbers.column("sale_date").to_pylist()) - {None}
    params |= {
        "number": number,
        "numbers": sorted(numbers) or [_NO_NUMBER],
        "days": sorted(sale_dates) or [NO_DAY],
    }
    return {batch: sums for batch, (_, sums) in _rows(ports.warehouse.query(of_batches_text(), params))}


@cache
def of_batches_text() -> str:
    """The text of sql/ledger/counted_batches, limited to batches: @batches ARRAY<STRING> with their IDs, @numbers
    ARRAY<INT64>, @received ARRAY<DATE>, and @days ARRAY<DATE> with their business days."""
    return limited(
        sql.text("ledger/counted_batches"),
        where(
            {
                "batches": "received_date IN UNNEST(@received) AND batch_id IN UNNEST(@batches)",
                "sightings": "sale_date IN UNNEST(@days) AND batch_no IN UNNEST(@numbers)",
            }
        ),
    )


def ledger(ports: Ports, noted: int, last: int = EVERY) -> Ledger:
    """The last settlement up to `last`, and the time of the settlement `noted`."""
    params = {"noted": noted, "last": last}
    rows = ports.warehouse.query(sql.text("ledger/last_settlement"), params).to_pylist()
    times = {row["settlement_no"]: row["settled_at"].isoformat() for row in rows}
    number = max(times, default=0)
    return Ledger(number, times.get(number, ""), times.get(noted, ""))


def touched(ports: Ports, after: int, last: int) -> dict[str, date]:
    """Batch → its UTC day of receipt, of the batches that these settlements added, corrected or undid; `after` is not
    among them. Reads all batches."""
    rows = ports.warehouse.query(sql.text("ledger/touched_batches"), {"after": after, "last": last})
    return dict(zip(rows.column("batch_id").to_pylist(), rows.column("received_date").to_pylist(), strict=True))


def _rows(table: pa.Table) -> Iterator[tuple[str, tuple[date, str]]]:
    columns = (table.column(name).to_pylist() for name in table.column_names)
    for batch, day, *sums in zip(*columns, strict=True):
        yield batch, (day, " ".join(map(str, sums)))
