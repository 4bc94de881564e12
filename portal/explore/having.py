"""Groups that a page shows because of a number of theirs, such as those with less revenue than an amount."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portal.explore import columns, texts
from portal.explore.columns import Column, format_of
from tillstream.analytics.explorations import Having
from tillstream.model.errors import Rejected

IN_PERCENT = frozenset({"share", "growth"})
NUMBER = re.compile(r"-?[0-9]{1,25}(\.[0-9]{1,9})?")
Row = dict[str, Any]


def offered(shown: list[Column]) -> list[Column]:
    """The columns of numbers that groups can be chosen by."""
    return [one for one in shown if one.value is None and format_of(one) != "day"]


def label_of(one: Column) -> str:
    """The name of a column with the unit in which people enter its numbers."""
    name = columns.label_of(one)
    return texts.in_percent(name) if format_of(one) == "share" else name


def sentence(shown: list[Column], having: Having) -> str:
    """Of goal less than 100%."""
    column = next((one for one in offered(shown) if one.key == having.column), None)
    name, unit = (columns.label_of(column), format_of(column) in IN_PERCENT) if column else (having.column, False)
    numbers = [having.low, having.high] if having.kind == "between" else [having.low]
    return texts.limit(name, having.kind, numbers, in_percent=unit)


def kept(rows: list[Row], shown: list[Column], having: Having) -> list[Row]:
    """The rows whose number is in the limits; those without the number are not. Raises `Rejected` for a text that is
    no number, or a column that the table lacks."""
    column = next((one for one in offered(shown) if one.key == having.column), None)
    if column is None:
        raise Rejected(texts.NO_SUCH_COLUMN)
    unit = Decimal("0.01") if format_of(column) in IN_PERCENT else Decimal(1)
    low, high = _number(having.low) * unit, _number(having.high) * unit if having.kind == "between" else Decimal(0)
    passes: Callable[[Decimal], bool] = {
        "above": lambda number: number > low,
        "below": lambda number: number < low,
        "between": lambda number: low <= number <= high,
    }[having.kind]
    return [row for row in rows if row[column.key] is not None and passes(Decimal(row[column.key]))]


def _number(text: str) -> Decimal:
    if not NUMBER.fullmatch(text):
        raise Rejected(texts.no_number(text))
    return Decimal(text)
