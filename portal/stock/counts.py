"""Counts of a store: started, entered, resumed, and confirmed with their differences."""

import secrets
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import me, ports, scope
from portal.filter_fields import remaining_values
from portal.stock import lines, movements, stores
from portal.translation import N_, _
from portal.urls import go_to
from portal.user_stores import UserStore
from tillstream.analytics.filters import Filters
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.stock import stock_counts
from tillstream.stock.movements import DayPart
from tillstream.stock.stock_counts import CountDifference, CountedLine, CountPart, CountScan, CountState, StockCount

PARTS = N_({CountPart.WHOLE: "Whole store", CountPart.CATEGORY: "One category", CountPart.LIST: "Only what is scanned"})
PART_HINTS = N_(
    {
        CountPart.WHOLE: "At the end, you decide about each product that was not counted.",
        CountPart.CATEGORY: "At the end, you decide about each product of the category that was not counted.",
        CountPart.LIST: "Products that are not counted keep their stock.",
    }
)
DAY_PARTS = N_({DayPart.BEFORE_OPENING: "Before opening", DayPart.AFTER_CLOSING: "After closing"})
COUNT_STATES = N_(
    {
        CountState.OPEN: ("In progress", "busy"),
        CountState.CLOSING: ("Being recorded", "busy"),
        CountState.CONFIRMED: ("Confirmed", "good"),
        CountState.DISCARDED: ("Discarded", ""),
    }
)
"""State → its label and tone."""
COUNT_COLUMNS = N_({"started": "Started", "store": "Store", "part": "Part", "state": "State", "by": "Started by"})
LINE_COLUMNS = N_({"product": "Product", "quantity": "Counted", "at": "Last scan", "by": "By", "change": "Change"})
DIFFERENCE_COLUMNS = N_(
    {
        "product": "Product",
        "expected": "Expected",
        "counted": "Counted",
        "difference": "Difference",
        "value": "Value at cost",
        "counted_at": "Counted at",
    }
)

MAX_LEVELS = 100_000
"""Products of one store that are compared."""


@allow(Action.MANAGE_STOCK)
def list_counts() -> ResponseReturnValue:
    """The counts of the user's stores, those in progress first."""
    query = list_view.list_query()
    counts = [
        one for place in stores.own_stores() for one in stock_counts.find_counts(ports(), place.region, place.store_id)
    ]
    counts.sort(key=lambda one: one.started_at, reverse=True)
    counts.sort(key=lambda one: one.state is not CountState.OPEN)
    return render_template(
        "stock/counts.html",
        page=list_view.page_of(query, counts),
        parts=PARTS,
        states=COUNT_STATES,
        columns=[{"key": name, "label": label} for name, label in COUNT_COLUMNS.items()],
    )


@allow(Action.MANAGE_STOCK)
def new_count() -> ResponseReturnValue:
    return _form(stores.chosen_store(), secrets.token_hex(16))


@allow(Action.MANAGE_STOCK)
def start_count() -> ResponseReturnValue:
    """Begin the count of the form."""
    place, count_id = stores.chosen_store(), request.form.get("count", "")[:100]
    if place is None:
        return _form(None, count_id, _("Choose the store.")), 422
    part, day_part = request.form.get("part", ""), request.form.get("day_part", "")
    if part not in set(CountPart):
        return _form(place, count_id, _("Choose what you count.")), 422
    if day_part not in set(DayPart):
        if _has_untimed_sales(place):
            timeless = _("Choose whether you count before opening or after closing: sales of this store have no times.")
            return _form(place, count_id, timeless), 422
        day_part = DayPart.AFTER_CLOSING
    category = request.form.get("category", "") if part == CountPart.CATEGORY else ""
    now = ports().clock.now()
    count = StockCount(
        count_id, place.region, place.store_id, CountPart(part), category, DayPart(day_part), me().login, now
    )
    try:
        stock_counts.start_count(ports(), count)
    except NotFound:
        raise
    except Rejected as error:
        return _form(place, count_id, str(error)), 422
    return redirect(url_for("stock.count", count_id=count_id), 303)


