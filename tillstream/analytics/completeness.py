"""Data completeness: the state of each day of a region and store, from expected, arrived and held files."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from tillstream.model.batch import receipt_time
from tillstream.model.contract import Contract
from tillstream.model.contract_schedule import ONE_DAY

WATERMARK_WINDOW = timedelta(days=400)
"""Watermarks are computed over this time span."""
MAX_LISTED_DAYS = 20
"""Maximum number of days that an e-mail lists."""


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


def earliest_receipt(contract: Contract, days: Mapping[date, int], day: date) -> int | None:
    """First receipt of a file for the period of `day` (microseconds since 1970), or None."""
    start, end = contract.schedule.period(day)
    receipts = [at for each, at in days.items() if start <= each <= end]
    return min(receipts, default=None)


def delivery_watermark(scheduled: Sequence[Contract], facts: DeliveryFacts, now: datetime) -> date | None:
    """The last day through which all expected files of a region are settled and none is held, or None.

    A day on which nothing was sold, as a person recorded, is complete without a file.
    """
    if not scheduled:
        return None
    return min(
        (_contract_watermark(contract, facts, now) for contract in scheduled),
        key=lambda day: day or date.min,
        default=None,
    )


def closed_through(closes: Mapping[date, bool]) -> date | None:
    """The last closed day of a store before which no day close is open, or None."""
    first_open = min((day for day, is_closed in closes.items() if not is_closed), default=date.max)
    return max((day for day, is_closed in closes.items() if is_closed and day < first_open), default=None)


def _contract_watermark(contract: Contract, facts: DeliveryFacts, now: datetime) -> date | None:
    arrivals = arrivals_by_day(contract.region, facts).get(contract.name, {})
    first_day = first_expected_day(contract, arrivals)
    if first_day is None:
        return None
    first, today = max(first_day, now.date() - WATERMARK_WINDOW), now.date()
    held = {day for _, day in facts.held.get(contract.region, ()) if day >= contract.schedule.period(first)[0]}
    first_open = min(held, default=today + ONE_DAY)
    complete = []
    for start, end in contract.schedule.periods(first, today):
        days = (start + n * ONE_DAY for n in range((end - start).days + 1))
        if end >= min(first_open, today + ONE_DAY) or not any(day in arrivals for day in days):
            first_open = min(first_open, start)
            break
        complete.append(end)
    complete += (
        day for day in contract.schedule.days_without_sales() if first <= day < min(first_open, today + ONE_DAY)
    )
    return max(complete, default=None)


class DayState(StrEnum):
    """States of a day, the most severe first: a day in several states is shown in the first of them."""

    MISSING = "missing"
    HELD = "held"
    REFUSED = "refused"
    MISMATCH = "mismatch"
    LATE = "late"
    ARRIVED = "arrived"
    DUE = "due"
    QUIET = "quiet"
    """The file for the day arrived without sales of that day."""
    NOTHING = "nothing"


SEVERITY_ORDER = {state: rank for rank, state in enumerate(DayState)}

STATE_WORDS = {
    DayState.MISSING: "missing",
    DayState.LATE: "late",
    DayState.DUE: "expected, but not due yet",
    DayState.NOTHING: "days on which nothing is expected",
    DayState.QUIET: "days with a file and no sales",
    DayState.ARRIVED: "arrived",
}


@dataclass(frozen=True)
class CalendarDay:
    """One day of a region or a store. `due` is the deadline of the expected file, or None."""

    day: date
    state: DayState = DayState.NOTHING
    lines: int = 0
    refused: int = 0
    mismatched: int = 0
    held: int = 0
    due: datetime | None = None
    missing_of: tuple[str, ...] = ()
    """Contracts whose file is missing."""
    silent_stores: tuple[str, ...] = ()
    """Stores listed in the contract but absent from the file that arrived."""
    is_closed: bool | None = None
    """Whether the day closes of the store's tills agree with the sales or are accepted; None without a day close."""


@dataclass(frozen=True)
class CalendarRow:
    region: str
    store: str | None
    cells: tuple[CalendarDay, ...]
    stores: tuple["CalendarRow", ...] = ()
    watermark: date | None = None
    expected: bool = False
    """Whether any contract of the region has a schedule."""


@dataclass
class _DayCounts:
    lines: int = 0
    refused: int = 0
    mismatched: int = 0
    held: int = 0

    def states(self) -> tuple[tuple[DayState, int], ...]:
        return (
            (DayState.HELD, self.held),
            (DayState.REFUSED, self.refused),
            (DayState.MISMATCH, self.mismatched),
            (DayState.ARRIVED, self.lines),
        )


