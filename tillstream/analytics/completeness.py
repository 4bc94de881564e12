"""Analytics: which day of which region and store is complete: what was expected, what came, and what still waits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from tillstream.analytics.deliveries import Told, begins, came, first_of, watermark
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.schedule import DAY


class State(StrEnum):
    """The gravest first: a day that has several is shown with the first of them."""

    MISSING = "missing"
    HELD = "held"
    REFUSED = "refused"
    MISMATCH = "mismatch"
    LATE = "late"
    ARRIVED = "arrived"
    DUE = "due"
    QUIET = "quiet"
    """The file that tells the day is here; nothing was sold then."""
    NOTHING = "nothing"


ORDER = {state: place for place, state in enumerate(State)}


@dataclass(frozen=True)
class Cell:
    """One day of a region or a store. `due` is until when its file must be here, where one is expected."""

    day: date
    state: State = State.NOTHING
    lines: int = 0
    refused: int = 0
    mismatched: int = 0
    held: int = 0
    due: datetime | None = None
    missing_of: tuple[str, ...] = ()
    """The contracts whose file is missing."""
    silent_stores: tuple[str, ...] = ()
    """Stores that the contract lists, and of which the file that came says nothing."""


@dataclass(frozen=True)
class Row:
    region: str
    store: str | None
    cells: tuple[Cell, ...]
    stores: tuple["Row", ...] = ()
    watermark: date | None = None
    expected: bool = False
    """Whether any contract of the region says when its files come."""


@dataclass
class _Day:
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


def board(contracts: Iterable[Contract], told: Told, start: date, end: date, now: datetime) -> list[Row]:
    """Every region that expects files or ever had one, with its stores, day by day from `start` to `end` included."""
    by_region: dict[str, list[Contract]] = {}
    for contract in contracts:
        by_region.setdefault(contract.region, []).append(contract)
    expecting = {region for region, several in by_region.items() if any(one.schedule.cadence for one in several)}
    heard = {row["region"] for row in (*told.delivered, *told.refused, *(told.days or ()))}
    regions = sorted({*expecting, *heard, *told.held} - {""})
    days = [start + number * DAY for number in range((end - start).days + 1)]
    return [_region(region, by_region.get(region, []), told, days, now) for region in regions]


def _region(region: str, contracts: list[Contract], told: Told, days: Sequence[date], now: datetime) -> Row:
    known = _known(region, told)
    expecting = [contract for contract in contracts if contract.schedule.cadence]
    plan = _Plan.of(expecting, came(region, told), now)
    listed = {store for contract in expecting for store in contract.stores}
    stores = tuple(
        Row(region, store, tuple(_cell(day, plan.of_store(store), known.get((store, day), _Day())) for day in days))
        for store in sorted({store for store, _ in known if store} | listed)
    )
    cells = []
    for place, day in enumerate(days):
        silent = tuple(row.store or "" for row in stores if row.cells[place].state is State.MISSING)
        cell = _cell(day, plan, known.get((None, day), _Day()))
        if silent and cell.state is not State.MISSING:
            cell = replace(cell, state=State.MISSING, silent_stores=silent)
        cells.append(cell)
    return Row(region, None, tuple(cells), stores, watermark(expecting, told, now), bool(expecting))


def _known(region: str, told: Told) -> dict[tuple[str | None, date], _Day]:
    """(store, day) → what is known; with no store, of all stores together."""
    found: dict[tuple[str | None, date], _Day] = {}

    def both(store: str | None, day: date) -> list[_Day]:
        return [found.setdefault((each, day), _Day()) for each in dict.fromkeys((store, None))]

    for row in told.delivered:
        if row["region"] == region:
            for one in both(row["store_id"], row["sale_date"]):
                one.lines += row["lines"]
                one.mismatched += row["mismatched_lines"]
    for row in told.refused:
        if row["region"] == region and row["sale_date"] is not None:
            for one in both(row["store_id"], row["sale_date"]):
                one.refused += row["row_count"]
    for store, day in told.held.get(region, ()):
        for one in both(store, day):
            one.held += 1
    return found


@dataclass(frozen=True)
class _Plan:
    """What is expected of a region, or of one of its stores, and what its sources have told."""

    contracts: tuple[Contract, ...]
    told: Mapping[str, Mapping[date, int]]
    begins: Mapping[str, date | None]
    now: datetime
    store: str | None = None

    @classmethod
    def of(cls, contracts: list[Contract], told: Mapping[str, Mapping[date, int]], now: datetime) -> "_Plan":
        first = {contract.name: begins(contract, told.get(contract.name, {})) for contract in contracts}
        return cls(tuple(contracts), told, first, now)

    def of_store(self, store: str) -> "_Plan":
        """A store is expected to speak only where the contract lists it."""
        return replace(self, contracts=tuple(c for c in self.contracts if store in c.stores), store=store)

    def expects(self, contract: Contract, day: date) -> bool:
        first = self.begins[contract.name]
        return first is not None and contract.schedule.period(day)[1] >= first and contract.schedule.expects(day)


def _cell(day: date, plan: _Plan, known: _Day) -> Cell:
    states: set[State] = set()
    missing, due = [], None
    for contract in plan.contracts:
        if not plan.expects(contract, day):
            continue
        until = contract.schedule.due(day, contract.dates.time_zone)
        due = min(filter(None, (due, until)))
        at = first_of(contract, plan.told.get(contract.name, {}), day)
        silent = plan.store is not None and contract.schedule.cadence == "daily" and not known.lines
        if at is None or silent:
            states.add(State.MISSING if plan.now > until else State.DUE)
            missing += [contract.name] if plan.now > until else []
        else:
            states.add(State.LATE if datetime.fromtimestamp(at / 1_000_000, UTC) > until else State.QUIET)
    states |= {state for state, there in known.states() if there}
    if known.held:
        states.discard(State.MISSING)  # it is here, and waits for a decision
    state = min(states, key=ORDER.__getitem__, default=State.NOTHING)
    return Cell(day, state, known.lines, known.refused, known.mismatched, known.held, due, tuple(missing))