@allow(Action.MANAGE_STOCK)
def show_count(count_id: str) -> ResponseReturnValue:
    """The lines of a count, without the expected stock. A closed one goes to its result."""
    count = required_count(count_id)
    if count.state is not CountState.OPEN:
        return redirect(url_for("stock.review_count", count_id=count_id), 303)
    return _count_page(count)


@allow(Action.MANAGE_STOCK)
def scan_product(count_id: str) -> ResponseReturnValue:
    """Add a scan to the count, or set the quantity of a line: for the script as JSON, else as a form."""
    count = required_count(count_id)
    place = stores.store_of_key(stores.store_key(count.region, count.store_id), stores.own_stores())
    text, units = request.form.get("product", "").strip(), lines.quantity_of(request.form.get("quantity", "") or "1")
    product = lines.named_product(place, text)
    if product is None or isinstance(units, str):
        return _refused(count, lines.unknown_product(text) if product is None else str(units))
    now = ports().clock.now()
    try:
        line = stock_counts.enter_scan(
            ports(),
            count_id,
            CountScan(
                request.form.get("scan", "")[:100] or secrets.token_hex(8),
                product.code,
                product.name,
                units,
                now,
                stores.business_day(count.region, count.store_id),
                me().login,
                adds=request.form.get("adds", "yes") == "yes",
            ),
        )
    except Rejected as error:
        return _refused(count, str(error))
    if _is_program():
        return jsonify(_shown(line))
    return redirect(url_for("stock.count", count_id=count_id), 303)


@allow(Action.MANAGE_STOCK)
def remove_line(count_id: str) -> ResponseReturnValue:
    """Remove the line of a product."""
    stock_counts.remove_counted_line(ports(), required_count(count_id).count_id, request.form.get("product", ""))
    return redirect(url_for("stock.count", count_id=count_id), 303)


@allow(Action.MANAGE_STOCK)
def discard_count(count_id: str) -> ResponseReturnValue:
    """End a count without recording anything."""
    stock_counts.discard_count(ports(), required_count(count_id).count_id, by=me().login)
    return go_to("stock.counts", _("The count was discarded. Stock is as before."))


def required_count(count_id: str) -> StockCount:
    """The count. Raises `NotFound`, also for one of a store that is not the user's."""
    count = stock_counts.get_count(ports(), count_id)
    if not stores.may_change(count.region, count.store_id):
        raise NotFound(_("There is no such count in your stores."))
    return count


def _refused(count: StockCount, problem: str) -> ResponseReturnValue:
    if _is_program():
        return jsonify({"problem": problem}), 422
    return _count_page(count, problem), 422


def _is_program() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _shown(line: CountedLine) -> dict[str, Any]:
    return {"code": line.product_id, "name": line.name, "quantity": f"{line.quantity:f}"}


def _count_page(count: StockCount, problem: str = "") -> str:
    counted = stock_counts.lines_of_count(ports(), count.count_id)
    query = list_view.list_query()
    words = query.q.casefold().split()
    matching = [one for one in counted if all(word in f"{one.product_id} {one.name}".casefold() for word in words)]
    return render_template(
        "stock/count.html",
        count=count,
        page=list_view.page_of(query, matching),
        number=len(counted),
        units=sum(one.quantity for one in counted),
        problem=problem,
        parts=PARTS,
        columns=[{"key": name, "label": label, "num": name == "quantity"} for name, label in LINE_COLUMNS.items()],
    )


def _form(place: UserStore | None, count_id: str, error: str = "") -> str:
    chosen = {"region": (place.region,), "store": (place.store_id,)} if place else {}
    return render_template(
        "stock/new_count.html",
        place=place,
        place_label=stores.store_label(place) if place else "",
        stores=stores.store_choices(),
        categories=[(one, one) for one in remaining_values("category", chosen)] if place else [],
        parts=PARTS,
        part_hints=PART_HINTS,
        day_parts=DAY_PARTS,
        asks_day_part=place is not None and _has_untimed_sales(place),
        count_id=count_id,
        error=error,
        values=request.form,
    )


