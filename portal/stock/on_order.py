"""Units that suppliers are expected to deliver, beside stock levels."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from portal.context import ports
from tillstream.purchasing import expected_units, orders
from tillstream.purchasing.expected_units import COLUMN, key_of

__all__ = ["COLUMN", "added", "streamed", "with_column"]


def added(levels: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The levels of a page with the units on order; only orders of their stores are read."""
    rows = [dict(one) for one in levels]
    units = orders.on_order(ports(), {(row["region"], row["store_id"]) for row in rows})
    return [row | {COLUMN: units.get(key_of(row), Decimal(0))} for row in rows]


def with_column(levels: pa.Table) -> pa.Table:
    """As `added`."""
    return expected_units.with_column(ports(), levels)


def streamed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `added`, for all levels of a file."""
    return expected_units.streamed(ports(), batches)
