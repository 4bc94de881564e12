"""Expected files that have not arrived. Stores that are absent from a file that arrived are no part of it."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tillstream.alerts.condition import AlertSources, Condition, Days, at_least_lower, day_text, time_text
from tillstream.alerts.observations import Observation
from tillstream.alerts.rules import AlertRule
from tillstream.analytics import queries
from tillstream.analytics.completeness import (
    CalendarDay,
    CalendarRow,
    DayState,
    DeliveryFacts,
    arrivals_by_day,
    delivery_calendar,
    earliest_receipt,
    first_expected_day,
)
from tillstream.analytics.filters import Filters
from tillstream.model.batch import BatchState, receipt_time
from tillstream.model.contract import Contract
from tillstream.model.people import UNRESTRICTED
from tillstream.receipts import receipt
from tillstream.records import batch_records

RECENT = timedelta(days=62)
"""Time in which a source without a first day in its schedule must have sent something to be expected."""
DAY, HOUR = timedelta(days=1), 3_600


def _evaluate(sources: AlertSources, rule: AlertRule, at: datetime) -> list[Observation]:
    """One observation of each region: about its missing days, of which the first counts."""
    first = at.date() - int(rule.parameters["days"]) * DAY
    observations = []
    for row in _calendar(sources, rule, first, at.date(), at):
        late = [(cell, hours) for cell in row.cells if (hours := _hours_late(cell, at)) is not None]
        if late:
            days = ", ".join(day_text(cell.day) for cell, _ in late)
            title = f"Region {row.region}: the sales of {days} have not arrived"
            text = "\n".join(_detail(cell) for cell, _ in late)
            value = max(hours for _, hours in late)
            path = f"/completeness/{row.region}/{late[0][0].day}"
            observations.append(Observation(row.region, title, value, rule.threshold, text, row.region, path=path))
    return at_least_lower(rule, observations)


def _replay(sources: AlertSources, rule: AlertRule, first: date, last: date) -> Days:
    """The days whose files came too late, or not at all; of a week or a month, its last day."""
    now, days = sources.ports.clock.now(), defaultdict[date, list[Observation]](list)
    expected = _expected(sources, rule)
    facts = DeliveryFacts((), days=_arrived(sources, first, last, now)) if expected else DeliveryFacts(())
    for contract in expected:
        arrivals = arrivals_by_day(contract.region, facts).get(contract.name, {})
        since = max(first, first_expected_day(contract, arrivals) or last + DAY)
        for _, day in contract.schedule.periods(since, last):
            received = earliest_receipt(contract, arrivals, day)
            late_by = (receipt_time(received) if received else now) - contract.schedule.due(
                day, contract.dates.time_zone
            )
            state = "came late" if received else "has not arrived"
            title = f"Region {contract.region}: the file of {day_text(day)} {state}"
            value = Decimal(int(late_by.total_seconds() // HOUR))
            subject = f"{contract.name} {day}"
            days[day].append(Observation(subject, title, value, rule.threshold, region=contract.region))
    return days


CONDITIONS = {"region-late": Condition(_evaluate, _replay)}


def _calendar(sources: AlertSources, rule: AlertRule, first: date, last: date, now: datetime) -> list[CalendarRow]:
    expected = _expected(sources, rule)
    if not expected:
        return []
    facts = DeliveryFacts((), held=_held(sources), days=_arrived(sources, first, last, now))
    return [row for row in delivery_calendar(expected, facts, first, last, now) if row.expected]


def _expected(sources: AlertSources, rule: AlertRule) -> list[Contract]:
    """The contracts with a schedule, without their stores: whether a file has all of them does not matter."""
    return [
        one.model_copy(update={"stores": ()})
        for one in sources.expected
        if one.schedule.cadence and rule.covers_place(one.region)
    ]


def _arrived(sources: AlertSources, first: date, last: date, now: datetime) -> list[dict[str, Any]]:
    filters = Filters(min(first, now.date() - RECENT), max(last, now.date()))
    rows = queries.run_query(sources.ports.warehouse, "told-days", UNRESTRICTED, filters, cache=sources.cache)
    days: list[dict[str, Any]] = rows.to_pylist()
    return days


def _held(sources: AlertSources) -> dict[str, list[tuple[str | None, date]]]:
    """Region → stores and days of its held files: they arrived."""
    days: dict[str, list[tuple[str | None, date]]] = defaultdict(list)
    for one in batch_records.find_batches(sources.ports, state=BatchState.HELD, limit=None):
        if one.staged:
            days[one.region] += receipt.staged_store_days(sources.ports, one)
    return days


def _hours_late(cell: CalendarDay, at: datetime) -> Decimal | None:
    if cell.state is not DayState.MISSING or cell.due is None:
        return None
    return Decimal(int((at - cell.due).total_seconds() // HOUR))


def _detail(cell: CalendarDay) -> str:
    return f"{day_text(cell.day)}: {', '.join(cell.missing_of)}, due on {time_text(cell.due)}." if cell.due else ""
