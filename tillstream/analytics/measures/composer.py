"""The query that computes measures by dimensions, from the smallest relation that has what they need.

Each base measure is aggregated in the part of its grain and series; the parts are put together by group, and measures
of measures are computed from them. See `row_scope` for the relations.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.analytics.catalogue import Parameter, Query
from tillstream.analytics.measures.arithmetic import Reference
from tillstream.analytics.measures.definition import Grain, Measure, measure
from tillstream.analytics.measures.dimensions import Dimension
from tillstream.analytics.measures.parts import Part, part_of
from tillstream.domain.daily_totals import DAY
from tillstream.domain.errors import Rejected

LIMIT = Parameter("limit", "INT64", "10000", (), "Maximum number of rows")
OFFSET = Parameter("offset", "INT64", "0", (), "Number of rows to skip")
COMPARISONS = ("before", "year_before")
_WHOLE = "whole"


@dataclass(frozen=True)
class Selection:
    """Measures by dimensions."""

    measures: tuple[Measure, ...]
    by: tuple[Dimension, ...] = ()

    @property
    def name(self) -> str:
        by = f" by {', '.join(one.name for one in self.by)}" if self.by else ""
        return f"measures {', '.join(one.name for one in self.measures)}{by}"


def compose(selection: Selection) -> Query:
    """Return the query. Its columns: the dimensions, then the measures. Raises `Rejected`."""
    _check(selection)
    bases = sorted({base for one in selection.measures for base in _bases(Reference(one.name))}, key=_column)
    _check_comparisons(selection)
    parts = _parts(selection, [base for base in bases if base.function != _WHOLE])
    wholes = _parts(_without_split(selection), [base for base in bases if base.function == _WHOLE])
    text = _text(selection, parts, wholes)
    return Query(selection.name, text, "", (LIMIT, OFFSET) if selection.by else (), None)


def _check(selection: Selection) -> None:
    for kind, names in (("measure", selection.measures), ("dimension", selection.by)):
        if len({one.name for one in names}) < len(names):
            raise Rejected(f"A {kind} is chosen twice.")
    if not selection.measures:
        raise Rejected("Choose at least one measure.")


def compares_periods(one: Measure) -> bool:
    """Whether a measure needs a period to compare with."""
    bases = _bases(Reference(one.name))
    return any(base.function in COMPARISONS or "comparable" in measure(base.measure).grain for base in bases)


def _check_comparisons(selection: Selection) -> None:
    periods = [one.name for one in selection.by if one.is_period]
    if not periods:
        return
    for one in selection.measures:
        if compares_periods(one):
            raise Rejected(f"{one.name} compares two periods; it cannot be grouped by {periods[0]}.")


def _bases(reference: Reference) -> list[Reference]:
    """The aggregated measures that a measure is computed from."""
    one = measure(reference.measure)
    if one.grain != "measure":
        return [reference]
    inner = (_shifted(each, reference.function) for each in one.arithmetic.references())
    return [base for each in inner for base in _bases(each)]


def _shifted(reference: Reference, function: str) -> Reference:
    if function and reference.function:
        raise ValueError(f"{function}({reference.measure}) is itself a {reference.function}.")
    return Reference(reference.measure, function or reference.function)


def _column(reference: Reference) -> str:
    return f"{reference.function}_{reference.measure}" if reference.function else reference.measure


def _value(reference: Reference) -> str:
    """GoogleSQL of a measure over the columns of the base measures."""
    one = measure(reference.measure)
    if one.grain == "measure":
        return one.arithmetic.to_sql(lambda each: _value(_shifted(each, reference.function)))
    column = _column(reference)
    return f"COALESCE({column}, {one.empty})" if one.empty else column


def _parts(selection: Selection, bases: Sequence[Reference]) -> list[Part]:
    grouped: dict[tuple[Grain, str], dict[str, Measure]] = {}
    for base in bases:
        one = measure(base.measure)
        grouped.setdefault((one.grain, base.function), {})[_column(base)] = one
    return [part_of(grain, function, columns, selection.by) for (grain, function), columns in grouped.items()]


def _without_split(selection: Selection) -> Selection:
    return Selection(selection.measures, tuple(one for one in selection.by if not one.splits_sales))


def _text(selection: Selection, parts: Sequence[Part], wholes: Sequence[Part]) -> str:
    names = [one.name for one in selection.by]
    whole_names = [one.name for one in selection.by if not one.splits_sales]
    ctes = [cte for part in (*parts, *wholes) for cte in part.ctes]
    ctes += _together("grouped", names, parts)
    source = "grouped"
    if wholes:
        ctes += _together("wholes", whole_names, wholes)
        matches = " AND ".join(_same(one) for one in selection.by if not one.splits_sales)
        source += f"\n  LEFT JOIN wholes ON {matches}" if matches else "\n  CROSS JOIN wholes"
    columns = [f"grouped.{name}" for name in names]
    columns += [f"{_cast(one, _value(Reference(one.name)))} AS {one.name}" for one in selection.measures]
    final = f"final AS (\n  SELECT\n    {_list(columns)}\n  FROM {source}\n)"
    order = f"\nORDER BY {', '.join(names)}\nLIMIT @limit OFFSET @offset" if names else ""
    return "WITH\n" + ",\n".join([*ctes, final]) + f"\nSELECT * FROM final{order}"


def _together(name: str, dimensions: Sequence[str], parts: Sequence[Part]) -> list[str]:
    """CTEs that put the groups of the parts side by side."""
    columns = [column for part in parts for column in part.columns]
    rows = []
    for part in parts:
        values = [column if column in part.columns else f"NULL AS {column}" for column in columns]
        rows.append(f"SELECT {', '.join([*dimensions, *values])} FROM {part.name}")
    union = "\n  UNION ALL\n  ".join(rows)
    values = [*dimensions, *(f"MAX({column}) AS {column}" for column in columns)]
    group = f"\n  GROUP BY {', '.join(dimensions)}" if dimensions else ""
    return [
        f"{name}_of_parts AS (\n  {union}\n)",
        f"{name} AS (\n  SELECT\n    {_list(values)}\n  FROM {name}_of_parts{group}\n)",
    ]


def _same(one: Dimension) -> str:
    if one.column == DAY:
        return f"grouped.{one.name} = wholes.{one.name}"
    return f"COALESCE(grouped.{one.name}, '') = COALESCE(wholes.{one.name}, '')"


def _cast(one: Measure, value: str) -> str:
    kind = {"count": "INT64", "day": ""}.get(one.format, "NUMERIC")
    return f"CAST({value} AS {kind})" if kind else value


def _list(columns: Sequence[str]) -> str:
    return ",\n    ".join(columns)