def delivery_calendar(
    contracts: Iterable[Contract], facts: DeliveryFacts, start: date, end: date, now: datetime
) -> list[CalendarRow]:
    """Return the calendar rows of every region with a schedule or data, from `start` to `end` inclusive."""
    by_region: dict[str, list[Contract]] = {}
    for contract in contracts:
        by_region.setdefault(contract.region, []).append(contract)
    scheduled = {
        region
        for region, region_contracts in by_region.items()
        if any(one.schedule.cadence for one in region_contracts)
    }
    with_data = {row["region"] for row in (*facts.delivered, *facts.refused, *(facts.days or ()))}
    with_data |= {region for region, _ in facts.closes}
    regions = sorted({*scheduled, *with_data, *facts.held} - {""})
    days = [start + number * ONE_DAY for number in range((end - start).days + 1)]
    return [_region_row(region, by_region.get(region, []), facts, days, now) for region in regions]


def _region_row(
    region: str, contracts: list[Contract], facts: DeliveryFacts, days: Sequence[date], now: datetime
) -> CalendarRow:
    counts = _counts_by_day(region, facts)
    scheduled = [contract for contract in contracts if contract.schedule.cadence]
    plan = _SchedulePlan.from_contracts(scheduled, arrivals_by_day(region, facts), now)
    listed = {store for contract in scheduled for store in contract.stores}
    closes = {store: by_day for (of_region, store), by_day in facts.closes.items() if of_region == region}
    stores = tuple(
        CalendarRow(
            region,
            store,
            tuple(
                _with_day_closes(
                    _calendar_day(day, plan.of_store(store), counts.get((store, day), _DayCounts())),
                    closes.get(store, {}),
                )
                for day in days
            ),
            watermark=closed_through(closes.get(store, {})),
        )
        for store in sorted({store for store, _ in counts if store} | listed | closes.keys())
    )
    cells = []
    for index, day in enumerate(days):
        silent = tuple(row.store or "" for row in stores if row.cells[index].state is DayState.MISSING)
        cell = _calendar_day(day, plan, counts.get((None, day), _DayCounts()))
        if silent and cell.state is not DayState.MISSING:
            cell = replace(cell, state=DayState.MISSING, silent_stores=silent)
        if any(row.cells[index].is_closed is False for row in stores):
            cell = replace(cell, state=min(cell.state, DayState.MISMATCH, key=SEVERITY_ORDER.__getitem__))
        cells.append(cell)
    complete = delivery_watermark(scheduled, facts, now) if scheduled else _all_closed_through(closes.values())
    return CalendarRow(region, None, tuple(cells), stores, complete, bool(scheduled))


def _all_closed_through(closes: Iterable[Mapping[date, bool]]) -> date | None:
    """The last day through which every store that closes its days is complete, or None."""
    days = [closed_through(by_day) for by_day in closes]
    return min((day for day in days if day), default=None) if all(days) else None


def _with_day_closes(cell: CalendarDay, closes: Mapping[date, bool]) -> CalendarDay:
    """The cell of a store with the result of the day closes of its tills: complete without sales, or a difference."""
    is_closed = closes.get(cell.day)
    if is_closed is None:
        return cell
    state = cell.state if is_closed else min(cell.state, DayState.MISMATCH, key=SEVERITY_ORDER.__getitem__)
    return replace(cell, is_closed=is_closed, state=DayState.ARRIVED if state is DayState.NOTHING else state)


def _counts_by_day(region: str, facts: DeliveryFacts) -> dict[tuple[str | None, date], _DayCounts]:
    """(store, day) → its counts; store None: of all stores together."""
    counts: dict[tuple[str | None, date], _DayCounts] = {}

    def counters(store: str | None, day: date) -> list[_DayCounts]:
        return [counts.setdefault((each, day), _DayCounts()) for each in dict.fromkeys((store, None))]

    for row in facts.delivered:
        if row["region"] == region:
            for counter in counters(row["store_id"], row["sale_date"]):
                counter.lines += row["lines"]
                counter.mismatched += row["mismatched_lines"]
    for row in facts.refused:
        if row["region"] == region and row["sale_date"] is not None:
            for counter in counters(row["store_id"], row["sale_date"]):
                counter.refused += row["row_count"]
    for store, day in facts.held.get(region, ()):
        for counter in counters(store, day):
            counter.held += 1
    return counts


