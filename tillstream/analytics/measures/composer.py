"""The query that computes measures by dimensions.

Base measures are aggregated in parts, see `grain_parts`. The parts are put together by group, and measures of measures
are computed from them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.analytics.measures.definitions import Dimension, Grain, Measure, MeasureReference, find_query_measure
from tillstream.analytics.measures.grain_parts import (
    VALUE_TYPES,
    QueryPart,
    have_one_source,
    query_part,
    select_list,
)
from tillstream.model.tables.daily_totals import DAY

COMPARISONS = ("now", "before", "year_before")
_WHOLE = "whole"
_AMOUNTS = frozenset(
    {
        *("reporting_amount", "reporting_discount", "reporting_cost", "revenue", "costed_revenue", "catalogue_revenue"),
        "unconverted_lines",
    }
)
"""Columns that depend on the currency of amounts."""


@dataclass(frozen=True)
class MeasureCtes:
    """CTEs that compute measures; the last one has a row per group. relations and has_amounts: as of a query."""

    ctes: tuple[str, ...]
    relations: frozenset[str]
    has_amounts: bool


def measure_ctes(
    name: str, measures: Sequence[MeasureReference], by: Sequence[Dimension], prefix: str = ""
) -> MeasureCtes:
    """Return CTEs that compute measures by dimensions, the last one with this name.

    Its columns: the dimensions, then the measures; before(x) is called before_x. prefix: of the names of the others.
    """
    bases = sorted({base for one in measures for base in _bases(one)}, key=lambda one: one.column)
    whole_by = tuple(one for one in by if not one.splits_sales)
    parts, wholes = _parts_and_wholes(prefix, bases, by, whole_by)
    ctes = [cte for part in (*parts, *wholes) for cte in part.ctes]
    ctes += _together(f"{prefix}grouped", [one.name for one in by], parts)
    if wholes:
        ctes += _together(f"{prefix}wholes", [one.name for one in whole_by], wholes)
    source = f"{prefix}grouped AS grouped{_join_of_wholes(prefix, whole_by) if wholes else ''}"
    columns = [f"grouped.{one.name}" for one in by]
    columns += [f"{_cast(one, _value_of_measure(one))} AS {one.column}" for one in measures]
    ctes.append(f"{name} AS (\n  SELECT\n    {select_list(columns)}\n  FROM {source}\n)")
    relations = frozenset[str]().union(*(part.relations for part in (*parts, *wholes)))
    return MeasureCtes(tuple(ctes), relations, _have_amounts(bases))


def _parts_and_wholes(
    prefix: str, bases: Sequence[MeasureReference], by: Sequence[Dimension], whole_by: Sequence[Dimension]
) -> tuple[list[QueryPart], list[QueryPart]]:
    """The parts of measures of groups, and of those over all groups of what splits sales."""
    whole = [base for base in bases if base.function == _WHOLE]
    grouped = [base for base in bases if base.function != _WHOLE]
    return [*_query_parts(prefix, by, grouped)], [*_query_parts(prefix, whole_by, whole)]


def _have_amounts(bases: Sequence[MeasureReference]) -> bool:
    """Whether values depend on the currency of amounts."""
    return any(find_query_measure(base.measure).columns & _AMOUNTS for base in bases)


def _join_of_wholes(prefix: str, by: Sequence[Dimension]) -> str:
    """The join that adds the measures over all groups of what splits sales."""
    matches = " AND ".join(map(_same, by))
    return f"\n  {'LEFT' if by else 'CROSS'} JOIN {prefix}wholes AS wholes{f' ON {matches}' if by else ''}"


def compares_periods(one: Measure) -> bool:
    """Whether a measure needs a period to compare with."""
    bases = _bases(MeasureReference(one.name))
    return any(base.function in COMPARISONS or "comparable" in find_query_measure(base.measure).grain for base in bases)


def _bases(reference: MeasureReference) -> list[MeasureReference]:
    """The aggregated measures that a measure is computed from."""
    one = find_query_measure(reference.measure)
    if one.grain != "measure":
        return [reference]
    inner = (_shifted(each, reference.function) for each in one.arithmetic.references())
    return [base for each in inner for base in _bases(each)]


def _shifted(reference: MeasureReference, function: str) -> MeasureReference:
    if function and reference.function:
        raise ValueError(f"{function}({reference.measure}) is itself a {reference.function}.")
    return MeasureReference(reference.measure, function or reference.function)


def _value_of_measure(reference: MeasureReference) -> str:
    """GoogleSQL of a measure over the columns of the base measures."""
    one = find_query_measure(reference.measure)
    if one.grain == "measure":
        return one.arithmetic.to_sql(lambda each: _value_of_measure(_shifted(each, reference.function)))
    column = reference.column
    return f"COALESCE({column}, {one.empty})" if one.empty else column


def _query_parts(prefix: str, by: Sequence[Dimension], bases: Sequence[MeasureReference]) -> list[QueryPart]:
    grouped: dict[tuple[Grain, str], dict[str, Measure]] = {}
    for base in bases:
        one = find_query_measure(base.measure)
        grouped.setdefault((one.grain, base.function), {})[base.column] = one
    for function in {function for _, function in grouped}:
        lines, orders = grouped.get(("line", function)), grouped.get(("order", function))
        if lines and orders and have_one_source(lines, by):
            lines |= grouped.pop(("order", function))
    return [query_part(prefix, grain, function, columns, by) for (grain, function), columns in grouped.items()]


def _together(name: str, dimensions: Sequence[str], parts: Sequence[QueryPart]) -> list[str]:
    """CTEs that put the groups of the parts side by side."""
    if len(parts) == 1 or not dimensions:
        source = "\n  CROSS JOIN ".join(part.name for part in parts)
        return [f"{name} AS (\n  SELECT *\n  FROM {source}\n)"]
    columns = [column for part in parts for column in part.columns]
    rows = []
    for part in parts:
        values = [column if column in part.columns else f"NULL AS {column}" for column in columns]
        rows.append(f"SELECT {', '.join([*dimensions, *values])} FROM {part.name}")
    union = "\n  UNION ALL\n  ".join(rows)
    values = [*dimensions, *(f"MAX({column}) AS {column}" for column in columns)]
    return [
        f"{name}_of_parts AS (\n  {union}\n)",
        f"{name} AS (\n  SELECT\n    {select_list(values)}\n  FROM {name}_of_parts\n"
        f"  GROUP BY {', '.join(dimensions)}\n)",
    ]


def _same(one: Dimension) -> str:
    if one.column == DAY:
        return f"grouped.{one.name} = wholes.{one.name}"
    return f"COALESCE(grouped.{one.name}, '') = COALESCE(wholes.{one.name}, '')"


def _cast(reference: MeasureReference, value: str) -> str:
    kind = VALUE_TYPES.get(find_query_measure(reference.measure).format, "NUMERIC")
    return f"CAST({value} AS {kind})" if kind else value
