"""The rows of the restock queue, in columns: transfers, and orders of what is then still missing."""

from dataclasses import replace

import numpy as np
import pyarrow as pa

from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema
from tillstream.restock import policy, transfers
from tillstream.restock.demand import Source
from tillstream.restock.explanation import explanations, level_text, number_text
from tillstream.restock.keys import LINE
from tillstream.restock.policy import Lines, Orders
from tillstream.restock.service import reached
from tillstream.restock.transfers import Transfers
from tillstream.workflows.restocking import decisions
from tillstream.workflows.restocking.needs import Needs

SCHEMA = arrow_schema(STOCK_TABLES["restock_lines"])
DEFERRED = "deferred"
FOREVER = 9_999.0
"""Urgency in days of a product that is not expected to sell."""
REGION, STORE, PRODUCT = range(len(LINE))
OF_RUN = ("until", "decision", "computed_at")
"""Columns that are added to these rows."""


def rows(read: Needs, budget: float | None) -> pa.Table:
    """Return the rows of `restock_lines` before decisions. budget: of each store, in the reporting currency."""
    lines, active = read.lines, read.is_active
    wanted = policy.order(lines)
    _, groups = np.unique(read.pairs.places(REGION, PRODUCT), return_inverse=True)
    between = transfers.suggest(groups, wanted.levels * active, lines.on_hand, wanted.position)
    count = len(read.pairs)
    after = replace(lines, suggested=between.received(count) - between.taken(count))
    ordered = policy.order(after)
    ordered = replace(ordered, quantities=ordered.quantities * active)
    if budget is not None:
        ordered = _within_budgets(read, after, ordered, budget)
    return pa.concat_tables([_transfers(read, wanted, between), _orders(read, after, ordered)])


def _within_budgets(read: Needs, lines: Lines, ordered: Orders, budget: float) -> Orders:
    """Spend the budget of each store; lines without a cost are ordered beside it."""
    quantities, deferred, limits = ordered.quantities.copy(), ordered.deferred.copy(), ordered.limits.copy()
    costed = np.flatnonzero((quantities > 0) & np.isfinite(lines.unit_costs))
    stores = read.pairs.places(REGION, STORE)[costed]  # ascending
    for part in np.split(costed, np.flatnonzero(np.diff(stores)) + 1):
        own = policy.within_budget(ordered.at(part), lines.at(part), budget)
        quantities[part], deferred[part], limits[part] = own.quantities, own.deferred, own.limits
    return replace(ordered, quantities=quantities, deferred=deferred, limits=limits)


def _transfers(read: Needs, wanted: Orders, between: Transfers) -> pa.Table:
    givers, receivers = between.givers, between.receivers
    stores = read.pairs.column(STORE, givers).to_pylist()
    reasons = [
        f"This store needs {level} and has {stock}, on order and in transit included. "
        f"The other store has {has} and needs {needs}."
        for has, needs, level, stock in zip(
            map(number_text, read.lines.on_hand[givers].tolist()),
            map(level_text, wanted.levels[givers].tolist()),
            map(level_text, wanted.levels[receivers].tolist()),
            map(number_text, read.lines.stock[receivers].tolist()),
            strict=True,
        )
    ]
    lines, units = read.lines.at(receivers), between.units.astype(np.float64)
    states = np.full(len(receivers), decisions.OPEN)
    return _table(read, receivers, lines, wanted.at(receivers), units, states, stores, reasons)


def _orders(read: Needs, lines: Lines, ordered: Orders) -> pa.Table:
    places = np.flatnonzero(ordered.quantities + ordered.deferred > 0)
    lines, ordered = lines.at(places), ordered.at(places)
    states = np.where(ordered.deferred > 0, DEFERRED, decisions.OPEN)
    units = ordered.quantities + ordered.deferred
    return _table(read, places, lines, ordered, units, states, [""] * len(places), explanations(lines, ordered))


def _table(
    read: Needs,
    places: Ints,
    lines: Lines,
    orders: Orders,
    units: Floats,
    states: np.ndarray[tuple[int], np.dtype[np.str_]],
    from_stores: list[str],
    reasons: list[str],
) -> pa.Table:
    """places: of the lines among all."""
    demand = lines.demand
    service, fill = reached(demand, orders.levels, lines.review_days)
    methods = np.array([source.method for source in Source])[demand.sources]
    days = np.maximum(lines.stock, 0.0) / np.where(demand.daily > 0, demand.daily, 1)
    columns = {
        **{name: read.pairs.column(place, places) for place, name in enumerate(LINE)},
        "from_store": from_stores,
        "supplier": read.suppliers.take(pa.array(places)),
        "units": _decimals(units),
        "state": states,
        "unit_cost": _decimals(lines.unit_costs),
        "on_hand": _decimals(lines.on_hand),
        "on_order": _decimals(lines.on_order),
        "in_transit": _decimals(lines.in_transit),
        "daily": _decimals(demand.daily),
        "level": _decimals(orders.levels),
        "service": _decimals(service),
        "fill_rate": _decimals(fill),
        "lead_days": lines.lead_days,
        "review_days": lines.review_days,
        "method": methods,
        "is_due": lines.position <= orders.levels - demand.daily * lines.review_days,
        "urgency": _decimals(np.where(demand.daily > 0, days, FOREVER)),
        "reason": reasons,
    }
    schema = pa.schema([field for field in SCHEMA if field.name not in OF_RUN])
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema=schema)


def _decimals(values: Floats) -> pa.Array:
    """Rounded to three places; NULL for NaN."""
    return pa.array(np.round(values, 3), mask=np.isnan(values)).cast(SCHEMA.field("units").type)
