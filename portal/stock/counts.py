"""Counts of a store: started, entered by scanner or by hand without the expected stock in view, and resumed."""

import secrets
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import me, ports
from portal.filters.values import remaining
from portal.places.places import Place
from portal.stock import lines, product_codes, stores, texts
from tillstream.analytics.filters import Filters
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import Action
from tillstream.stock import stock_counts
from tillstream.stock.movements import DayPart
from tillstream.stock.stock_counts import CountedLine, CountPart, CountScan, CountState, StockCount


@allow(Action.MANAGE_STOCK)
def listing() -> ResponseReturnValue:
    """The counts of the user's stores, those in progress first."""
    query = list_view.list_query()
    counts = [one for place in stores.own() for one in stock_counts.find_counts(ports(), place.region, place.store_id)]
    counts.sort(key=lambda one: one.started_at, reverse=True)
    counts.sort(key=lambda one: one.state is not CountState.OPEN)
    return render_template(
        "stock/counts.html",
        page=list_view.page_of(query, counts),
        parts=texts.PARTS,
        states=texts.COUNT_STATES,
        columns=[{"key": name, "label": label} for name, label in texts.COUNT_COLUMNS.items()],
    )


@allow(Action.MANAGE_STOCK)
def new() -> ResponseReturnValue:
    return _form(stores.chosen(), secrets.token_hex(16))


@allow(Action.MANAGE_STOCK)
def start() -> ResponseReturnValue:
    """Begin the count of the form."""
    place, count_id = stores.chosen(), request.form.get("count", "")[:100]
    if place is None:
        return _form(None, count_id, texts.NO_STORE), 422
    part, day_part = request.form.get("part", ""), request.form.get("day_part", "")
    if part not in set(CountPart):
        return _form(place, count_id, texts.NO_PART), 422
    if day_part not in set(DayPart):
        if _has_untimed_sales(place):
            return _form(place, count_id, texts.NO_DAY_PART), 422
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
def show(count_id: str) -> ResponseReturnValue:
    """The lines of a count, without the expected stock. A closed one goes to its result."""
    count = required(count_id)
    if count.state is not CountState.OPEN:
        return redirect(url_for("stock.review_count", count_id=count_id), 303)
    return _page(count)


@allow(Action.MANAGE_STOCK)
def scan(count_id: str) -> ResponseReturnValue:
    """Add a scan to the count, or set the quantity of a line: for the script as JSON, else as a form."""
    count = required(count_id)
    place = stores.find(stores.key(count.region, count.store_id), stores.own())
    text, units = request.form.get("product", "").strip(), lines.quantity_of(request.form.get("quantity", "") or "1")
    product = product_codes.find(place, text)
    if product is None or isinstance(units, str):
        return _refused(count, texts.unknown_product(text) if product is None else str(units))
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
def remove(count_id: str) -> ResponseReturnValue:
    """Remove the line of a product."""
    stock_counts.remove_counted_line(ports(), required(count_id).count_id, request.form.get("product", ""))
    return redirect(url_for("stock.count", count_id=count_id), 303)


@allow(Action.MANAGE_STOCK)
def discard(count_id: str) -> ResponseReturnValue:
    """End a count without recording anything."""
    stock_counts.discard_count(ports(), required(count_id).count_id, by=me().login)
    flash(texts.COUNT_DISCARDED, "done")
    return redirect(url_for("stock.counts"), 303)


def required(count_id: str) -> StockCount:
    """The count. Raises `NotFound`, also for one of a store that is not the user's."""
    count = stock_counts.get_count(ports(), count_id)
    if not stores.may_change(count.region, count.store_id):
        raise NotFound(texts.NO_COUNT)
    return count


def _refused(count: StockCount, problem: str) -> ResponseReturnValue:
    if _is_program():
        return jsonify({"problem": problem}), 422
    return _page(count, problem), 422


def _is_program() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _shown(line: CountedLine) -> dict[str, Any]:
    return {"code": line.product_id, "name": line.name, "quantity": f"{line.quantity:f}"}


def _page(count: StockCount, problem: str = "") -> str:
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
        parts=texts.PARTS,
        columns=[
            {"key": name, "label": label, "num": name == "quantity"} for name, label in texts.LINE_COLUMNS.items()
        ],
    )


def _form(place: Place | None, count_id: str, error: str = "") -> str:
    chosen = {"region": (place.region,), "store": (place.store_id,)} if place else {}
    return render_template(
        "stock/new_count.html",
        place=place,
        place_label=stores.label(place) if place else "",
        stores=stores.choices(),
        categories=[(one, one) for one in remaining("category", chosen)] if place else [],
        parts=texts.PARTS,
        part_hints=texts.PART_HINTS,
        day_parts=texts.DAY_PARTS,
        asks_day_part=place is not None and _has_untimed_sales(place),
        count_id=count_id,
        error=error,
        values=request.form,
    )


def _has_untimed_sales(place: Place) -> bool:
    """Whether sales of the store have no time of day."""
    rows = figures.ask("untimed-sales", Filters(region=(place.region,)), store=place.store_id).to_pylist()
    return any(row["untimed"] for row in rows)
