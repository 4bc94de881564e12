"""History of one product in one store: its stock by day, and what changed it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import ports, scope
from portal.stock import texts
from portal.stock.stores import may_change
from tillstream.analytics.filters import Filters
from tillstream.model.errors import NotFound
from tillstream.model.people import Action
from tillstream.stock import stored_movements
from tillstream.stock.movements import REASONS, MovementKind

CHART_DAYS = 366
"""Days of the chart, the latest ones."""
MARKS = 12
"""Days whose movements are marked in the chart, the latest ones."""
Rows = Sequence[dict[str, Any]]


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """The product and the store in the address. Raises `NotFound` where neither was ever sold or moved there."""
    region, store, product = (request.args.get(name, "") for name in ("region", "store", "product"))
    place = {"region": region, "store": store, "product": product}
    level = _level(region, store, product)
    days = figures.ask("stock-history", Filters(), **place).to_pylist()
    moved = figures.ask("stock-events", Filters(), **place).to_pylist()
    if level is None and not days and not moved:
        raise NotFound(texts.no_history(product, store))
    changes = scope().may(Action.MANAGE_STOCK) and may_change(region, store)
    page = list_view.page_of(list_view.list_query(keep=tuple(place)), _events(days, moved))
    return render_template(
        "stock/history.html",
        level=level,
        **place,
        name=(level or {}).get("product_name") or product,
        store_name=(level or {}).get("store_name") or store,
        figure=_figure(days, moved),
        summary=texts.history(product, store, days),
        page=page,
        recorders=_recorders(page.rows) if changes else {},
        changes=changes,
        kinds=texts.KINDS,
        reasons=REASONS,
        causes=texts.causes(moved) if level and level["status"] == "negative" else [],
        columns=[
            {"key": name, "label": label, "num": name == "units"}
            for name, label in texts.EVENT_COLUMNS.items()
            if changes or name not in {"by", "undo"}
        ],
    )


def _level(region: str, store: str, product: str) -> dict[str, Any] | None:
    filters = Filters(region=(region,), store=(store,), product=(product,))
    rows = figures.ask("stock-levels", filters, limit=1).to_pylist()
    return rows[0] if rows else None


def _events(days: Rows, moved: Rows) -> list[dict[str, Any]]:
    """Movements, and sales by day, latest first."""
    sold = [
        {"day": row["day"], "kind": "sold", "units": -row["sold"], "at": None, "movement": None}
        for row in days
        if row["sold"]
    ]
    events = [
        {
            "day": row["stock_date"],
            "kind": row["kind"],
            "units": row["quantity"] if row["change"] is None else row["change"],
            "at": row["occurred_at"],
            "movement": row,
        }
        for row in moved
    ]
    return sorted([*events, *sold], key=lambda one: one["day"], reverse=True)


def _recorders(events: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Movement → who recorded it."""
    ids = [one["movement"]["movement_id"] for one in events if one["movement"]]
    return {one: stored_movements.get_movement(ports(), one).by for one in ids}


def _figure(days: Rows, moved: Rows) -> dict[str, Any]:
    """Stock at the end of each day as a line, with counts and movements as marks."""
    if not days:
        return {}
    last = days[-1]["day"]
    first = max(days[0]["day"], last - timedelta(days=CHART_DAYS - 1))
    values = _filled(days, first, last)
    marks: dict[date, set[str]] = {}
    for row in moved:
        marks.setdefault(row["stock_date"], set()).add(texts.KINDS[MovementKind(row["kind"])])
    return {
        "kind": "line",
        "period": "daily",
        "labels": [day.isoformat() for day in values],
        "currency": "",
        "measure": texts.STOCK,
        "series": [{"name": texts.STOCK, "values": list(values.values())}],
        "annotations": [
            {"at": day.isoformat(), "text": ", ".join(sorted(marks[day]))} for day in sorted(marks) if day in values
        ][-MARKS:],
    }


def _filled(days: Rows, first: date, last: date) -> dict[date, float | None]:
    """Stock of every day: that of the last day on which something changed it."""
    by_day = {row["day"]: row["stock"] for row in days}
    current = next((row["stock"] for row in reversed(days) if row["day"] <= first), None)
    values: dict[date, float | None] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        current = by_day.get(day, current)
        values[day] = None if current is None else float(current)
    return values
