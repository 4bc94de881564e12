"""The restock queue: searched, filtered, sorted and paged by the warehouse."""

import json
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.filters import fields
from portal.forecast.numbers import sees_all
from portal.restock import texts
from tillstream.analytics.filters import Filters
from tillstream.model.document_json import decimal_text
from tillstream.model.people import Action
from tillstream.stock import restock_queue

FILTERS = ("region", "store", "category", "product")
SORTS = ("urgency", "product", "store", "supplier", "units", "value")


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """The queue of the user's stores."""
    query = list_view.list_query(
        sorts=SORTS, filters=FILTERS, default_sort="urgency", keep=("state", "kind", "supplier")
    )
    state = _one_of("state", texts.STATES, "open")
    kind = _one_of("kind", texts.KINDS, "all")
    supplier = request.args.get("supplier", "")
    filters = Filters.parse({name: list(values) for name, values in query.chosen.items()})
    rows = figures.ask(
        "restock-lines",
        filters,
        state=state,
        kind=kind,
        supplier=supplier,
        text=query.q,
        sort=query.column,
        descending=int(query.down),
        limit=query.size,
        offset=query.first,
    ).to_pylist()
    counts = figures.ask("restock-counts", filters).to_pylist()
    total = rows[0]["matching"] if rows else 0
    return render_template(
        "restock/lines.html",
        page=list_view.Page(query, rows, total, total > query.first + len(rows)),
        columns=_columns(),
        states=[(key, label, sum(row["lines"] for row in counts if row["state"] == key)) for key, label in _states()],
        state=state,
        kind=kind,
        kinds=texts.KINDS,
        supplier=supplier,
        suppliers={row["supplier"]: row["supplier_name"] for row in counts if row["supplier"]},
        cost=_cost(counts, state),
        currency=figures.currency(),
        bar=[fields.of_stock(name, query.chosen) for name in FILTERS],
        last=restock_queue.last_restock_run(ports()),
        is_requested=restock_queue.is_restock_requested(ports()),
        line_id=_line_id,
        transfer_form=_transfer_form,
        sees_all=sees_all(),
        number_text=decimal_text,
        meanings=texts.MEANINGS,
        reasons=texts.REASONS,
        snoozes=texts.SNOOZES,
    )


@allow(Action.MANAGE_STOCK)
def update() -> ResponseReturnValue:
    """Compute the queue again."""
    ended = restock_queue.update_queue(ports(), by=me().login)
    tillstream().queries.clear()
    if ended:
        flash(f"The queue is up to date: {ended.lines:,} products need something.")
    else:
        flash("The queue is being computed. This takes some minutes.")
    return redirect(url_for("restock.show"))


def _one_of(name: str, choices: Any, default: str) -> str:
    value = request.args.get(name, default)
    return value if value in choices else default


def _states() -> list[tuple[str, str]]:
    return list(texts.STATES.items())


def _columns() -> list[dict[str, Any]]:
    """Columns as the template macro `table` expects them; the cost only for those who may see costs."""
    names = [name for name in texts.COLUMNS if name != "value" or scope().may(Action.SEE_COSTS)]
    return [
        {
            "key": name,
            "label": texts.COLUMNS[name],
            "sort": name in SORTS,
            "num": name in {"urgency", "stock", "units", "value"},
            "unit": figures.currency() if name == "value" else "",
            "hint": texts.HINTS.get(name, ""),
        }
        for name in names
    ]


def _cost(counts: list[dict[str, Any]], state: str) -> Any:
    """Cost of the orders in this state; None for those who may not see costs."""
    if not scope().may(Action.SEE_COSTS):
        return None
    return sum(row["order_cost"] or 0 for row in counts if row["state"] == state and row["kind"] == "order")


def _line_id(row: dict[str, Any]) -> str:
    return json.dumps([row["region"], row["store_id"], row["product"]])


def _transfer_form(row: dict[str, Any]) -> str:
    """Address of the form for a transfer, filled in; empty if the user may not change the stock of the giving store."""
    may_send = scope().may(Action.MANAGE_STOCK) and scope().covers_stores([row["from_store"]])
    if not row["from_store"] or not may_send:
        return ""
    return url_for(
        "stock.form",
        movement_form="transfer",
        store=f"{row['region']}/{row['from_store']}",
        other_store=f"{row['region']}/{row['store_id']}",
        product=row["product"],
        quantity=decimal_text(row["units"]),
    )
