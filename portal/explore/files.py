"""Files of an exploration: all its groups, or the table as it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from flask import Response

from portal.context import scope, tillstream
from portal.dashboard.request_filters import DashboardFilters
from portal.explore import answer, labels, table, texts
from portal.explore.columns import format_of
from portal.explore.selection import GROWTH
from portal.exports import writers
from tillstream.analytics import measure_values
from tillstream.analytics.explorations import Exploration
from tillstream.analytics.filters import CURRENCY
from tillstream.analytics.measures.definitions import Dimension
from tillstream.delivery import export_table
from tillstream.model.errors import Rejected

NUMBER = pa.decimal128(38, 9)
PLACES = Decimal("1e-9")
EXACT = frozenset({"jsonl", "parquet"})
"""Formats with exact amounts."""
MOST_ACROSS = 400
"""Values across columns of a file."""


def groups(exploration: Exploration, selection: DashboardFilters, form: str) -> Response:
    """All groups, without a comparison, and with the values across columns in rows."""
    app, names = tillstream(), [one.name for one in exploration.measures]
    by = [one.name for one in exploration.dimensions]
    limit = {"limit": measure_values.ALL_ROWS} if by else {}
    values = measure_values.query_measures(
        app.ports.warehouse, names, by, scope(), selection.filters, cache=app.queries, **limit
    )
    batches = values.to_batches() or [pa.RecordBatch.from_pylist([], values.schema)]
    totals = [one.name for one in exploration.measures if one.is_additive]
    return _respond(exploration, selection, form, batches, totals)


def shown(exploration: Exploration, selection: DashboardFilters, form: str) -> Response:
    """The rows of the table in the order of the page, with the heads of its columns."""
    result = answer.load(exploration, selection, most_across=MOST_ACROSS, is_exact=form in EXACT)
    if result.is_cut:
        raise Rejected(texts.too_many_shown(answer.MOST_GROUPS))
    rows = table.shown(exploration, {}, result)[1]
    by = [(one.name, one.name) for one in exploration.by]
    numbers = [(column.key, label) for column, _, label in table.columns(exploration, result)]
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
        head for head, column in zip(heads[len(by) :], result.columns, strict=True) if format_of(column) == "money"
    ]
    return _respond(exploration, selection, form, [batch], totals, _limits(result, len(rows)), amounts)


def _limits(result: answer.Answer, count: int) -> dict[str, str]:
    """What limits the rows of the table, without its filters. count: of the shown rows."""
    limits = {texts.ONLY: result.limit} if result.limit else {}
    if count < len(result.rows):
        limits[texts.ROWS] = texts.first_of(count, len(result.rows))
    if result.compared:
        before = result.compared.before_start.isoformat(), result.compared.before_end.isoformat()
        limits[texts.COMPARED_WITH] = " ".join(export_table.filters_in_words({"from": before[:1], "to": before[1:]}))
    return limits


def _shown(by: Dimension, value: Any) -> Any:
    """The value of a dimension: weekdays by their names, others as such."""
    return labels.of_value(by, value) if by.name == "weekday" else value


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
    batches: list[pa.RecordBatch],
    totals: Sequence[str],
    limits: Mapping[str, str] = MappingProxyType({}),
    amounts: Sequence[str] | None = None,
) -> Response:
    named = {"in": [selection.filters.currency]} | {
        name: one for name, one in selection.values.items() if name != CURRENCY
    }
    what = "-by-".join(["explore", *(one.name for one in exploration.dimensions[:1])])
    return writers.respond(form, what, named, batches, list(totals), limits, amounts)
