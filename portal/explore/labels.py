"""Names that readers see in place of values of dimensions."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from portal.dashboard import charts
from portal.explore import texts
from portal.filters.names import name_of
from portal.filters.texts import UNKNOWN
from portal.reader_locale import day_text
from tillstream.analytics.measures.definitions import Dimension

CODES = frozenset({"store", "product", "salesperson"})
"""Dimensions whose values are codes, shown beside their names."""
PERIODS = {"month": "monthly", "quarter": "quarterly", "year": "yearly"}


def of_value(by: Dimension, value: Any) -> str:
    """The name of a value of a dimension."""
    if value is None or value == "":
        return UNKNOWN
    if by.name == "weekday":
        return texts.WEEKDAYS[int(value) - 1]
    if isinstance(value, date):
        return charts.period_name(value, PERIODS[by.name]) if by.name in PERIODS else day_text(value)
    return name_of(by.name, str(value))


def of_values(by: Dimension, values: Iterable[Any]) -> list[str]:
    """The names of values; of those with the same name, with their codes."""
    values = list(values)
    names = [of_value(by, value) for value in values]
    several = {name for name, count in Counter(names).items() if count > 1}
    return [f"{name} ({value})" if name in several else name for name, value in zip(names, values, strict=True)]
