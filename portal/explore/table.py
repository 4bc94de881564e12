"""The table of an exploration: its heads, its columns, and the page of its rows."""

from collections.abc import Mapping
from typing import Any

from portal import figures, list_view
from portal.explore import labels, texts
from portal.explore.answer import Answer, Column, Row
from portal.explore.selection import GROWTH, Exploration
from portal.filters import names
from tillstream.analytics.measures.definition import measures


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


def page_of(exploration: Exploration, kept: Mapping[str, Any], result: Answer) -> list_view.Page:
    """The page of rows. kept: arguments of links."""
    return list_view.page_of(*ordered(exploration, kept, result))


def look_up_names(exploration: Exploration, result: Answer, page: list_view.Page) -> None:
    """Read the names of the products that the page shows, in one query."""
    has_products = any(one.name == "product" for one in exploration.by)
    products = {row["product"] for row in [*page.rows, *result.rows[:200]]} if has_products else set()
    if exploration.across and exploration.across.name == "product":
        products |= {one.value for one in result.columns}
    names.look_up_products({one for one in products if one})


def columns(exploration: Exploration, result: Answer) -> list[tuple[Column, str, str]]:
    """Columns of numbers, each with its format and its label."""
    return [(one, measures()[one.measure].format, _label(exploration, one)) for one in result.columns]


def heads(exploration: Exploration, result: Answer) -> list[dict[str, Any]]:
    """Heads of all columns, as the part `table` of the templates takes them."""
    currency = figures.currency()
    cells: list[dict[str, Any]] = [{"key": one.name, "label": one.label, "sort": True} for one in exploration.by]
    for one in result.columns:
        in_money = measures()[one.measure].format == "money" and one.part != GROWTH
        label = _label(exploration, one)
        cells.append({"key": one.key, "label": label, "sort": True, "num": True, "unit": currency if in_money else ""})
    return cells


def _label(exploration: Exploration, one: Column) -> str:
    if exploration.across:
        return labels.of_value(exploration.across, one.value)
    label = measures()[one.measure].label
    return f"{label}, {texts.COLUMN[one.part]}" if one.part else label
