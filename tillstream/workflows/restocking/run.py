"""Compute the restock queue and write it to the warehouse."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.batches import freshness
from tillstream.domain.purchasing.order import OrderState
from tillstream.domain.warehouse.stock_tables import STOCK_TABLES
from tillstream.forecasting.models.panel import Ints
from tillstream.inventory import levels
from tillstream.pipeline.rows.schema import arrow_schema
from tillstream.ports import Ports
from tillstream.ports.document_store import Update, update
from tillstream.purchasing import orders
from tillstream.restock import policy, transfers
from tillstream.restock.demand import Source
from tillstream.restock.explanation import explain
from tillstream.restock.policy import Orders
from tillstream.restock.transfers import Transfers
from tillstream.workflows.restocking import decisions, needs, settings
from tillstream.workflows.restocking.decisions import Decision, Pair
from tillstream.workflows.restocking.needs import Needs

COLLECTION, LAST = "restock", "last"
TABLE = "restock_lines"
SCHEMA = arrow_schema(STOCK_TABLES[TABLE])
DEFERRED = "deferred"
FOREVER = 9_999.0
"""Urgency in days of a product that is not expected to sell."""


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
    rows = _rows(read, _budget(wanted.budget))
    stored = decisions.read(ports)
    decided = _counting(ports, stored, today)
    table = [row | _state(row, decided) | {"computed_at": now} for row in rows]
    decisions.forget(ports, stored, {decisions.pair_of(row) for row in rows} & set(decided), today)
    ports.warehouse.replace_table(TABLE, pa.Table.from_pylist(table, schema=SCHEMA))
    ended = RestockRun(now.isoformat(timespec="seconds"), len(read.pairs), len(rows), basis)
    update(ports.documents, COLLECTION, LAST, lambda _: Update(asdict(ended)))
    freshness.bump(ports.documents)
    return ended


def _counting(ports: Ports, stored: Mapping[Pair, Decision], today: date) -> dict[Pair, Decision]:
    """Decisions that count. An order counts only as long as it is a draft: units of a sent one are netted."""
    drafts = {one.number for one in orders.find(ports, OrderState.DRAFT)}
    return {
        pair: one
        for pair, one in stored.items()
        if not one.is_over(today) and (one.state != decisions.ORDERED or one.reason in drafts)
    }


def _state(row: Mapping[str, Any], decided: Mapping[Pair, Decision]) -> dict[str, Any]:
    one = decided.get(decisions.pair_of(row))
    if one is None:
        return {}
    until = date.fromisoformat(one.until) if one.until else None
    return {"state": one.state, "until": until, "decision": one.reason or None}


def _budget(text: str) -> float | None:
    return float(text) if text else None


def _rows(read: Needs, budget: float | None) -> list[dict[str, Any]]:
    """Rows of transfers and of orders; without state where it is open."""
    lines, active = read.lines, read.is_active > 0
    wanted = policy.order(lines)
    between = transfers.suggest(_groups(read), wanted.levels * active, lines.on_hand, wanted.position)
    count = len(read.pairs)
    after = replace(
        read,
        lines=replace(
            lines,
            on_hand=lines.on_hand - between.taken(count),
            in_transit=lines.in_transit + between.received(count),
        ),
    )
    ordered = policy.order(after.lines)
    ordered = replace(ordered, quantities=ordered.quantities * active)
    if budget is not None:
        ordered = _within_budgets(after, ordered, budget)
    return _transfer_rows(read, wanted, between) + _order_rows(after, ordered)


def _groups(read: Needs) -> Ints:
    """A number for each product in a region."""
    numbers: dict[tuple[str, str], int] = {}
    return np.array([numbers.setdefault((one.region, one.product), len(numbers)) for one in read.pairs], dtype=np.int64)


def _within_budgets(read: Needs, ordered: Orders, budget: float) -> Orders:
    """Spend the budget of each store; lines without a cost are ordered beside it."""
    quantities, deferred, limits = ordered.quantities.copy(), ordered.deferred.copy(), ordered.limits.copy()
    stores: dict[tuple[str, str], list[int]] = {}
    for row in np.flatnonzero((quantities > 0) & np.isfinite(read.lines.unit_costs)).tolist():
        stores.setdefault(read.pairs[row][:2], []).append(row)
    for rows in stores.values():
        part = np.array(rows, dtype=np.int64)
        own = policy.within_budget(_part(ordered, part), read.lines.at(part), budget)
        quantities[part], deferred[part], limits[part] = own.quantities, own.deferred, own.limits
    return replace(ordered, quantities=quantities, deferred=deferred, limits=limits)


def _part(ordered: Orders, rows: Ints) -> Orders:
    return Orders(**{name: getattr(ordered, name)[rows] for name in Orders.__dataclass_fields__})


def _order_rows(read: Needs, ordered: Orders) -> list[dict[str, Any]]:
    units = ordered.quantities + ordered.deferred
    return [
        _row(read, row, float(units[row]), float(ordered.levels[row]))
        | {
            "from_store": "",
            "state": DEFERRED if ordered.deferred[row] > 0 else decisions.OPEN,
            "reason": explain(read.lines, ordered, row),
        }
        for row in np.flatnonzero(units > 0).tolist()
    ]


def _transfer_rows(read: Needs, wanted: Orders, between: Transfers) -> list[dict[str, Any]]:
    rows = []
    triples = zip(between.givers.tolist(), between.receivers.tolist(), between.units.tolist(), strict=True)
    for giver, receiver, units in triples:
        store = read.pairs[giver].store_id
        reason = (
            f"The other store has {_shown(read.lines.on_hand[giver])} and needs {_shown(wanted.levels[giver])}. "
            f"Here {_shown(wanted.levels[receiver])} are needed, and there are {_shown(wanted.position[receiver])} "
            "with what is to arrive."
        )
        row = _row(read, receiver, float(units), float(wanted.levels[receiver]))
        rows.append(row | {"from_store": store, "state": decisions.OPEN, "reason": reason})
    return rows


def _row(read: Needs, row: int, units: float, level: float) -> dict[str, Any]:
    pair, lines = read.pairs[row], read.lines
    daily, position = float(lines.demand.daily[row]), float(lines.position[row])
    lead = int(lines.lead_days[row])
    return {
        "region": pair.region,
        "store_id": pair.store_id,
        "product": pair.product,
        "supplier": read.suppliers[row] or None,
        "units": _decimal(units),
        "unit_cost": _decimal(float(lines.unit_costs[row])) if np.isfinite(lines.unit_costs[row]) else None,
        "on_hand": _decimal(float(lines.on_hand[row])),
        "on_order": _decimal(float(lines.on_order[row])),
        "in_transit": _decimal(float(lines.in_transit[row])),
        "daily": _decimal(daily),
        "level": _decimal(level),
        "lead_days": lead,
        "review_days": int(lines.demand.days[row]) - lead,
        "method": Source(int(lines.demand.sources[row])).method,
        "is_due": position <= level - daily * int(lines.demand.days[row] - lead),
        "urgency": _decimal(max(position, 0.0) / daily if daily > 0 else FOREVER),
    }


def _decimal(value: float) -> Decimal:
    return Decimal(repr(round(value, 3)))


def _shown(value: np.float64) -> str:
    return f"{float(np.ceil(np.round(value, 6))):,.0f}".replace("-", "−")
