"""The GoogleSQL of a chart, in the form in which Looker Studio queries BigQuery: its fields only, grouped."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from looker.definitions import Chart, Control, Report, sources

TIMES = ("year", "quarter", "month", "day")
"""Drill-down of a date."""
_LENGTHS = {"day": "", "week": "ISOWEEK", "month": "MONTH"}
_RANGE = re.compile(r"(?P<side>last|next) (?P<count>\d+) (?P<unit>days|months)")
_AGGREGATES = {"sum": "SUM({})", "count distinct": "COUNT(DISTINCT {})"}
Days = tuple[date, date]


def days_of(name: str, today: date) -> Days:
    """First and last day of a range such as `last 28 days`, which ends yesterday. Raises `ValueError`."""
    match = _RANGE.fullmatch(name)
    if not match:
        raise ValueError(f"{name} is not a date range.")
    count = int(match["count"])
    if match["side"] == "next":
        return today, today + timedelta(days=count - 1)
    if match["unit"] == "days":
        return today - timedelta(days=count), today - timedelta(days=1)
    months = today.year * 12 + today.month - 1 - count
    return date(months // 12, months % 12 + 1, 1), today.replace(day=1) - timedelta(days=1)


def earlier(days: Days, compare: str) -> Days:
    """The days to compare with: `previous period` or `previous year`."""
    back = timedelta(days=364) if compare == "previous year" else days[1] - days[0] + timedelta(days=1)
    return days[0] - back, days[1] - back


def chart_days(report: Report, chart: Chart, today: date) -> Days | None:
    """The days of a chart; None if its data source has no date control."""
    control = report.dates(chart.source)
    return days_of(chart.date_range or control.default, today) if control else None


def chart_query(report: Report, chart: Chart, days: Days | None) -> str:
    """SELECT of a chart's dimensions and metrics, in its order."""
    dimensions = [_dimension(chart, name) for name in chart.dimensions]
    metrics = [f"{_metric(report, chart.source, name)} AS {name}" for name in chart.metrics]
    conditions = [f"{name} = {_literal(value)}" for name, value in chart.where.items()]
    return _select([*dimensions, *metrics], chart.source, [*_between(report, chart, days), *conditions], chart)


def control_queries(report: Report, today: date) -> Iterator[tuple[str, str]]:
    """(data source, SELECT) of each list of values that a control offers."""
    for one in report.filters:
        if one.control == "list":
            dates = report.dates(one.source)
            days = days_of(dates.default, today) if dates else None
            where = f"\nWHERE {_range(dates, days)}" if dates and days else ""
            yield one.source, f"SELECT {one.field}, COUNT(*) AS rows_count\nFROM {one.source}{where}\nGROUP BY 1"


def sort_of(chart: Chart) -> tuple[str, bool]:
    """(column, whether ascending)."""
    if chart.sort:
        name, _, direction = chart.sort.partition(" ")
        return name, direction == "ascending"
    return (chart.dimensions[0], True) if chart.type == "time series" else (chart.metrics[0], False)


def _select(columns: list[str], source: str, conditions: list[str], chart: Chart) -> str:
    text = "SELECT\n  " + ",\n  ".join(columns) + f"\nFROM {source}"
    if conditions:
        text += f"\nWHERE {' AND '.join(conditions)}"
    if not chart.dimensions:
        return text
    groups = [str(number + 1) for number in range(len(chart.dimensions))]
    name, ascending = sort_of(chart)
    first = [*chart.dimensions, *chart.metrics].index(name) + 1
    order = [f"{first}{'' if ascending else ' DESC'}", *(number for number in groups if number != str(first))]
    return f"{text}\nGROUP BY {', '.join(groups)}\nORDER BY {', '.join(order)}"


def _between(report: Report, chart: Chart, days: Days | None) -> list[str]:
    control = report.dates(chart.source)
    return [_range(control, days)] if control and days else []


def _range(control: Control, days: Days) -> str:
    field = sources()[control.source].field(control.field)
    is_time = field is not None and field.type == "Date & Time"
    name = f"CAST({control.field} AS DATE)" if is_time else control.field
    return f"{name} BETWEEN DATE '{days[0]}' AND DATE '{days[1]}'"


def _dimension(chart: Chart, name: str) -> str:
    length = _LENGTHS[chart.granularity]
    if length and name == chart.dimensions[0]:
        return f"DATE_TRUNC({name}, {length}) AS {name}"
    return name


def _metric(report: Report, source: str, name: str) -> str:
    """The aggregate of a field, or the formula of a calculated one."""
    if formula := report.formula(source, name):
        return formula_sql(formula)
    field = sources()[source].field(name)
    if field is None or field.aggregation not in _AGGREGATES:
        raise ValueError(f"{source}.{name} cannot be aggregated.")
    return _AGGREGATES[field.aggregation].format(name)


def formula_sql(formula: str) -> str:
    """GoogleSQL of a formula of Looker Studio: aggregates, and at most one division of two of them."""
    text = formula.replace("COUNT_DISTINCT(", "COUNT(DISTINCT ").replace('"', "'")
    dividend, slash, divisor = text.partition(" / ")
    return f"SAFE_DIVIDE(CAST({dividend} AS NUMERIC), CAST({divisor} AS NUMERIC))" if slash else text


def _literal(value: str | bool) -> str:  # noqa: FBT001 - a value of a filter
    return str(value).upper() if isinstance(value, bool) else f"'{value}'"
