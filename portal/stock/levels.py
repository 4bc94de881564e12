"""Stock levels, also on the start page, and the history of one product in one store."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, filter_fields, formats, list_view
from portal.access import allow
from portal.context import ports, scope
from portal.stock.movements import KINDS
from portal.stock.stores import may_change
from portal.translation import N_, _
from tillstream.analytics.filters import Filters
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.stock import published_levels, stored_movements
from tillstream.stock.movements import REASONS, MovementKind

STATUSES = N_(
    {
        "in-stock": ("In stock", "good", "check"),
        "low": ("Low", "ask", "down"),
        "out": ("Out", "bad", "close"),
        "negative": ("Negative", "bad", "help"),
        "not-counted": ("Not counted", "", "minus"),
    }
)
"""Status → its label, tone and icon."""
MEANINGS = N_(
    {
        "low": "No more than the minimum stock, or what is sold until a delivery arrives",
        "negative": "More was sold than there was",
        "not-counted": "Sold or moved in this store, but never counted there",
    }
)
CHOICES = {"all": N_("All"), "attention": N_("Needs attention")} | {
    key: label for key, (label, *_rest) in STATUSES.items()
}
COLUMNS = N_(
    {
        "product": "Product",
        "store": "Store",
        "status": "Status",
        "on-hand": "On hand",
        "transit": "In transit",
        "ordered": "On order",
        "recent": "Sold in 56 days",
        "cover": "Days of cover",
        "value": "Value at cost",
        "counted": "Last count",
    }
)
"""Column of the list of levels → its label; the first ones with the name of their order."""
HINTS = N_(
    {
        "transit": "Sent by other stores and not arrived yet",
        "ordered": "Expected from suppliers by sent orders",
        "cover": "Units on hand divided by the mean daily sales of the last 56 days",
        "value": "Units on hand times the unit cost of the catalogue",
    }
)
FILES = ("xlsx", "csv")
"""Formats of an export."""
EVENT_COLUMNS = N_(
    {"day": "Day", "what": "What", "units": "Units", "about": "Reference", "by": "Recorded by", "undo": "Undo"}
)
STOCK = N_("Stock at the end of the day")

FILTERS = ("region", "store", "category", "product")
SORTS = ("product", "store", "status", "on-hand", "recent", "cover", "value")
LEVELS = published_levels.NOW_QUERY
ATTENTION = ("low", "out", "negative")

SHOWN_PRODUCTS = ("negative", "out", "low", "not-counted")

CHART_DAYS = 366
"""Days of the chart, the latest ones."""
MARKS = 12
"""Days whose movements are marked in the chart, the latest ones."""
HistoryRows = Sequence[dict[str, Any]]


@allow(Action.SEE_NUMBERS)
def show_levels() -> ResponseReturnValue:
    """The levels of the user's stores."""
    query = list_view.list_query(sorts=_sorts(), filters=(*FILTERS, "status"), default_sort="status")
    status = next((one for one in query.chosen["status"] if one in CHOICES), "all")
    chosen = {name: query.chosen[name] for name in FILTERS}
    query = replace(query, chosen=chosen | {"status": () if status == "all" else (status,)})
    filters = Filters.parse({name: list(values) for name, values in chosen.items()})
    rows = figures.ask(
        LEVELS,
        filters,
        text=query.q,
        status=status,
        sort=query.column,
        descending=int(query.down),
        limit=query.size + 1,
        offset=query.first,
    ).to_pylist()
    counts = figures.ask("stock-statuses", filters, text=query.q).to_pylist()
    page = list_view.ListPage(
        query, figures.with_units_on_order(rows[: query.size]), _total(status, counts), len(rows) > query.size
    )
    return render_template(
        "stock/levels.html",
        page=page,
        columns=_columns(),
        choices=_choices(counts),
        status=status,
        value=_value(counts),
        currency=figures.currency(),
        bar=[filter_fields.stock_field(name, chosen) for name in FILTERS],
        is_filtered=any(chosen.values()),
        files=_files(query, status),
    )


def _sorts() -> tuple[str, ...]:
    return SORTS if scope().may(Action.SEE_COSTS) else SORTS[:-1]


def _columns() -> list[dict[str, Any]]:
    """Columns as the template macro `table` expects them; the value only for those who may see costs."""
    names = [name for name in COLUMNS if name != "value" or scope().may(Action.SEE_COSTS)]
    return [
        {
            "key": name,
            "label": COLUMNS[name],
            "sort": name in SORTS,
            "num": name in {"on-hand", "transit", "ordered", "recent", "cover", "value"},
            "unit": figures.currency() if name == "value" else "",
            "hint": HINTS.get(name, ""),
        }
        for name in names
    ]


def _files(query: list_view.ListQuery, status: str) -> list[tuple[str, str]]:
    """Label and address of a file of all levels of the list, in its order."""
    args: dict[str, Any] = {name: query.chosen[name] for name in FILTERS if query.chosen[name]}
    args |= {"text": query.q, "status": status, "sort": query.column, "descending": int(query.down)}
    return [(FORMATS[form].label, url_for("exports.table", table=LEVELS, format=form, **args)) for form in FILES]


