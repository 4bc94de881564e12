"""The restock queue: computed on request and after changes, and changed by the decisions of people."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

import sql
from tillstream.catalogue import entry_lists
from tillstream.forecasting import run_records
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.product_catalogue import DatedAmount, Product, cost_on
from tillstream.ports import Ports
from tillstream.ports.jobs import RESTOCK_JOB
from tillstream.records import audit_log, data_version
from tillstream.records.jobs import RecordedJob
from tillstream.stock import purchase_orders, restock_lines, restock_needs, restock_simulation, stored_levels
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder
from tillstream.stock.restock_lines import RESTOCK_SCHEMA, Pair, RestockDecision, restock_rows
from tillstream.stock.row_keys import LINE_COLUMNS

RESTOCK_TABLE = "restock_lines"
QUEUE_KEY = ("region", "store_id", "product", "from_store")

RESTOCK_INTERVAL = timedelta(hours=1)
"""Shortest time between two runs that nobody requested."""
AT_ONCE = 50_000
"""Counted products in stores up to which a run takes seconds, and a request waits for it."""


@dataclass(frozen=True)
class RestockRun:
    """A run that ended. computed_at: ISO 8601. counted: products in stores that were counted; lines: those in need.

    basis: what it was computed from, as `restock_basis`.
    """

    computed_at: str
    counted: int
    lines: int
    basis: str = ""


RESTOCK = RecordedJob(RESTOCK_JOB, collection="restock", kind=RestockRun)


def run_restock(ports: Ports, basis: str = "") -> RestockRun:
    """Compute the queue as of now and replace the stored one. Idempotent. Raises `Unavailable`."""
    stored_levels.refresh_levels(ports)
    now = ports.clock.now()
    today, wanted = now.date(), restock_needs.read_settings(ports)
    read = restock_needs.read_needs(ports, wanted, today)
    needed = restock_rows(read, _budget(wanted.budget))
    pairs = list(zip(*(needed.column(name).to_pylist() for name in LINE_COLUMNS), strict=True))
    stored = restock_lines.read_decisions(ports)
    decided = _counting_decisions(ports, stored, today)
    restock_lines.forget_decisions(ports, stored, decided.keys() & set(pairs), today)
    ports.warehouse.replace_table(RESTOCK_TABLE, _with_decisions(needed, [decided.get(pair) for pair in pairs], now))
    ended = RestockRun(now.isoformat(timespec="seconds"), len(read.pairs), needed.num_rows, basis)
    RESTOCK.save_run(ports, ended)
    data_version.bump_data_version(ports.documents)
    return ended


def _counting_decisions(
    ports: Ports, stored: Mapping[Pair, RestockDecision], today: date
) -> dict[Pair, RestockDecision]:
    """Decisions that count. An order counts only as long as it is a draft: units of a sent one are netted."""
    drafts = {one.number for one in purchase_orders.find_orders(ports, OrderState.DRAFT)}
    return {
        pair: one
        for pair, one in stored.items()
        if not one.is_over(today) and (one.state != restock_lines.ORDERED or one.reason in drafts)
    }


def _with_decisions(needed: pa.Table, decided: Sequence[RestockDecision | None], now: datetime) -> pa.Table:
    """Return the rows of `restock_lines`. decided: about each row."""
    states = needed.column("state").to_pylist()
    columns = {
        **{name: needed.column(name) for name in needed.schema.names},
        "state": [one.state if one else state for one, state in zip(decided, states, strict=True)],
        "until": [date.fromisoformat(one.until) if one and one.until else None for one in decided],
        "decision": [(one.reason if one else "") or None for one in decided],
        "computed_at": [now] * len(states),
    }
    return pa.table({name: columns[name] for name in RESTOCK_SCHEMA.names}, schema=RESTOCK_SCHEMA)


def _budget(text: str) -> float | None:
    return float(text) if text else None


def order_queue_lines(
    ports: Ports, units: Mapping[Pair, Decimal | None], *, currency_of: Callable[[str, str], str], by: str
) -> list[PurchaseOrder]:
    """Put open lines into draft orders, one for each supplier, store and currency; return these orders.

    A line is ordered in the currency of its cost in the catalogue. Without a cost, that is the currency of the
    supplier's other products, or of the store if these have several currencies or none. A draft of the same supplier,
    store and currency gets the lines.

    units: of each line; None: as suggested. Lines that are ordered already are left out, so that a repeated request
    orders nothing twice. currency_of: the currency of a region and store. Raises `Rejected` if a product has no
    supplier.
    """
    lines = [
        row for row in _queue_lines(ports, units) if not row["from_store"] and row["state"] != restock_lines.ORDERED
    ]
    if without := [row["product"] for row in lines if not row["supplier"]]:
        raise Rejected(f"Enter a supplier in the catalogue first: {', '.join(without[:10])}.")
    costs = _Costs(ports)
    groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = {}
    for row in lines:
        place = row["region"], row["store_id"]
        currency = costs.currency(row) or currency_of(*place)
        groups.setdefault((row["supplier"], *place, currency), []).append(row)
    drafts = {
        (one.supplier, one.region, one.store_id, one.currency): one
        for one in reversed(purchase_orders.find_orders(ports, OrderState.DRAFT))
    }
    created = []
    for key, rows in sorted(groups.items()):
        supplier, region, store_id, currency = key
        wanted = [costs.order_line(row, units[restock_lines.pair_of(row)]) for row in rows]
        if draft := drafts.get(key):
            current, version = purchase_orders.get_order_version(ports, draft.order_id)
            added = purchase_orders.edit_order(
                ports, replace(current, lines=(*current.lines, *wanted)), by=by, version=version
            )
        else:
            texts = [supplier, *(f"{row['computed_at'].isoformat()} {restock_lines.pair_of(row)}" for row in rows)]
            order_id = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
            new = PurchaseOrder(order_id, supplier, region, store_id, currency, tuple(wanted))
            added = purchase_orders.create_order(ports, new, by=by)
        decide_lines(
            ports, [restock_lines.pair_of(row) for row in rows], restock_lines.ORDERED, by=by, reason=added.number
        )
        created.append(added)
    return created


def snooze_lines(ports: Ports, pairs: Sequence[Pair], until: date, *, by: str) -> None:
    """Hide lines until a day. Raises `Rejected` for a day that is not in the future."""
    if until <= ports.clock.now().date():
        raise Rejected("Choose a day after today.")
    decide_lines(ports, pairs, restock_lines.SNOOZED, by=by, until=until)


def dismiss_lines(ports: Ports, pairs: Sequence[Pair], reason: str, *, by: str) -> None:
    """Hide lines until their need ends. Raises `Rejected` without one of `DISMISSAL_REASONS`."""
    decide_lines(ports, pairs, restock_lines.DISMISSED, by=by, reason=reason)


def reopen_lines(ports: Ports, pairs: Sequence[Pair], *, by: str) -> None:
    """Take back what was decided about lines."""
    restock_lines.remove_decisions(ports, pairs, by=by)
    _write_lines(ports, pairs, {"state": restock_lines.OPEN, "until": None, "decision": None})


def decide_lines(
    ports: Ports, pairs: Sequence[Pair], state: str, *, by: str, reason: str = "", until: date | None = None
) -> None:
    """Record one decision about several lines, and show it in the queue."""
    day = until.isoformat() if until else ""
    restock_lines.record_decisions(
        ports, [RestockDecision(*pair, state=state, by=by, reason=reason, until=day) for pair in pairs], by=by
    )
    _write_lines(ports, pairs, {"state": state, "until": until, "decision": reason or None})


def _write_lines(ports: Ports, pairs: Iterable[Pair], changes: Mapping[str, Any]) -> None:
    rows = [row | dict(changes) for row in _queue_lines(ports, pairs)]
    if rows:
        ports.warehouse.upsert(RESTOCK_TABLE, pa.Table.from_pylist(rows, schema=RESTOCK_SCHEMA), QUEUE_KEY)
        data_version.bump_data_version(ports.documents)


def _queue_lines(ports: Ports, pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    wanted = set(pairs)
    params = {"products": sorted({product for _, _, product in wanted})}
    rows = ports.warehouse.query(sql.text("restock/lines"), params).to_pylist()
    return [row for row in rows if restock_lines.pair_of(row) in wanted]


class _Costs:
    """The costs of products in the catalogue today, in the currencies in which they are entered."""

    def __init__(self, ports: Ports) -> None:
        self._products = {one.code: one for one in entry_lists.catalogue_entries(ports, Product).values()}
        self._today = ports.clock.now().date()

    def currency(self, row: Mapping[str, Any]) -> str:
        """The currency of a line's cost, else the one of all costs of its supplier in the region; else empty."""
        if cost := self._cost(row["product"], row["region"]):
            return cost.currency
        own = (code for code, product in self._products.items() if product.supplier == row["supplier"])
        currencies = {cost.currency for code in own if (cost := self._cost(code, row["region"]))}
        return currencies.pop() if len(currencies) == 1 else ""

    def order_line(self, row: Mapping[str, Any], units: Decimal | None) -> OrderLine:
        product, cost = self._products.get(row["product"]), self._cost(row["product"], row["region"])
        name = product.name if product else row["product"]
        return OrderLine(row["product"], name, row["units"] if units is None else units, cost.amount if cost else None)

    def _cost(self, code: str, region: str) -> DatedAmount | None:
        product = self._products.get(code)
        return cost_on(product, region, self._today) if product else None