@dataclass(frozen=True)
class _SchedulePlan:
    """Schedules of a region, or of one of its stores, and the arrivals of each contract."""

    contracts: tuple[Contract, ...]
    arrivals: Mapping[str, Mapping[date, int]]
    first_days: Mapping[str, date | None]
    now: datetime
    store: str | None = None

    @classmethod
    def from_contracts(
        cls, contracts: list[Contract], arrivals: Mapping[str, Mapping[date, int]], now: datetime
    ) -> "_SchedulePlan":
        first_days = {
            contract.name: first_expected_day(contract, arrivals.get(contract.name, {})) for contract in contracts
        }
        return cls(tuple(contracts), arrivals, first_days, now)

    def of_store(self, store: str) -> "_SchedulePlan":
        """Narrow to a store: only contracts that list it expect sales of it."""
        listing = (contract for contract in self.contracts if store in contract.stores)
        own = (contract.model_copy(update={"schedule": contract.schedule.of_store(store)}) for contract in listing)
        return replace(self, contracts=tuple(own), store=store)

    def expects(self, contract: Contract, day: date) -> bool:
        first_day = self.first_days[contract.name]
        return (
            first_day is not None and contract.schedule.period(day)[1] >= first_day and contract.schedule.expects(day)
        )


def _calendar_day(day: date, plan: _SchedulePlan, counts: _DayCounts) -> CalendarDay:
    states: set[DayState] = set()
    missing, due = [], None
    for contract in plan.contracts:
        if not plan.expects(contract, day):
            continue
        deadline = contract.schedule.due(day, contract.dates.time_zone)
        due = min(filter(None, (due, deadline)))
        received = earliest_receipt(contract, plan.arrivals.get(contract.name, {}), day)
        silent = plan.store is not None and contract.schedule.cadence == "daily" and not counts.lines
        if received is None or silent:
            states.add(DayState.MISSING if plan.now > deadline else DayState.DUE)
            missing += [contract.name] if plan.now > deadline else []
        else:
            states.add(DayState.LATE if receipt_time(received) > deadline else DayState.QUIET)
    states |= {state for state, count in counts.states() if count}
    if counts.held:
        states.discard(DayState.MISSING)  # it arrived and is held
    state = min(states, key=SEVERITY_ORDER.__getitem__, default=DayState.NOTHING)
    return CalendarDay(day, state, counts.lines, counts.refused, counts.mismatched, counts.held, due, tuple(missing))


@dataclass(frozen=True)
class MissingDaysEmail:
    """Plain text."""

    subject: str
    body: str


def missing_days_email(row: CalendarRow, sender: str) -> MissingDaysEmail | None:
    """The e-mail about the missing days of a region or store; None if none is missing."""
    missing = [cell for cell in row.cells if cell.state is DayState.MISSING]
    if not missing:
        return None
    what = f"store {row.store} in {row.region}" if row.store else row.region
    days = "\n- ".join(_describe_day(cell) for cell in missing[:MAX_LISTED_DAYS])
    more = f"\n- and {len(missing) - MAX_LISTED_DAYS} more days" if len(missing) > MAX_LISTED_DAYS else ""
    others = f" and {len(missing) - 1} more {'day' if len(missing) == 2 else 'days'}" if len(missing) > 1 else ""
    return MissingDaysEmail(
        f"Missing sales of {what}: {_day_text(missing[0].day)}{others}",
        f"Dear colleagues,\n\nthe sales of {what} for these days have not arrived:\n- {days}{more}\n\n"
        f"Please send them, or tell us if nothing was sold.\n\nKind regards\n{sender}",
    )


def expectation_effects(before: Sequence[CalendarRow], after: Sequence[CalendarRow]) -> list[str]:
    """Sentences about the days of regions whose state differs between two calendars of the same days."""
    states = {(row.region, cell.day): cell.state for row in before for cell in row.cells}
    changed: Counter[tuple[date, DayState]] = Counter()
    for row in after:
        for cell in row.cells:
            if cell.state is not states.get((row.region, cell.day), DayState.NOTHING):
                changed[cell.day.replace(day=1), cell.state] += 1
    return [
        f"{count} {'day' if count == 1 else 'days'} of {month:%B %Y} {'becomes' if count == 1 else 'become'} "
        f"{STATE_WORDS.get(state, state.value)}."
        for (month, state), count in sorted(changed.items())
    ]


def _describe_day(cell: CalendarDay) -> str:
    words = _day_text(cell.day)
    if cell.silent_stores:
        words += f" (stores {', '.join(cell.silent_stores)})"
    if cell.due:
        words += f", due on {cell.due.day} {cell.due:%B at %H:%M} ({cell.due.tzinfo})"
    return words


def _day_text(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
