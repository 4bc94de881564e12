"""File arrivals by contract and day, and the watermark of each region."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.schedule import DAY

WATERMARK_WINDOW = timedelta(days=400)
"""Watermarks are computed over this time span."""


@dataclass(frozen=True)
class DeliveryFacts:
    """Facts of deliveries: rows of the queries `delivered-days` and `refused-days`, and the days of held files."""

    delivered: Sequence[Mapping[str, Any]]
    refused: Sequence[Mapping[str, Any]] = ()
    held: Mapping[str, Iterable[tuple[str | None, date]]] = field(default_factory=dict)
    """region → (store, day) of its held files"""
    days: Sequence[Mapping[str, Any]] | None = None
    """Rows of the query `told-days`, which may start earlier; None: use `delivered`."""
    closes: Mapping[tuple[str, str], Mapping[date, bool]] = field(default_factory=dict)
    """(region, store) → day → whether the day closes of its tills all agree with the sales or are accepted"""


def arrivals_by_day(region: str, facts: DeliveryFacts) -> dict[str, dict[date, int]]:
    """contract → day covered by its files → first receipt (microseconds since 1970). Till sales are not included."""
    arrivals: dict[str, dict[date, int]] = {}
    for row in facts.delivered if facts.days is None else facts.days:
        if row["region"] == region and row.get("source") != "till":
            days = arrivals.setdefault(row["contract"], {})
            days[row["sale_date"]] = min(
                days.get(row["sale_date"], row["first_received_seq"]), row["first_received_seq"]
            )
    return arrivals


def first_expected_day(contract: Contract, days: Mapping[date, int]) -> date | None:
    """The first expected day: `schedule.since`, else the first day that arrived, else None."""
    return contract.schedule.since or min(days, default=None)


def earliest(contract: Contract, days: Mapping[date, int], day: date) -> int | None:
    """First receipt of a file for the period of `day` (microseconds since 1970), or None."""
    start, end = contract.schedule.period(day)
    receipts = [at for each, at in days.items() if start <= each <= end]
    return min(receipts, default=None)


def watermark(scheduled: Sequence[Contract], facts: DeliveryFacts, now: datetime) -> date | None:
    """The last day through which all expected files of a region are settled and none is held, or None.

    A day on which nothing was sold, as a person recorded, is complete without a file.
    """
    if not scheduled:
        return None
    return min(
        (_watermark(contract, facts, now) for contract in scheduled), key=lambda day: day or date.min, default=None
    )


def closed_through(closes: Mapping[date, bool]) -> date | None:
    """The last closed day of a store before which no day close is open, or None."""
    first_open = min((day for day, is_closed in closes.items() if not is_closed), default=date.max)
    return max((day for day, is_closed in closes.items() if is_closed and day < first_open), default=None)


def _watermark(contract: Contract, facts: DeliveryFacts, now: datetime) -> date | None:
    arrivals = arrivals_by_day(contract.region, facts).get(contract.name, {})
    first_day = first_expected_day(contract, arrivals)
    if first_day is None:
        return None
    first, today = max(first_day, now.date() - WATERMARK_WINDOW), now.date()
    held = {day for _, day in facts.held.get(contract.region, ()) if day >= contract.schedule.period(first)[0]}
    first_open = min(held, default=today + DAY)
    complete = []
    for start, end in contract.schedule.periods(first, today):
        days = (start + n * DAY for n in range((end - start).days + 1))
        if end >= min(first_open, today + DAY) or not any(day in arrivals for day in days):
            first_open = min(first_open, start)
            break
        complete.append(end)
    complete += (day for day in contract.schedule.days_without_sales() if first <= day < min(first_open, today + DAY))
    return max(complete, default=None)