def is_restock_due(ports: Ports) -> bool:
    """Whether to compute the queue now."""
    last = RESTOCK.last_run(ports)
    if RESTOCK.is_requested(ports):
        return True
    if last is None:
        return stored_levels.level_changes(ports) > 0
    age = ports.clock.now() - datetime.fromisoformat(last.computed_at)
    return age >= RESTOCK_INTERVAL and restock_basis(ports) != last.basis


def run_due_restock(ports: Ports) -> RestockRun | None:
    """Compute the queue if it is due, and the comparison of order policies once a week. Raises as `run_restock`.

    It does not wait for sales that are being loaded: `run_or_start_restock` did so before it started the job.
    """
    if not is_restock_due(ports):
        return None
    answered = RESTOCK.pending(ports)
    ended = run_restock(ports, restock_basis(ports))
    RESTOCK.answer(ports, answered)
    restock_simulation.refresh_due_comparison(ports)
    return ended


def run_or_start_restock(ports: Ports) -> RestockRun | None:
    """Compute the queue if it is due and waits for no load, or start the job of a project if it was large at the last
    run. Raises as `run_restock`."""
    if not is_restock_due(ports) or RESTOCK.must_wait(ports):
        return None
    last = RESTOCK.last_run(ports)
    if not ports.jobs or last is None or last.counted <= AT_ONCE:
        return run_due_restock(ports)
    RESTOCK.start(ports)
    return None


def update_queue(ports: Ports, *, by: str) -> RestockRun | None:
    """Compute the queue at once, or request it if that takes long: then None. Raises as `run_restock`."""
    audit_log.record(ports, by, audit.AuditAction.RESTOCK_REQUESTED, "restock queue")
    last = RESTOCK.last_run(ports)
    if last is None or last.counted <= AT_ONCE:
        return run_restock(ports, restock_basis(ports))
    RESTOCK.request(ports)
    return None


def restock_basis(ports: Ports) -> str:
    """What the queue is computed from: the day, the state of the stock levels, and the last forecast."""
    forecast = run_records.FORECAST.last_run(ports)
    ended_at = forecast.ended_at if forecast else ""
    return f"{ports.clock.now().date()} {stored_levels.level_changes(ports)} {ended_at}"
