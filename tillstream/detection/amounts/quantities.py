"""Ask which column is the quantity if no name and no arithmetic shows it."""

from collections.abc import Iterable
from itertools import islice

import numpy as np

from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers
from tillstream.detection.evidence import LIKELY, NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle, looks_like_number
from tillstream.detection.words.headers import is_irrelevant_header
from tillstream.domain.dates.period_names import period_of_header

_MOST, _SHOWN = 0.95, 3
_USUAL, _LARGEST = 50, 100_000
"""Largest usual and largest single number of units in a line."""


def decide(sheet: Sheet, roles: dict[str, str], unmapped: Iterable[str], style: NumberStyle, log: DetectionLog) -> None:
    """Ask `column.quantity` if columns may be the quantity; a finding reports if units are not counted.

    unmapped: numeric columns without a role.
    """
    if "quantity" in roles or any(question.key == "column.quantity" for question in log.questions):
        return
    names = () if log.answers.get("column.quantity") == NO_COLUMN else candidates(sheet, unmapped, style)
    if names:
        words = "Which column is the quantity, the number of units in the row?"
        evidence = f"no name shows it, and the numbers of {_listed(names)} are whole and small"
        log.add_question("column.quantity", words, (*names, NO_COLUMN), evidence)
    else:
        has_products = bool({"product_id", "product_name"} & set(roles))
        what = "the units of these sales are" if has_products else "the units and the products of these sales are"
        evidence = f"no column is the quantity, so {what} not known"
        log.add_finding("units", "not counted", evidence, LIKELY)


def candidates(sheet: Sheet, unmapped: Iterable[str], style: NumberStyle) -> tuple[str, ...]:
    """Numeric columns that may be quantities: whole small numbers that repeat."""
    names = [name for name in unmapped if name and not is_irrelevant_header(name) and not period_of_header(name)]
    columns = NumberColumns(sheet, names, style)
    return tuple(name for name in names if _may_be_quantity(columns[name]) and not _is_code(sheet, name))


def _is_code(sheet: Sheet, name: str) -> bool:
    """Whether each number represents one word of another column, such as the number of a product group."""
    numbers = sheet.columns[name]
    return any(
        len(set(zip(numbers.cells, other.cells, strict=True))) == len(set(numbers.cells)) == len(set(other.cells)) > 1
        for other in sheet.columns.values()
        if other.name != name and not any(map(looks_like_number, islice(other.words, _SHOWN)))
    )


def _may_be_quantity(values: Numbers) -> bool:
    filled = np.abs(values[~np.isnan(values)])
    if len(filled) < _MOST * len(values) or not filled.any():
        return False
    is_whole = (filled == filled.round()).mean() >= _MOST
    is_repeated = len(filled) < 3 or len(np.unique(filled)) < len(filled)
    return bool(is_whole and is_repeated and np.median(filled) <= _USUAL and filled.max() <= _LARGEST)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
