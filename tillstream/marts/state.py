"""The state that exported rows belong to, and reading the marts until everything that was read is of one state."""

import hashlib
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date

import sql
from tillstream.model.dates import utc_text
from tillstream.model.errors import Unavailable
from tillstream.ports.warehouse import Snapshot, Warehouse

MAX_TRIES = 10
"""How often what settlements changed meanwhile is read again, where queries have no common state."""


@dataclass(frozen=True)
class MartState:
    """settlement_no: the last settlement; 0: none. as_of: when it was committed, ISO 8601 in UTC; empty: none.
    sources: digest of everything else that rows depend on: catalogue, rates, calendar, secret of the surrogates."""

    settlement_no: int = 0
    as_of: str = ""
    reporting_currency: str = ""
    sources: str = ""


@dataclass(frozen=True)
class Changes:
    """months: every month with sales up to now. changed: those whose facts may differ from the exported ones."""

    months: frozenset[str]
    changed: frozenset[str]


def read_state(snapshot: Snapshot, exported: MartState | None = None) -> tuple[MartState, Changes]:
    """Return the current state, and what changed since `exported` (None: nothing is exported).

    All months changed if the catalogue or rates did, or if the ledger is not a continuation of the exported one.
    """
    params = {"settlement_no": exported.settlement_no if exported else 0}
    (row,) = snapshot.query(sql.text("exports/state"), params).to_pylist()
    settlement_no, as_of, exported_as_of = (
        row.pop("settlement_no"),
        utc_text(row.pop("settled_at")),
        row.pop("exported_at"),
    )
    rates = snapshot.query(sql.text("exports/rates")).to_pylist()
    text = json.dumps(row | {"rates": rates}, default=str, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    state = MartState(settlement_no, as_of, row["reporting_currency"] or "", digest)
    is_continued = (
        exported is not None and exported.sources == state.sources and exported.as_of == utc_text(exported_as_of)
    )
    months = _months(snapshot, 0, settlement_no)
    if not is_continued or exported is None:
        return state, Changes(months, months)
    return state, Changes(months, _months(snapshot, exported.settlement_no, settlement_no))


def _months(snapshot: Snapshot, after: int, last: int) -> frozenset[str]:
    if after >= last:
        return frozenset()
    days: Collection[date] = (
        snapshot.query(sql.text("ledger/changed_days"), {"after": after, "last": last}).column("sale_date").to_pylist()
    )
    return frozenset(month_of(day) for day in days)


def month_of(day: date) -> str:
    return day.isoformat()[:7]


def days_of(month: str) -> tuple[date, date]:
    """The first day of a month, and that of the next one."""
    first = date.fromisoformat(f"{month}-01")
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def read_consistently(
    warehouse: Warehouse, exported: MartState | None, read: Callable[[Snapshot, MartState, Changes], None]
) -> MartState:
    """Call `read` with what changed since `exported` until nothing else changes; return the state of everything read.

    exported: None if nothing was exported. Raises `Unavailable` if settlements commit faster than they can be read, and
    what `read` raises.
    """
    for _ in range(MAX_TRIES):
        with warehouse.snapshot() as snapshot:
            state, changes = read_state(snapshot, exported)
            read(snapshot, state, changes)
            last, _ = read_state(snapshot, state)
        if last == state:
            return state
        exported = state
    raise Unavailable("Settlements commit faster than they can be read. Repeat it when less is loaded.")
