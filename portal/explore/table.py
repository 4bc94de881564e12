"""The table of an exploration: its heads, its columns, and the page of its rows."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from portal import figures, list_view
from portal.explore import labels, texts
from portal.explore.answer import Answer, Row
from portal.explore.columns import Column, format_of, label_of
from portal.explore.periods import incomplete
from portal.filters import names
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import Filters


def ordered(exploration: Exploration, kept: Mapping[str, Any], result: Answer) -> tuple[list_view.ListQuery, list[Row]]:
    """The rows in the order of the address; else the largest value of the first measure first, or periods in their
    order."""
    by_time = exploration.by and (exploration.by[0].is_period or exploration.by[0].name == "weekday")
    default = exploration.by[0].name if by_time or not result.columns else f"-{result.columns[0].key}"
    sorts = [*(one.name for one in exploration.by), *(one.key for one in result.columns)]
    query = list_view.list_query(sorts=sorts, default_sort=default)
    query = list_view.ListQuery(sort=query.sort, page=query.page, size=query.size, kept=dict(kept))
    rows = result.rows
    return query, list_view.in_order(rows, query) if rows and query.column in rows[0] else rows


def shown(exploration: Exploration, kept: Mapping[str, Any], result: Answer) -> tuple[list_view.ListQuery, list[Row]]:
    """The rows in their order, cut at the limit of the exploration. kept: arguments of links."""
    query, rows = ordered(exploration, kept, result)
    return query, rows[: exploration.first or None]


def look_up_names(exploration: Exploration, result: Answer, page: list_view.Page) -> None:
    """Read the names of the products that the page shows, in one query."""
    has_products = any(one.name == "product" for one in exploration.by)
    products = {row["product"] for row in [*page.rows, *result.rows[:200]]} if has_products else set()
    if exploration.across and exploration.across.name == "product":
        products |= {one.value for one in result.columns}
    names.look_up_products({one for one in products if one})


def columns(exploration: Exploration, result: Answer) -> list[tuple[Column, str, str]]:
    """Columns of numbers, each with its format and its label."""
    if exploration.across:
        names = labels.of_values(exploration.across, [one.value for one in result.columns])
    else:
        names = [label_of(one) for one in result.columns]
    return [(one, format_of(one), name) for one, name in zip(result.columns, names, strict=True)]


def incomplete_of(exploration: Exploration, result: Answer, filters: Filters) -> dict[str, frozenset[Any]]:
    """Dimension → the first days of its periods that are not complete."""
    unfinished = {
        one.name: incomplete(one, {row[one.name] for row in result.rows if row[one.name] is not None}, filters)
        for one in exploration.by
        if one.is_period
    }
    across = exploration.across
    if across and across.is_period:
        unfinished[across.name] = incomplete(across, {one.value for one in result.columns if one.value}, filters)
    return unfinished


def heads(
    exploration: Exploration, result: Answer, unfinished: Mapping[str, frozenset[Any]] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """Heads of all columns, as the part `table` of the templates takes them. unfinished: see `incomplete_of`."""
    currency = figures.currency()
    across = unfinished.get(exploration.across.name, frozenset()) if exploration.across else frozenset()
    cells: list[dict[str, Any]] = [{"key": one.name, "label": one.label, "sort": True} for one in exploration.by]
    for one, form, name in columns(exploration, result):
        label = f"{name} ({texts.INCOMPLETE})" if one.value in across else name
        unit = currency if form == "money" else ""
        cells.append({"key": one.key, "label": label, "sort": True, "num": True, "unit": unit})
    return cells
