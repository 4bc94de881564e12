"""Names that readers see in place of values of dimensions, and the periods that are not complete.

A period is not complete if the chosen dates cut it, it is not reported through its last day, or it began before the
first sale.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from portal import figures
from portal.dashboard import charts
from portal.reader_locale import day_text
from portal.translation import N_
from portal.value_names import UNKNOWN_VALUE, value_name
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures.definitions import Dimension

WEEKDAYS = N_(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"))

CODES = frozenset({"store", "product", "salesperson"})
"""Dimensions whose values are codes, shown beside their names."""
LABELLED_PERIODS = {"month": "monthly", "quarter": "quarterly", "year": "yearly"}

PERIOD_LENGTHS = {"day": "daily", "week": "weekly", "month": "monthly", "quarter": "quarterly", "year": "yearly"}
"""Dimension → length of its periods."""
LONG = frozenset({"month", "quarter", "year"})
CLOSED = timedelta(days=6)
"""A store that opens at most so many days after the first day of a long period has sold in all of it."""


def value_label(by: Dimension, value: Any) -> str:
    """The name of a value of a dimension."""
    if value is None or value == "":
        return UNKNOWN_VALUE
    if by.name == "weekday":
        return WEEKDAYS[int(value) - 1]
    if isinstance(value, date):
        return charts.period_name(value, LABELLED_PERIODS[by.name]) if by.name in LABELLED_PERIODS else day_text(value)
    return value_name(by.name, str(value))


def value_labels(by: Dimension, values: Iterable[Any]) -> list[str]:
    """The names of values; of those with the same name, with their codes."""
    values = list(values)
    names = [value_label(by, value) for value in values]
    several = {name for name, count in Counter(names).items() if count > 1}
    return [f"{name} ({value})" if name in several else name for name, value in zip(names, values, strict=True)]


def incomplete_periods(by: Dimension, starts: Iterable[date], filters: Filters) -> frozenset[date]:
    """The first days of the periods that are not complete. starts: first days of periods of the dimension."""
    if by.name not in PERIOD_LENGTHS:
        return frozenset()
    first, last = reported_days(filters)
    if first is None or last is None:
        return frozenset()
    opened = first - CLOSED if by.name in LONG else date.min
    begin, end = max(filters.start or date.min, opened), min(filters.end or date.max, last)
    spans = [charts.span(start, PERIOD_LENGTHS[by.name]) for start in starts]
    return frozenset(start for start, stop in spans if start < begin or stop > end)


def reported_days(filters: Filters) -> tuple[date | None, date | None]:
    """The first and the last reported day of the chosen regions and stores."""
    of_scope = Filters(region=filters.region, store=filters.store)
    (row,) = figures.ask("reported-days", of_scope).to_pylist()
    return row["first_day"], row["last_day"]
