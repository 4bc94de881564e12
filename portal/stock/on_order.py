"""Units that suppliers are expected to deliver, beside stock levels."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa

from portal.context import ports
from tillstream.stock import published_levels, purchase_orders
from tillstream.stock.published_levels import ON_ORDER, level_key


def added(levels: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The levels of a page with the units on order; only orders of their stores are read."""
    rows = [dict(one) for one in levels]
    units = purchase_orders.units_on_order(ports(), {(row["region"], row["store_id"]) for row in rows})
    return [row | {ON_ORDER: units.get(level_key(row), Decimal(0))} for row in rows]


def with_column(levels: pa.Table) -> pa.Table:
    """As `added`."""
    return published_levels.with_units_on_order(ports(), levels)


def streamed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `added`, for all levels of a file."""
    return published_levels.stream_units_on_order(ports(), batches)
