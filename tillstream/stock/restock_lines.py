"""Lines of the restock queue: transfers and orders, why they are proposed, and the decisions about them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.catalogue.stored_entries import entry_document_id
from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log
from tillstream.stock import replenishment
from tillstream.stock.product_demand import DemandSource
from tillstream.stock.replenishment import (
    OrderLimit,
    ReplenishedLines,
    SuggestedOrders,
    SuggestedTransfers,
    reached_service,
)
from tillstream.stock.restock_needs import Needs
from tillstream.stock.row_keys import LINE_COLUMNS

DECISIONS_COLLECTION = "restock_decisions"
OPEN, ORDERED, SNOOZED, DISMISSED = "open", "ordered", "snoozed", "dismissed"
DISMISSAL_REASONS = ("discontinued", "enough for now", "too expensive", "ordered elsewhere", "wrong number", "other")
Pair = tuple[str, str, str]
"""Region, store and product."""

SMALLEST = 1e-9
PACE = {
    DemandSource.FORECAST: "Expected to sell about {}.",
    DemandSource.CATEGORY_FORECAST: "Expected to sell about {}: its share of the forecast of its category.",
    DemandSource.RECENT_SALES: "There is no forecast. Recently sold about {}.",
    DemandSource.SIMILAR_SALES: "There is no forecast, and the product is new. Sold about {}; the variation is that of "
    "other products.",
}

RESTOCK_SCHEMA = arrow_schema(STOCK_TABLES["restock_lines"])
DEFERRED = "deferred"
FOREVER = 9_999.0
"""Urgency in days of a product that is not expected to sell."""
REGION, STORE, PRODUCT = range(len(LINE_COLUMNS))
RUN_COLUMNS = ("until", "decision", "computed_at")
"""Columns that are added to these rows."""


def pair_of(row: Mapping[str, Any]) -> Pair:
    """The pair of a line of the queue."""
    return row["region"], row["store_id"], row["product"]


@dataclass(frozen=True)
class RestockDecision:
    """state: ORDERED, SNOOZED or DISMISSED. until: day (ISO 8601) from which a snoozed line is open again.

    reason: why it is dismissed, or the number of its order.
    """

    region: str
    store_id: str
    product: str
    state: str
    by: str
    reason: str = ""
    until: str = ""

    @property
    def pair(self) -> Pair:
        return self.region, self.store_id, self.product

    def is_over(self, today: date) -> bool:
        """Whether its time has passed."""
        return self.state == SNOOZED and date.fromisoformat(self.until) <= today


def read_decisions(ports: Ports) -> dict[Pair, RestockDecision]:
    """All decisions by pair."""
    decisions = (RestockDecision(**one.data) for one in ports.documents.find(DECISIONS_COLLECTION))
    return {one.pair: one for one in decisions}


def record_decisions(ports: Ports, decisions: Sequence[RestockDecision], *, by: str) -> None:
    """Record decisions, in place of earlier ones. Raises `Rejected` for a dismissal without a reason."""
    for one in decisions:
        if one.state == DISMISSED and one.reason not in DISMISSAL_REASONS:
            raise Rejected(f"Choose a reason: {', '.join(DISMISSAL_REASONS)}.")
    for first in range(0, len(decisions), 100):
        puts: list[Put] = []
        for one in decisions[first : first + 100]:
            puts.append(Put(DECISIONS_COLLECTION, entry_document_id(*one.pair), asdict(one)))
            after = {
                name: value for name, value in asdict(one).items() if value and name in {"state", "reason", "until"}
            }
            puts.append(audit_log.entry(ports, by, audit.AuditAction.RESTOCK_DECIDED, _subject(one.pair), None, after))
        ports.documents.put_all(puts)


def remove_decisions(ports: Ports, pairs: Sequence[Pair], *, by: str) -> None:
    """Take back the decisions about pairs. Idempotent."""
    for pair in pairs:
        ports.documents.delete(DECISIONS_COLLECTION, entry_document_id(*pair))
        audit_log.record(ports, by, audit.AuditAction.RESTOCK_DECIDED, _subject(pair), None, {"state": OPEN})


def forget_decisions(ports: Ports, decisions: Mapping[Pair, RestockDecision], needed: set[Pair], today: date) -> None:
    """Delete decisions whose time has passed, or whose product is no longer needed."""
    for pair, one in decisions.items():
        if one.is_over(today) or pair not in needed:
            ports.documents.delete(DECISIONS_COLLECTION, entry_document_id(*pair))


def _subject(pair: Pair) -> str:
    region, store_id, product = pair
    return f"restocking of {product} in {region}/{store_id}"


def explain_orders(lines: ReplenishedLines, orders: SuggestedOrders) -> list[str]:
    """Return sentences about the order of each line."""
    is_limited = (orders.limits & (OrderLimit.COVER | OrderLimit.SHELF_LIFE)) > 0
    # what a limited level serves is shown beside the level in whole units
    levels = np.where(is_limited, np.ceil(np.round(orders.levels, 9)), orders.levels)
    service, fill = reached_service(lines.demand, levels, lines.review_days)
    shares = zip(service.tolist(), fill.tolist(), strict=True)
    return [" ".join(_sentences(lines, orders, row, *each)) for row, each in enumerate(shares)]


def _sentences(
    lines: ReplenishedLines, orders: SuggestedOrders, row: int, service: float, fill: float
) -> Iterator[str]:
    """service, fill: cycle service and fill rate of the level."""
    demand, limit = lines.demand, OrderLimit(int(orders.limits[row]))
    yield PACE[DemandSource(int(demand.sources[row]))].format(_rate(float(demand.daily[row])))
    yield _stock_sentences(lines, row)
    yield from _transfer_sentences(lines, row)
    if lines.on_hand[row] < 0:
        yield "The stock is negative: count it before you order."
    level = level_text(orders.levels[row])
    lead, review = int(lines.lead_days[row]), int(lines.review_days[row])
    yield (
        f"An order has to last until the next one arrives, {_days(lead + review)} from now: you order every "
        f"{_days(review)}, and the supplier needs {_days(lead)}."
    )
    yield f"For this time, {_service_sentences(lines, orders, row, service, fill)}."
    if OrderLimit.COVER in limit:
        weeks = _weeks(float(lines.most_weeks[row]))
        lasts = f"which {'lasts' if level == '1' else 'last'} {weeks} after the delivery"
        yield f"The limit is {level}, {lasts}, and {_serves(level, fill)}."
    if OrderLimit.SHELF_LIFE in limit:
        days = _days(int(lines.shelf_days[row]))
        sells = f"which {'sells' if level == '1' else 'sell'} within the shelf life of {days}"
        yield f"The limit is {level}, {sells}, and {_serves(level, fill)}."
    yield _order_sentences(lines, orders, row, limit)


def _service_sentences(lines: ReplenishedLines, orders: SuggestedOrders, row: int, service: float, fill: float) -> str:
    """What is aimed at; and the other measure, unless the level is limited."""
    level, aim = level_text(orders.demanded[row]), float(lines.service[row])
    first, second = f"{_enough(level)} in {_percent(aim)} of the cases", _serves(level, fill)
    if lines.is_fill:
        verb = "is" if level == "1" else "are"
        first, second = f"{level} {_serves(level, aim)}", f"{verb} enough in {_percent(service)} of the cases"
    is_limited = OrderLimit(int(orders.limits[row])) & (OrderLimit.COVER | OrderLimit.SHELF_LIFE)
    return first if is_limited else f"{first}, and {second}"


def _stock_sentences(lines: ReplenishedLines, row: int) -> str:
    """Stock on hand, on order and in transit, and how long it lasts."""
    parts = [f"In stock: {number_text(float(lines.on_hand[row]))}"]
    if lines.on_order[row]:
        parts.append(f"{number_text(float(lines.on_order[row]))} on order")
    if lines.in_transit[row]:
        parts.append(f"{number_text(float(lines.in_transit[row]))} in transit")
    daily, stock = float(lines.demand.daily[row]), float(lines.stock[row])
    lasts = f" That lasts {_cover(stock / daily)}." if daily > 0 and stock > 0 else ""
    return ", ".join(parts) + "." + lasts


def _transfer_sentences(lines: ReplenishedLines, row: int) -> Iterator[str]:
    """Suggested transfers, which nobody has sent, and the stock with them."""
    suggested, position = float(lines.suggested[row]), number_text(float(lines.position[row]))
    if suggested > 0:
        yield f"{number_text(suggested)} more by suggested transfers from other stores: {position} in all."
    elif suggested < 0:
        yield f"{number_text(-suggested)} less by suggested transfers to other stores: {position} in all."


def _order_sentences(lines: ReplenishedLines, orders: SuggestedOrders, row: int, limit: OrderLimit) -> str:
    position, minimum = float(orders.position[row]), number_text(float(lines.minimum[row]))
    units = float(orders.quantities[row] + orders.deferred[row])
    if not units and OrderLimit.MINIMUM in limit:
        return f"Nothing is ordered: the minimum order of {minimum} would last too long."
    if not units:
        return f"Nothing is ordered: {_enough(number_text(position))}."
    exact, is_whole = float(orders.levels[row]), position == round(position)
    needed = math.ceil(round(exact, 9)) if is_whole else round(exact, 1)  # the difference has to be right as shown
    missing = needed - (position if is_whole else round(position, 1))
    text = f"Order {number_text(units)}: {number_text(needed)} needed"
    text += f" {'−' if position >= 0 else '+'} {number_text(abs(position))} {'available' if position >= 0 else 'short'}"
    if abs(missing - units) > SMALLEST:
        text += f" = {number_text(missing)}"
    if OrderLimit.MINIMUM in limit:
        text += f", raised to the minimum order of {minimum}"
    if OrderLimit.PACK in limit and lines.pack[row] == 1 and not is_whole:
        text += ", rounded up"
    elif OrderLimit.PACK in limit and lines.pack[row] != 1:
        text += f", rounded up to packs of {number_text(float(lines.pack[row]))}"
    if OrderLimit.BUDGET in limit:
        text += ". Deferred: the budget is used for more urgent products"
    return f"{text}."


def level_text(units: float) -> str:
    """A level in whole units, rounded up."""
    return f"{math.ceil(round(float(units), 9)):,}"


def _enough(units: str) -> str:
    return f"{units} {'is' if units == '1' else 'are'} enough"


def _serves(units: str, share: float) -> str:
    return f"{'serves' if units == '1' else 'serve'} {_percent(share)} of the demand"


def number_text(units: float) -> str:
    """Units with a decimal if they are not whole."""
    units = round(units, 1) + 0.0  # no negative zero
    return (f"{units:,.0f}" if units == round(units) else f"{units:,.1f}").replace("-", "−")


def _rate(daily: float) -> str:
    """Units a day, week or month: 1 or more if possible."""
    for days, period in ((1, "day"), (7, "week")):
        if daily * days >= 1:
            return f"{daily * days:,.{0 if daily * days >= 10 else 1}f} a {period}"
    return f"{daily * 30:.1f} a month"


def _cover(days: float) -> str:
    if days > 365:
        return "more than a year"
    return f"about {_days(round(days))}" if days >= 1 else "less than a day"


def _days(days: int) -> str:
    return f"{days:,} day{'' if days == 1 else 's'}"


def _weeks(weeks: float) -> str:
    return f"{number_text(weeks)} week{'' if weeks == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


def restock_rows(read: Needs, budget: float | None) -> pa.Table:
    """Return the rows of `restock_lines` before decisions. budget: of each store, in the reporting currency."""
    lines, active = read.lines, read.is_active
    wanted = replenishment.suggest_orders(lines)
    _, groups = np.unique(read.pairs.places(REGION, PRODUCT), return_inverse=True)
    between = replenishment.suggest_transfers(groups, wanted.levels * active, lines.on_hand, wanted.position)
    count = len(read.pairs)
    after = replace(lines, suggested=between.received(count) - between.taken(count))
    ordered = replenishment.suggest_orders(after)
    ordered = replace(ordered, quantities=ordered.quantities * active)
    if budget is not None:
        ordered = _within_budgets(read, after, ordered, budget)
    return pa.concat_tables([_transfer_rows(read, wanted, between), _order_rows(read, after, ordered)])


def _within_budgets(read: Needs, lines: ReplenishedLines, ordered: SuggestedOrders, budget: float) -> SuggestedOrders:
    """Spend the budget of each store; lines without a cost are ordered beside it."""
    quantities, deferred, limits = ordered.quantities.copy(), ordered.deferred.copy(), ordered.limits.copy()
    costed = np.flatnonzero((quantities > 0) & np.isfinite(lines.unit_costs))
    stores = read.pairs.places(REGION, STORE)[costed]  # ascending
    for part in np.split(costed, np.flatnonzero(np.diff(stores)) + 1):
        own = replenishment.within_budget(ordered.at(part), lines.at(part), budget)
        quantities[part], deferred[part], limits[part] = own.quantities, own.deferred, own.limits
    return replace(ordered, quantities=quantities, deferred=deferred, limits=limits)


def _transfer_rows(read: Needs, wanted: SuggestedOrders, between: SuggestedTransfers) -> pa.Table:
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
    states = np.full(len(receivers), OPEN)
    return _table(read, receivers, lines, wanted.at(receivers), units, states, stores, reasons)


def _order_rows(read: Needs, lines: ReplenishedLines, ordered: SuggestedOrders) -> pa.Table:
    places = np.flatnonzero(ordered.quantities + ordered.deferred > 0)
    lines, ordered = lines.at(places), ordered.at(places)
    states = np.where(ordered.deferred > 0, DEFERRED, OPEN)
    units = ordered.quantities + ordered.deferred
    return _table(read, places, lines, ordered, units, states, [""] * len(places), explain_orders(lines, ordered))


def _table(
    read: Needs,
    places: Ints,
    lines: ReplenishedLines,
    orders: SuggestedOrders,
    units: Floats,
    states: np.ndarray[tuple[int], np.dtype[np.str_]],
    from_stores: list[str],
    reasons: list[str],
) -> pa.Table:
    """places: of the lines among all."""
    demand = lines.demand
    service, fill = reached_service(demand, orders.levels, lines.review_days)
    methods = np.array([source.method for source in DemandSource])[demand.sources]
    days = np.maximum(lines.stock, 0.0) / np.where(demand.daily > 0, demand.daily, 1)
    columns = {
        **{name: read.pairs.column(place, places) for place, name in enumerate(LINE_COLUMNS)},
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
    schema = pa.schema([field for field in RESTOCK_SCHEMA if field.name not in RUN_COLUMNS])
    return pa.table({name: pa.array(columns[name], schema.field(name).type) for name in schema.names}, schema=schema)


def _decimals(values: Floats) -> pa.Array:
    """Rounded to three places; NULL for NaN."""
    return pa.array(np.round(values, 3), mask=np.isnan(values)).cast(RESTOCK_SCHEMA.field("units").type)