def _choices(counts: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Status, label and number of levels of each filter chip."""
    return [(status, label, _total(status, counts)) for status, label in CHOICES.items()]


def _total(status: str, counts: list[dict[str, Any]]) -> int:
    wanted = {"all": tuple(STATUSES), "attention": ATTENTION}.get(status, (status,))
    return sum(row["levels"] for row in counts if row["status"] in wanted)


def _value(counts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Value of the listed stock and the number of levels without a cost; None for those who may not see costs."""
    if not scope().may(Action.SEE_COSTS):
        return None
    return {
        "stock_cost": sum(row["stock_cost"] or 0 for row in counts),
        "uncosted": sum(row["uncosted"] for row in counts),
    }


def load_stock(selected: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """The number of products in the selected stores by status, and for those who order them, what to order.

    selected: the filters as text.
    """
    args = {name: selected[name] for name in FILTERS if selected.get(name)}
    filters = Filters.parse(args)
    counts = {row["status"]: row["levels"] for row in figures.ask("stock-statuses", filters).to_pylist()}
    rows = [(status, counts[status]) for status in SHOWN_PRODUCTS if counts.get(status)]
    orders = figures.ask("restock-counts", filters).to_pylist() if scope().may(Action.MANAGE_STOCK) else []
    return {
        "rows": rows,
        "total": sum(counts.values()),
        "to_order": sum(one["lines"] for one in orders if one["state"] == "open"),
        "statuses": STATUSES,
        "meanings": MEANINGS,
        "args": args,
    }


@allow(Action.SEE_NUMBERS)
def show_history() -> ResponseReturnValue:
    """The product and the store in the address. Raises `NotFound` where neither was ever sold or moved there."""
    region, store, product = (request.args.get(name, "") for name in ("region", "store", "product"))
    place = {"region": region, "store": store, "product": product}
    level = _level(region, store, product)
    days = figures.ask("stock-history", Filters(), **place).to_pylist()
    moved = figures.ask("stock-events", Filters(), **place).to_pylist()
    if level is None and not days and not moved:
        nothing = _("Nothing is recorded of the product “{product}” in the store “{store}”.")
        raise NotFound(nothing.format(product=product, store=store))
    changes = scope().may(Action.MANAGE_STOCK) and may_change(region, store)
    page = list_view.page_of(list_view.list_query(keep=tuple(place)), _events(days, moved))
    return render_template(
        "stock/history.html",
        level=level,
        **place,
        name=(level or {}).get("product_name") or product,
        store_name=(level or {}).get("store_name") or store,
        figure=_figure(days, moved),
        summary=history(product, store, days),
        page=page,
        recorders=_recorders(page.rows) if changes else {},
        changes=changes,
        kinds=KINDS,
        reasons=REASONS,
        causes=causes(moved) if level and level["status"] == "negative" else [],
        columns=[
            {"key": name, "label": label, "num": name == "units"}
            for name, label in EVENT_COLUMNS.items()
            if changes or name not in {"by", "undo"}
        ],
    )


def _level(region: str, store: str, product: str) -> dict[str, Any] | None:
    filters = Filters(region=(region,), store=(store,), product=(product,))
    rows = figures.ask("stock-levels", filters, limit=1).to_pylist()
    return rows[0] if rows else None


def _events(days: HistoryRows, moved: HistoryRows) -> list[dict[str, Any]]:
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


def _figure(days: HistoryRows, moved: HistoryRows) -> dict[str, Any]:
    """Stock at the end of each day as a line, with counts and movements as marks."""
    if not days:
        return {}
    last = days[-1]["day"]
    first = max(days[0]["day"], last - timedelta(days=CHART_DAYS - 1))
    values = _filled(days, first, last)
    marks: dict[date, set[str]] = {}
    for row in moved:
        marks.setdefault(row["stock_date"], set()).add(KINDS[MovementKind(row["kind"])])
    return {
        "kind": "line",
        "period": "daily",
        "labels": [day.isoformat() for day in values],
        "currency": "",
        "measure": STOCK,
        "series": [{"name": STOCK, "values": list(values.values())}],
        "annotations": [
            {"at": day.isoformat(), "text": ", ".join(sorted(marks[day]))} for day in sorted(marks) if day in values
        ][-MARKS:],
    }


def _filled(days: HistoryRows, first: date, last: date) -> dict[date, float | None]:
    """Stock of every day: that of the last day on which something changed it."""
    by_day = {row["day"]: row["stock"] for row in days}
    current = next((row["stock"] for row in reversed(days) if row["day"] <= first), None)
    values: dict[date, float | None] = {}
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        current = by_day.get(day, current)
        values[day] = None if current is None else float(current)
    return values


def history(product: str, store_id: str, days: Sequence[Mapping[str, Any]]) -> str:
    """The chart in a sentence, for screen readers."""
    stock = days[-1]["stock"] if days else None
    ends = _("not counted yet") if stock is None else _("now {units} units", units=formats.count(stock).striptags())
    return _("Stock of {product} in {store_id} by day, {ends}.", product=product, store_id=store_id, ends=ends)


def causes(moved: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why more can have been sold than there was, with the events that concern it. moved: latest first."""
    received = next((row for row in moved if row["kind"] in {"receipt", "transfer-in"}), None)
    counted = next((row for row in moved if row["kind"] == "count"), None)
    if received is None:
        causes = [_("A delivery was not entered: none is recorded.")]
    else:
        causes = [_("A delivery was not entered: the last one was {on}.", on=_on(received))]
    if counted is not None:
        causes.append(_("The last count was wrong: {on}.", on=_on(counted)))
    return [*causes, _("Sales of another product have the code of this one.")]


def _on(row: Mapping[str, Any]) -> str:
    units = formats.count(row["quantity"]).striptags()
    return _("{units} units on {day}", units=units, day=formats.day(row["stock_date"]).striptags())
