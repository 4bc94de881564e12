"""Stock levels by store and product, searched, filtered, sorted and paged by the warehouse."""

from dataclasses import replace
from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import scope
from portal.filters import fields
from portal.stock import on_order, texts
from tillstream.analytics.filters import Filters
from tillstream.delivery.export_formats import FORMAT_LABELS
from tillstream.model.people import Action
from tillstream.stock import published_levels

FILTERS = ("region", "store", "category", "product")
SORTS = ("product", "store", "status", "on-hand", "recent", "cover", "value")
LEVELS = published_levels.NOW_QUERY
ATTENTION = ("low", "out", "negative")


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """The levels of the user's stores."""
    query = list_view.list_query(sorts=_sorts(), filters=(*FILTERS, "status"), default_sort="status")
    status = next((one for one in query.chosen["status"] if one in texts.CHOICES), "all")
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
    page = list_view.Page(query, on_order.added(rows[: query.size]), _total(status, counts), len(rows) > query.size)
    return render_template(
        "stock/levels.html",
        page=page,
        columns=_columns(),
        choices=_choices(counts),
        status=status,
        value=_value(counts),
        currency=figures.currency(),
        bar=[fields.of_stock(name, chosen) for name in FILTERS],
        is_filtered=any(chosen.values()),
        files=_files(query, status),
    )


def _sorts() -> tuple[str, ...]:
    return SORTS if scope().may(Action.SEE_COSTS) else SORTS[:-1]


def _columns() -> list[dict[str, Any]]:
    """Columns as the template macro `table` expects them; the value only for those who may see costs."""
    names = [name for name in texts.COLUMNS if name != "value" or scope().may(Action.SEE_COSTS)]
    return [
        {
            "key": name,
            "label": texts.COLUMNS[name],
            "sort": name in SORTS,
            "num": name in {"on-hand", "transit", "ordered", "recent", "cover", "value"},
            "unit": figures.currency() if name == "value" else "",
            "hint": texts.HINTS.get(name, ""),
        }
        for name in names
    ]


def _files(query: list_view.ListQuery, status: str) -> list[tuple[str, str]]:
    """Label and address of a file of all levels of the list, in its order."""
    args: dict[str, Any] = {name: query.chosen[name] for name in FILTERS if query.chosen[name]}
    args |= {"text": query.q, "status": status, "sort": query.column, "descending": int(query.down)}
    return [(FORMAT_LABELS[form], url_for("exports.table", table=LEVELS, format=form, **args)) for form in texts.FILES]


def _choices(counts: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """Status, label and number of levels of each filter chip."""
    return [(status, label, _total(status, counts)) for status, label in texts.CHOICES.items()]


def _total(status: str, counts: list[dict[str, Any]]) -> int:
    wanted = {"all": tuple(texts.STATUSES), "attention": ATTENTION}.get(status, (status,))
    return sum(row["levels"] for row in counts if row["status"] in wanted)


def _value(counts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Value of the listed stock and the number of levels without a cost; None for those who may not see costs."""
    if not scope().may(Action.SEE_COSTS):
        return None
    return {
        "stock_cost": sum(row["stock_cost"] or 0 for row in counts),
        "uncosted": sum(row["uncosted"] for row in counts),
    }
