"""Data completeness: the state of each day of a region and store, from expected, arrived and held files."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from tillstream.analytics.deliveries import (
    DeliveryFacts,
    arrivals_by_day,
    closed_through,
    earliest,
    first_expected_day,
    watermark,
)
from tillstream.domain.batch.record import receipt_time
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.schedule import DAY


class State(StrEnum):
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


ORDER = {state: rank for rank, state in enumerate(State)}


@dataclass(frozen=True)
class Cell:
    """One day of a region or a store. `due` is the deadline of the expected file, or None."""

    day: date
    state: State = State.NOTHING
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
class Row:
    region: str
    store: str | None
    cells: tuple[Cell, ...]
    stores: tuple["Row", ...] = ()
    watermark: date | None = None
    expected: bool = False
    """Whether any contract of the region has a schedule."""


@dataclass
class _Counts:
    lines: int = 0
    refused: int = 0
    mismatched: int = 0
    held: int = 0

    def states(self) -> tuple[tuple[State, int], ...]:
        return (
            (State.HELD, self.held),
            (State.REFUSED, self.refused),
            (State.MISMATCH, self.mismatched),
            (State.ARRIVED, self.lines),
        )


def delivery_calendar(
    contracts: Iterable[Contract], facts: DeliveryFacts, start: date, end: date, now: datetime
) -> list[Row]:
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
    days = [start + number * DAY for number in range((end - start).days + 1)]
    return [_region(region, by_region.get(region, []), facts, days, now) for region in regions]


def _region(region: str, contracts: list[Contract], facts: DeliveryFacts, days: Sequence[date], now: datetime) -> Row:
    counts = _counts_by_day(region, facts)
    scheduled = [contract for contract in contracts if contract.schedule.cadence]
    plan = _Plan.of(scheduled, arrivals_by_day(region, facts), now)
    listed = {store for contract in scheduled for store in contract.stores}
    closes = {store: by_day for (of_region, store), by_day in facts.closes.items() if of_region == region}
    stores = tuple(
        Row(
            region,
            store,
            tuple(
                _closed(_cell(day, plan.of_store(store), counts.get((store, day), _Counts())), closes.get(store, {}))
                for day in days
            ),
            watermark=closed_through(closes.get(store, {})),
        )
        for store in sorted({store for store, _ in counts if store} | listed | closes.keys())
    )
    cells = []
    for index, day in enumerate(days):
        silent = tuple(row.store or "" for row in stores if row.cells[index].state is State.MISSING)
        cell = _cell(day, plan, counts.get((None, day), _Counts()))
        if silent and cell.state is not State.MISSING:
            cell = replace(cell, state=State.MISSING, silent_stores=silent)
        if any(row.cells[index].is_closed is False for row in stores):
            cell = replace(cell, state=min(cell.state, State.MISMATCH, key=ORDER.__getitem__))
        cells.append(cell)
    complete = watermark(scheduled, facts, now) if scheduled else _all_closed_through(closes.values())
    return Row(region, None, tuple(cells), stores, complete, bool(scheduled))


def _all_closed_through(closes: Iterable[Mapping[date, bool]]) -> date | None:
    """The last day through which every store that closes its days is complete, or None."""
    days = [closed_through(by_day) for by_day in closes]
    return min((day for day in days if day), default=None) if all(days) else None


def _closed(cell: Cell, closes: Mapping[date, bool]) -> Cell:
    """The cell of a store with the result of the day closes of its tills: complete without sales, or a difference."""
    is_closed = closes.get(cell.day)
    if is_closed is None:
        return cell
    state = cell.state if is_closed else min(cell.state, State.MISMATCH, key=ORDER.__getitem__)
    return replace(cell, is_closed=is_closed, state=State.ARRIVED if state is State.NOTHING else state)


def _counts_by_day(region: str, facts: DeliveryFacts) -> dict[tuple[str | None, date], _Counts]:
    """(store, day) → its counts; store None: of all stores together."""
    counts: dict[tuple[str | None, date], _Counts] = {}

    def counters(store: str | None, day: date) -> list[_Counts]:
        return [counts.setdefault((each, day), _Counts()) for each in dict.fromkeys((store, None))]

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
class _Plan:
    """Schedules of a region, or of one of its stores, and the arrivals of each contract."""

    contracts: tuple[Contract, ...]
    arrivals: Mapping[str, Mapping[date, int]]
    first_days: Mapping[str, date | None]
    now: datetime
    store: str | None = None

    @classmethod
    def of(cls, contracts: list[Contract], arrivals: Mapping[str, Mapping[date, int]], now: datetime) -> "_Plan":
        first_days = {
            contract.name: first_expected_day(contract, arrivals.get(contract.name, {})) for contract in contracts
        }
        return cls(tuple(contracts), arrivals, first_days, now)

    def of_store(self, store: str) -> "_Plan":
        """Narrow to a store: only contracts that list it expect sales of it."""
        listing = (contract for contract in self.contracts if store in contract.stores)
        own = (contract.model_copy(update={"schedule": contract.schedule.of_store(store)}) for contract in listing)
        return replace(self, contracts=tuple(own), store=store)

    def expects(self, contract: Contract, day: date) -> bool:
        first_day = self.first_days[contract.name]
        return (
            first_day is not None and contract.schedule.period(day)[1] >= first_day and contract.schedule.expects(day)
        )


def _cell(day: date, plan: _Plan, counts: _Counts) -> Cell:
    states: set[State] = set()
    missing, due = [], None
    for contract in plan.contracts:
        if not plan.expects(contract, day):
            continue
        deadline = contract.schedule.due(day, contract.dates.time_zone)
        due = min(filter(None, (due, deadline)))
        received = earliest(contract, plan.arrivals.get(contract.name, {}), day)
        silent = plan.store is not None and contract.schedule.cadence == "daily" and not counts.lines
        if received is None or silent:
            states.add(State.MISSING if plan.now > deadline else State.DUE)
            missing += [contract.name] if plan.now > deadline else []
        else:
            states.add(State.LATE if receipt_time(received) > deadline else State.QUIET)
    states |= {state for state, count in counts.states() if count}
    if counts.held:
        states.discard(State.MISSING)  # it arrived and is held
    state = min(states, key=ORDER.__getitem__, default=State.NOTHING)
    return Cell(day, state, counts.lines, counts.refused, counts.mismatched, counts.held, due, tuple(missing))
