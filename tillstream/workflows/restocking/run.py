"""Compute the restock queue and write it to the warehouse."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

import pyarrow as pa

from tillstream.domain.purchasing.order import OrderState
from tillstream.inventory import levels
from tillstream.ports import Ports
from tillstream.ports.documents import Update, update_document
from tillstream.purchasing import orders
from tillstream.records import data_version
from tillstream.restock.keys import LINE
from tillstream.workflows.restocking import decisions, needs, settings
from tillstream.workflows.restocking.decisions import Decision, Pair
from tillstream.workflows.restocking.rows import SCHEMA, rows

COLLECTION, LAST = "restock", "last"
TABLE = "restock_lines"


@dataclass(frozen=True)
class RestockRun:
    """A run that ended. computed_at: ISO 8601. counted: products in stores that were counted; lines: those in need.

    basis: what it was computed from, as `schedule.basis`.
    """

    computed_at: str
    counted: int
    lines: int
    basis: str = ""


def last(ports: Ports) -> RestockRun | None:
    document = ports.documents.get(COLLECTION, LAST)
    return RestockRun(**document.data) if document else None


def run(ports: Ports, basis: str = "") -> RestockRun:
    """Compute the queue as of now and replace the stored one. Idempotent. Raises `Conflict`, `Unavailable`."""
    levels.refresh(ports)
    now = ports.clock.now()
    today, wanted = now.date(), settings.read(ports)
    read = needs.read(ports, wanted, today)
    needed = rows(read, _budget(wanted.budget))
    pairs = list(zip(*(needed.column(name).to_pylist() for name in LINE), strict=True))
    stored = decisions.read(ports)
    decided = _counting(ports, stored, today)
    decisions.forget(ports, stored, decided.keys() & set(pairs), today)
    ports.warehouse.replace_table(TABLE, _with_decisions(needed, [decided.get(pair) for pair in pairs], now))
    ended = RestockRun(now.isoformat(timespec="seconds"), len(read.pairs), needed.num_rows, basis)
    update_document(ports.documents, COLLECTION, LAST, lambda _: Update(asdict(ended)))
    data_version.bump_data_version(ports.documents)
    return ended


def _counting(ports: Ports, stored: Mapping[Pair, Decision], today: date) -> dict[Pair, Decision]:
    """Decisions that count. An order counts only as long as it is a draft: units of a sent one are netted."""
    drafts = {one.number for one in orders.find(ports, OrderState.DRAFT)}
    return {
        pair: one
        for pair, one in stored.items()
        if not one.is_over(today) and (one.state != decisions.ORDERED or one.reason in drafts)
    }


def _with_decisions(needed: pa.Table, decided: Sequence[Decision | None], now: datetime) -> pa.Table:
    """Return the rows of `restock_lines`. decided: about each row."""
    states = needed.column("state").to_pylist()
    columns = {
        **{name: needed.column(name) for name in needed.schema.names},
        "state": [one.state if one else state for one, state in zip(decided, states, strict=True)],
        "until": [date.fromisoformat(one.until) if one and one.until else None for one in decided],
        "decision": [(one.reason if one else "") or None for one in decided],
        "computed_at": [now] * len(states),
    }
    return pa.table({name: columns[name] for name in SCHEMA.names}, schema=SCHEMA)


def _budget(text: str) -> float | None:
    return float(text) if text else None
