"""Recognise taxes that are in a column for each rate, such as VAT 20% and VAT 5%, whose sum is the tax."""

import re
from collections.abc import Mapping

from tillstream.detection.arithmetic.money import MoneyRows, to_float
from tillstream.detection.evidence import NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.headers import match_header, plain

_RATE = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_MIN_SHARE = 0.9


def decide(columns: Mapping[str, Column], log: DetectionLog) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the columns that are added to the tax, which is assumed to be another one, and of all columns at a rate.

    Totals that are in a column for each rate are no totals of a line if there is another one.
    """
    taxes = _at_rates(columns, "tax")
    full = [name for name in taxes if columns[name].filled == len(columns[name].cells)]
    if not full or "column.tax" in log.answers:
        return (), ()
    at_rates = [*taxes]
    parts = tuple(name for name in taxes if name != full[0])
    log.assume({"column.tax": full[0]}, f"{' and '.join(taxes)} are the tax at each rate, so the tax is their sum")
    if any(match.role == "amount" for name in columns for match in match_header(name)):
        for role in ("net_amount", "gross_amount"):
            if totals := _at_rates(columns, role):
                at_rates += totals
                log.assume({f"column.{role}": NO_COLUMN}, f"{' and '.join(totals)} are the amounts at each rate")
    return parts, tuple(at_rates)


def add_to_rows(money: MoneyRows, sheet: Sheet, names: tuple[str, ...], style: NumberStyle) -> None:
    """Add the other taxes to the tax of each row, in place."""
    for name in names:
        for row, cell in zip(money.rows, sheet.columns[name].cells, strict=False):
            if "tax" in row:
                row["tax"] += to_float(cell, style) or 0.0


def _at_rates(columns: Mapping[str, Column], role: str) -> list[str]:
    """Names that mean the role and differ only by a rate in percent; empty if there are fewer than two."""
    names = [name for name in columns if _RATE.search(name) and any(one.role == role for one in match_header(name))]
    numbers = {name: profile(columns[name]) for name in names if columns[name].filled}
    names = [name for name, one in numbers.items() if one.share >= _MIN_SHARE and not one.percent]
    return names if len(names) > 1 and len({plain(_RATE.sub("", name)) for name in names}) == 1 else []
