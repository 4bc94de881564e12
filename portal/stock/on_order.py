"""Units that suppliers are expected to deliver, beside stock levels."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa

from portal.context import ports
from tillstream.purchasing import orders

COLUMN = "on_order"
KEY = ("region", "store_id", "product")
Units = Mapping[tuple[str, str, str], Decimal]
"""Region, store and product → units."""
T = TypeVar("T", pa.Table, pa.RecordBatch)


def added(levels: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The levels of a page with the units on order; only orders of their stores are read."""
    rows = [dict(one) for one in levels]
    units = orders.on_order(ports(), {(row["region"], row["store_id"]) for row in rows})
    return [row | {COLUMN: units.get(_key(row), Decimal(0))} for row in rows]


def with_column(levels: T, units: Units | None = None) -> T:
    """As `added`. units: those of all stores, if they were read."""
    rows = levels.select(list(KEY)).to_pylist()
    if units is None:
        units = orders.on_order(ports(), {(row["region"], row["store_id"]) for row in rows})
    column = pa.array([units.get(_key(row), Decimal(0)) for row in rows], pa.decimal128(38, 9))
    return levels.append_column(COLUMN, column)


def streamed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `added`, for all levels of a file."""
    units = orders.on_order(ports())
    for batch in batches:
        yield with_column(batch, units)


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    region, store, product = (row[name] for name in KEY)
    return region, store, product
