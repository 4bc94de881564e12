"""The end of a count: its differences, what was not counted, and its confirmation."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import me, ports, scope
from portal.stock import recording, stores, texts
from portal.stock.counts import required
from tillstream.analytics.filters import Filters
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.stock import stock_counts
from tillstream.stock.stock_counts import CountDifference, CountState, StockCount

MOST_LEVELS = 100_000
"""Products of one store that are compared."""


@allow(Action.MANAGE_STOCK)
def show(count_id: str) -> ResponseReturnValue:
    """What a count changes; of a confirmed one, its movements."""
    return _page(required(count_id))


@allow(Action.MANAGE_STOCK)
def confirm(count_id: str) -> ResponseReturnValue:
    """Record the count."""
    count = required(count_id)
    today = stores.business_day(count.region, count.store_id)
    try:
        stock_counts.confirm_count(ports(), count_id, zeros=request.form.getlist("zero"), by=me().login, on=today)
    except Rejected as error:
        return _page(count, str(error)), 422
    recording.follow()
    flash(texts.COUNT_CONFIRMED, "done")
    return redirect(url_for("stock.review_count", count_id=count_id), 303)


def _page(count: StockCount, error: str = "") -> str:
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
        parts=texts.PARTS,
        states=texts.COUNT_STATES,
        columns=_columns(),
    )


def _levels(count: StockCount) -> list[dict[str, Any]]:
    filters = Filters(region=(count.region,), store=(count.store_id,))
    rows: list[dict[str, Any]] = figures.ask("stock-levels", filters, sort="product", limit=MOST_LEVELS).to_pylist()
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
    names = [name for name in texts.DIFFERENCE_COLUMNS if name != "value" or scope().may(Action.SEE_COSTS)]
    return [
        {"key": name, "label": texts.DIFFERENCE_COLUMNS[name], "num": name not in {"product", "counted_at"}}
        for name in names
    ]
