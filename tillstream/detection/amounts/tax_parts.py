"""Recognise amounts that are in a column for each rate, such as VAT 20% and VAT 5%, and several taxes of one row.

The amount of a row is their sum.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tillstream.detection.amounts import several_taxes
from tillstream.detection.arithmetic.money import MoneyRows, to_float
from tillstream.detection.evidence import NO_COLUMN, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle, profile
from tillstream.detection.words.headers import match_header, plain

_RATE = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_MIN_SHARE = 0.9
_TOTALS = ("net_amount", "gross_amount")


@dataclass(frozen=True)
class Parts:
    """Columns that are added to others."""

    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role → names of the columns that are added to the column of the role."""
    columns: frozenset[str] = frozenset()
    """Names of all columns that are part of an amount, those with a role included."""


def decide(sheet: Sheet, columns: Mapping[str, Column], log: DetectionLog) -> Parts:
    """The columns whose sum is the tax or the total; the first of them is assumed to have the role.

    columns: those with a value for each line. Totals that are in a column for each rate are no totals of a line if
    there is another one.
    """
    taxes = _at_rates(columns, "tax")
    if "column.tax" in log.answers:
        return Parts()
    if not taxes:
        several = several_taxes.find(sheet, columns)
        return _assume({"tax": several.names}, several.evidence, log) if several else Parts()
    parts = _assume({"tax": taxes}, f"{' and '.join(taxes)} are the tax at each rate, so the tax is their sum", log)
    has_total = any(match.role == "amount" for name in columns for match in match_header(name))
    totals = {role: names for role in _TOTALS if (names := _at_rates(columns, role))}
    if has_total:
        for role, names in totals.items():
            log.assume({f"column.{role}": NO_COLUMN}, f"{' and '.join(names)} are the amounts at each rate")
        return Parts(parts.added, parts.columns.union(*totals.values()))
    for role, names in totals.items():
        evidence = f"{' and '.join(names)} are the amounts at each rate, so the total is their sum"
        more = _assume({role: names}, evidence, log) if f"column.{role}" not in log.answers else Parts()
        parts = Parts({**parts.added, **more.added}, parts.columns | more.columns)
    return parts


def _assume(names: Mapping[str, Sequence[str]], evidence: str, log: DetectionLog) -> Parts:
    """Assume that the first of the columns has the role, and that the others are added to it."""
    log.assume({f"column.{role}": parts[0] for role, parts in names.items()}, evidence)
    added = {role: tuple(parts[1:]) for role, parts in names.items() if len(parts) > 1}
    return Parts(added, frozenset(name for parts in names.values() for name in parts))


def add_to_rows(money: MoneyRows, sheet: Sheet, parts: Parts, style: NumberStyle) -> None:
    """Add the other columns to the amount of each row, in place; an empty cell is 0 beside a filled one."""
    for role, name in ((role, name) for role, names in parts.added.items() for name in names):
        for row, cell in zip(money.rows, sheet.columns[name].cells, strict=False):
            if (number := to_float(cell, style)) is not None:
                row[role] = row.get(role, 0.0) + number


def _at_rates(columns: Mapping[str, Column], role: str) -> list[str]:
    """Names that mean the role and differ only by a rate in percent; empty if there are fewer than two."""
    names = [name for name in columns if _RATE.search(name) and any(one.role == role for one in match_header(name))]
    numbers = {name: profile(columns[name]) for name in names if columns[name].filled}
    names = [name for name, one in numbers.items() if one.share >= _MIN_SHARE and not one.percent]
    return names if len(names) > 1 and len({plain(_RATE.sub("", name)) for name in names}) == 1 else []
