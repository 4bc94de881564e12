"""The end of a count: what was counted against what was expected when it was counted, and what was not counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sql
from tillstream.domain.inventory.counts import CountedLine, CountPart, StockCount
from tillstream.domain.inventory.movements import DayPart
from tillstream.ports.warehouse import Warehouse


@dataclass(frozen=True)
class Change:
    """Units that a movement or a sale added to the stock. occurred_at: None if only the day is recorded."""

    product: str
    day: date
    occurred_at: datetime | None
    units: Decimal


@dataclass(frozen=True)
class Difference:
    """expected: stock when the line was counted; None if the product was never counted in the store."""

    line: CountedLine
    expected: Decimal | None

    @property
    def units(self) -> Decimal | None:
        return None if self.expected is None else self.line.quantity - self.expected


def changes_since(warehouse: Warehouse, count: StockCount, first_day: date) -> list[Change]:
    """What changed the stock of the store of a count since a day. Raises as `Warehouse.query`."""
    params = {"region": count.region, "store": count.store_id, "first_day": first_day}
    rows = warehouse.query(sql.text("stock/changes_since"), params).to_pylist()
    return [Change(row["product"], row["day"], row["occurred_at"], row["change"]) for row in rows]


def differences(
    count: StockCount, counted: Iterable[CountedLine], levels: Mapping[str, Decimal | None], changes: Iterable[Change]
) -> list[Difference]:
    """Compare each line with the stock at its time: the present one without what changed it afterwards.

    levels: product → units on hand now.
    """
    later: dict[str, list[Change]] = {}
    for change in changes:
        later.setdefault(change.product, []).append(change)
    return [Difference(line, _expected(count, line, levels, later.get(line.product_id, []))) for line in counted]


def uncounted(count: StockCount, counted: Iterable[CountedLine], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Products of the part of a count that were not counted and of which some are expected, or an unknown number.

    rows: product, category and on_hand of the levels of the store.
    """
    if count.part is CountPart.LIST:
        return []
    present = {line.product_id for line in counted}
    return [
        row["product"]
        for row in rows
        if row["product"] not in present
        and row["on_hand"] != 0
        and (count.part is CountPart.WHOLE or row["category"] == count.category)
    ]


def _expected(
    count: StockCount, line: CountedLine, levels: Mapping[str, Decimal | None], changes: Iterable[Change]
) -> Decimal | None:
    on_hand = levels.get(line.product_id)
    if on_hand is None:
        return None
    return on_hand - sum((one.units for one in changes if _is_after(one, count, line)), Decimal(0))


def _is_after(change: Change, count: StockCount, line: CountedLine) -> bool:
    if change.occurred_at is not None:
        return change.occurred_at > line.counted_at
    is_same_day = change.day == line.stock_date and count.day_part is DayPart.BEFORE_OPENING
    return change.day > line.stock_date or is_same_day
