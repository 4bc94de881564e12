"""The table of an exploration, on the page and as a file."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from flask import Response

from portal import figures, file_responses, list_view, value_names
from portal.context import scope
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import answer, labels
from portal.explore.answer import ExplorationAnswer, Row
from portal.explore.labels import incomplete_periods
from portal.explore.selection import GROWTH, MeasureColumn, column_format, column_label
from portal.translation import _
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import CURRENCY, Filters
from tillstream.analytics.measures.definitions import Dimension
from tillstream.delivery import export_table, subscribed_tables
from tillstream.delivery.export_formats import export_format
from tillstream.model.errors import Rejected

NUMBER = pa.decimal128(38, 9)
PLACES = Decimal("1e-9")
MAX_ACROSS = 400
"""Values across columns of a file."""


def ordered_rows(
    exploration: Exploration, kept: Mapping[str, Any], result: ExplorationAnswer
) -> tuple[list_view.ListQuery, list[Row]]:
    """The rows in the order of the address; else the largest value of the first measure first, or periods in their
    order."""
    by_time = exploration.by and (exploration.by[0].is_period or exploration.by[0].name == "weekday")
    default = exploration.by[0].name if by_time or not result.columns else f"-{result.columns[0].key}"
    sorts = [*(one.name for one in exploration.by), *(one.key for one in result.columns)]
    query = list_view.list_query(sorts=sorts, default_sort=default)
    query = list_view.ListQuery(sort=query.sort, page=query.page, size=query.size, kept=dict(kept))
    rows = result.rows
    return query, list_view.in_order(rows, query) if rows and query.column in rows[0] else rows


def table_query(
    exploration: Exploration, kept: Mapping[str, Any], result: ExplorationAnswer
) -> tuple[list_view.ListQuery, list[Row]]:
    """The rows in their order, cut at the limit of the exploration. kept: arguments of links."""
    query, rows = ordered_rows(exploration, kept, result)
    return query, rows[: exploration.first or None]


def look_up_names(exploration: Exploration, result: ExplorationAnswer, page: list_view.ListPage) -> None:
    """Read the names of the products that the page shows, in one query."""
    has_products = any(one.name == "product" for one in exploration.by)
    products = {row["product"] for row in [*page.rows, *result.rows[:200]]} if has_products else set()
    if exploration.across and exploration.across.name == "product":
        products |= {one.value for one in result.columns}
    value_names.look_up_products({one for one in products if one})


def table_columns(exploration: Exploration, result: ExplorationAnswer) -> list[tuple[MeasureColumn, str, str]]:
    """Columns of numbers, each with its format and its label."""
    if exploration.across:
        names = labels.value_labels(exploration.across, [one.value for one in result.columns])
    else:
        names = [column_label(one) for one in result.columns]
    return [(one, column_format(one), name) for one, name in zip(result.columns, names, strict=True)]


def incomplete_of(exploration: Exploration, result: ExplorationAnswer, filters: Filters) -> dict[str, frozenset[Any]]:
    """Dimension → the first days of its periods that are not complete."""
    unfinished = {
        one.name: incomplete_periods(one, {row[one.name] for row in result.rows if row[one.name] is not None}, filters)
        for one in exploration.by
        if one.is_period
    }
    across = exploration.across
    if across and across.is_period:
        unfinished[across.name] = incomplete_periods(
            across, {one.value for one in result.columns if one.value}, filters
        )
    return unfinished


def table_heads(
    exploration: Exploration, result: ExplorationAnswer, unfinished: Mapping[str, frozenset[Any]] = MappingProxyType({})
) -> list[dict[str, Any]]:
    """Heads of all columns, as the part `table` of the templates takes them. unfinished: see `incomplete_of`."""
    currency = figures.currency()
    across = unfinished.get(exploration.across.name, frozenset()) if exploration.across else frozenset()
    cells: list[dict[str, Any]] = [{"key": one.name, "label": _(one.label), "sort": True} for one in exploration.by]
    for one, form, name in table_columns(exploration, result):
        label = f"{name} ({_('not complete')})" if one.value in across else name
        unit = currency if form == "money" else ""
        cells.append({"key": one.key, "label": label, "sort": True, "num": True, "unit": unit})
    return cells


def groups_file(exploration: Exploration, selection: DashboardFilters, form: str) -> Response:
    """All groups, without a comparison, and with the values across columns in rows."""
    table = subscribed_tables.explored_table(file_responses.table_source(), scope(), exploration, selection.filters)
    return _respond(exploration, selection, form, table)


def shown_file(exploration: Exploration, selection: DashboardFilters, form: str) -> Response:
    """The rows of the table in the order of the page, with the heads of its columns."""
    result = answer.load_answer(exploration, selection, most_across=MAX_ACROSS, is_exact=export_format(form).is_exact)
    if result.is_cut:
        too_many = _("The table shows the first {most:,} groups only. Narrow the filters, or export all groups.")
        raise Rejected(too_many.format(most=answer.MAX_GROUPS))
    rows = table_query(exploration, {}, result)[1]
    by = [(one.name, one.name) for one in exploration.by]
    numbers = [(column.key, label) for column, _, label in table_columns(exploration, result)]
    heads = _unique([label for _, label in (*by, *numbers)])
    cells = [pa.array([_shown(one, row[one.name]) for row in rows]) for one in exploration.by]
    cells += [_numbers([row[key] for row in rows]) for key, _ in numbers]
    additive = {one.name for one in exploration.shown if one.is_additive}
    totals = [
        head
        for head, column in zip(heads[len(by) :], result.columns, strict=True)
        if column.measure in additive and column.part != GROWTH
    ]
    if result.compared:
        days = {"from": [result.compared.start.isoformat()], "to": [result.compared.end.isoformat()]}
        selection = replace(selection, values=selection.values | days)
    batch = pa.RecordBatch.from_arrays(cells, heads)
    amounts = [
        head for head, column in zip(heads[len(by) :], result.columns, strict=True) if column_format(column) == "money"
    ]
    table = export_table.export_table("", [batch], totals, converted=amounts)
    return _respond(exploration, selection, form, table, _limits(result, len(rows)))


def _limits(result: answer.ExplorationAnswer, count: int) -> dict[str, str]:
    """What limits the rows of the table, without its filters. count: of the shown rows."""
    limits = {_("Only groups with"): result.limit} if result.limit else {}
    if count < len(result.rows):
        limits[_("Rows")] = _("first {shown:,} of {count:,} groups", shown=count, count=len(result.rows))
    if result.compared:
        before = result.compared.before_start.isoformat(), result.compared.before_end.isoformat()
        limits[_("Compared with")] = " ".join(export_table.filters_in_words({"from": before[:1], "to": before[1:]}))
    return limits


def _shown(by: Dimension, value: Any) -> Any:
    """The value of a dimension: weekdays by their names, others as such."""
    return labels.value_label(by, value) if by.name == "weekday" else value


def _numbers(values: Sequence[Any]) -> pa.Array:
    """Whole numbers as such, others as decimals."""
    if all(isinstance(value, int) for value in values if value is not None) and any(values):
        return pa.array(values, pa.int64())
    decimals = [
        None if value is None else Decimal(value).quantize(PLACES) if isinstance(value, int | Decimal) else value
        for value in values
    ]
    if any(value is not None and not isinstance(value, Decimal) for value in decimals):
        return pa.array(decimals)
    return pa.array(decimals, NUMBER)


def _unique(names: Sequence[str]) -> list[str]:
    """Names of columns, numbered where several values have the same name."""
    result: list[str] = []
    for name in names:
        count = names[: len(result)].count(name)
        result.append(f"{name} ({count + 1})" if count else name)
    return result


def _respond(
    exploration: Exploration,
    selection: DashboardFilters,
    form: str,
    table: export_table.ExportTable,
    limits: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    named = {"in": [selection.filters.currency]} | {
        name: one for name, one in selection.values.items() if name != CURRENCY
    }
    what = "-by-".join(["explore", *(one.name for one in exploration.dimensions[:1])])
    return file_responses.file_response(form, replace(table, name=what), named, limits)


def limited_text(shown: int, count: int) -> str:
    return _("The first {shown:,} of {count:,} groups are shown.", shown=shown, count=count)
