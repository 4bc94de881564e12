"""Stock levels as they are read: now or in the past, with the units that suppliers are expected to deliver."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import pyarrow as pa

from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.stock import purchase_orders

NOW_QUERY, AS_OF_QUERY = "stock-levels", "stock-as-of"
"""Names of the queries."""
ALL_PAGES = "matching"
"""Column of the stock of the past only: the number of rows of all pages."""
_DAY_LENGTH = len("2026-01-31")

ON_ORDER = "on_order"
LEVEL_KEY = ("region", "store_id", "product")
UnitsOnOrder = Mapping[tuple[str, str, str], Decimal]
"""Region, store and product → units."""
T = TypeVar("T", pa.Table, pa.RecordBatch)


def levels_query_at(text: str) -> tuple[str, dict[str, str]]:
    """Name and parameters of the query for stock at a time: empty for now, a day (its end), or an instant, else UTC.

    Raises `Rejected`.
    """
    if not text:
        return NOW_QUERY, {}
    try:
        if len(text) == _DAY_LENGTH:
            return AS_OF_QUERY, {"day": date.fromisoformat(text).isoformat()}
        at = datetime.fromisoformat(text)
        instant = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise Rejected(f"“{text}” is not a day or a time. Write it as 2026-01-31 or 2026-01-31T18:00:00Z.") from error
    return AS_OF_QUERY, {"day": instant.date().isoformat(), "at": instant.isoformat()}


def stream_past_levels(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Stock of the past, with the columns that stock has now too."""
    return (batch.drop_columns([ALL_PAGES]) for batch in batches)


def with_units_on_order(ports: Ports, levels: T, units: UnitsOnOrder | None = None) -> T:
    """Levels with the units on order. units: those of all stores, if they were read; else only their stores are."""
    rows = levels.select(list(LEVEL_KEY)).to_pylist()
    if units is None:
        units = purchase_orders.units_on_order(ports, {(row["region"], row["store_id"]) for row in rows})
    column = pa.array([units.get(level_key(row), Decimal(0)) for row in rows], pa.decimal128(38, 9))
    return levels.append_column(ON_ORDER, column)


def stream_units_on_order(ports: Ports, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As `with_units_on_order`, for the levels of all stores."""
    units = purchase_orders.units_on_order(ports)
    for batch in batches:
        yield with_units_on_order(ports, batch, units)


def level_key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    region, store, product = (row[name] for name in LEVEL_KEY)
    return region, store, product