def _has_untimed_sales(place: UserStore) -> bool:
    """Whether sales of the store have no time of day."""
    rows = figures.ask("untimed-sales", Filters(region=(place.region,)), store=place.store_id).to_pylist()
    return any(row["untimed"] for row in rows)


@allow(Action.MANAGE_STOCK)
def show_review(count_id: str) -> ResponseReturnValue:
    """What a count changes; of a confirmed one, its movements."""
    return _review_page(required_count(count_id))


@allow(Action.MANAGE_STOCK)
def confirm_count(count_id: str) -> ResponseReturnValue:
    """Record the count."""
    count = required_count(count_id)
    today = stores.business_day(count.region, count.store_id)
    try:
        stock_counts.confirm_count(ports(), count_id, zeros=request.form.getlist("zero"), by=me().login, on=today)
    except Rejected as error:
        return _review_page(count, str(error)), 422
    movements.follow_levels()
    return go_to("stock.review_count", _("The count is recorded. Stock starts from it."), count_id=count_id)


def _review_page(count: StockCount, error: str = "") -> str:
    counted = stock_counts.lines_of_count(ports(), count.count_id)
    if count.state is CountState.OPEN:
        levels = {row["product"]: row for row in _levels(count)}
        rows = [_row(one, levels.get(one.line.product_id, {})) for one in _differences(count, levels)]
        missing = [
            levels[product] for product in stock_counts.uncounted_products(count, counted, list(levels.values()))
        ]
    else:
        rows, missing = [], []
    rows.sort(key=lambda row: (row["units"] is None, -abs(row["units"] or 0)))
    query = list_view.list_query(keep=("zero",), filters=("show",))
    only_different = query.chosen["show"] == ("different",)
    shown = [row for row in rows if row["units"] != 0] if only_different else rows
    return render_template(
        "stock/count_end.html",
        count=count,
        page=list_view.page_of(query, shown),
        different=sum(1 for row in rows if row["units"] != 0),
        only_different=only_different,
        counted=len(counted),
        value=_value(rows),
        missing=missing,
        ticks_all=request.args.get("zero") == "all",
        movements=stock_counts.count_movement_ids(count, counted) if count.state is CountState.CONFIRMED else [],
        error=error,
        parts=PARTS,
        states=COUNT_STATES,
        columns=_columns(),
    )


def _levels(count: StockCount) -> list[dict[str, Any]]:
    filters = Filters(region=(count.region,), store=(count.store_id,))
    rows: list[dict[str, Any]] = figures.ask("stock-levels", filters, sort="product", limit=MAX_LEVELS).to_pylist()
    return rows


def _differences(count: StockCount, levels: Mapping[str, dict[str, Any]]) -> list[CountDifference]:
    counted = stock_counts.lines_of_count(ports(), count.count_id)
    if not counted:
        return []
    first_day = min(line.stock_date for line in counted)
    changes = stock_counts.stock_changes_since(ports().warehouse, count, first_day)
    on_hand = {product: row["on_hand"] for product, row in levels.items()}
    return stock_counts.count_differences(count, counted, on_hand, changes)


def _row(one: CountDifference, level: Mapping[str, Any]) -> dict[str, Any]:
    cost = level.get("unit_cost")
    value = None if cost is None or one.units is None else one.units * cost
    return {"line": one.line, "expected": one.expected, "units": one.units, "value": value} | {
        "currency": level.get("cost_currency", "")
    }


def _value(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Value of the differences at cost, by currency."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row["value"]:
            sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + row["value"]
    return sums


def _columns() -> list[dict[str, Any]]:
    names = [name for name in DIFFERENCE_COLUMNS if name != "value" or scope().may(Action.SEE_COSTS)]
    return [
        {"key": name, "label": DIFFERENCE_COLUMNS[name], "num": name not in {"product", "counted_at"}} for name in names
    ]
