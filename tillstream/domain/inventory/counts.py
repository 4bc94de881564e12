"""A count of a store in progress: which part of the store is counted, by whom, and its lines."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from tillstream.domain.inventory.movements import DayPart


class CountPart(StrEnum):
    """What a count is about, and so which products that were not counted are listed at its end."""

    WHOLE = "whole store"
    CATEGORY = "category"
    LIST = "list"


class CountState(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    """Confirmed; its movements are being recorded."""
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class StockCount:
    """category: of a part of that kind. day_part: when it is, for sales of its days without a time of day.

    closed_on: business day of its confirmation. zeros: products that were not counted and so are not there.
    """

    count_id: str
    region: str
    store_id: str
    part: CountPart
    category: str
    day_part: DayPart
    by: str
    started_at: datetime
    state: CountState = CountState.OPEN
    closed_by: str = ""
    closed_at: datetime | None = None
    closed_on: date | None = None
    zeros: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountedLine:
    """Units of a product that were counted so far. counted_at, stock_date: time and business day of the last scan."""

    product_id: str
    name: str
    quantity: Decimal
    counted_at: datetime
    stock_date: date
    by: str
