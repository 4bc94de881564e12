"""Units that suppliers are expected to deliver, as a column of stock levels."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa

from tillstream.ports import Ports
from tillstream.purchasing import orders

COLUMN = "on_order"
KEY = ("region", "store_id", "product")
Units = Mapping[tuple[str, str, str], Decimal]
"""Region, store and product → units."""
T = TypeVar("T", pa.Table, pa.RecordBatch)


def with_column(ports: Ports, levels: T, units: Units | None = None) -> T:
    """Levels with the units on order. units: those of all stores, if they were read; else only their stores are."""
    rows = levels.select(list(KEY)).to_pylist()
    if units is None:
        units = orders.on_order(ports, {(row["region"], row["store_id"]) for row in rows})
    column = pa.array([units.get(key_of(row), Decimal(0)) for row in rows], pa.decimal128(38, 9))
    return levels.append_column(COLUMN, column)


def streamed(ports: Ports, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `with_column`, for the levels of all stores."""
    units = orders.on_order(ports)
    for batch in batches:
        yield with_column(ports, batch, units)


def key_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    region, store, product = (row[name] for name in KEY)
    return region, store, product
