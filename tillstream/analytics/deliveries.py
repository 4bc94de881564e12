"""Analytics: what each source has told of its days, and how far a region has completely reported."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.schedule import DAY

LOOK_BACK = timedelta(days=400)
"""A watermark is looked for so far back."""


@dataclass(frozen=True)
class Told:
    """What is known of the days: rows of the queries `delivered-days` and `refused-days`, and what held files tell."""

    delivered: Sequence[Mapping[str, Any]]
    refused: Sequence[Mapping[str, Any]] = ()
    held: Mapping[str, Iterable[tuple[str | None, date]]] = field(default_factory=dict)
    """region → the stores and days of each file that waits"""
    days: Sequence[Mapping[str, Any]] | None = None
    """Rows of the query `told-days`, which may begin earlier; None: what is delivered says the same."""


def came(region: str, told: Told) -> dict[str, dict[date, int]]:
    """contract → the days that its files tell, each with the first receipt; tills are no file."""
    found: dict[str, dict[date, int]] = {}
    for row in told.delivered if told.days is None else told.days:
        if row["region"] == region and row.get("source") != "till":
            days = found.setdefault(row["contract"], {})
            days[row["sale_date"]] = min(
                days.get(row["sale_date"], row["first_received_seq"]), row["first_received_seq"]
            )
    return found


def begins(contract: Contract, days: Mapping[date, int]) -> date | None:
    """The first day that is expected of a contract; None as long as nothing came and it does not say one."""
    return contract.schedule.since or min(days, default=None)


def first_of(contract: Contract, days: Mapping[date, int], day: date) -> int | None:
    """When the file that tells the day was first received; None where none came."""
    start, end = contract.schedule.period(day)
    found = [at for each, at in days.items() if start <= each <= end]
    return min(found, default=None)


def watermark(expecting: Sequence[Contract], told: Told, now: datetime) -> date | None:
    """The last day through which every expected file of a region is settled and none held; None where none is."""
    if not expecting:
        return None
    return min(
        (_watermark(contract, told, now) for contract in expecting), key=lambda day: day or date.min, default=None
    )


def _watermark(contract: Contract, told: Told, now: datetime) -> date | None:
    days_told = came(contract.region, told).get(contract.name, {})
    first = begins(contract, days_told)
    if first is None:
        return None
    held = {day for _, day in told.held.get(contract.region, ())}
    reached = None
    for start, end in contract.schedule.periods(max(first, now.date() - LOOK_BACK), now.date()):
        if end > now.date():
            break
        days = {start + n * DAY for n in range((end - start).days + 1)}
        if held & days or not any(day in days_told for day in days):
            break
        reached = end
    return reached
