"""Several columns of taxes: taxes of a row that are levied beside each other, and a column for each rate.

The tax of a row is the sum of its taxes, or of the columns for each rate, such as VAT 20% and VAT 5%.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from tillstream.detection.amounts.arithmetic import (
    MoneyRows,
    NumberColumns,
    Numbers,
    are_equal,
    compare_columns,
    to_float,
)
from tillstream.detection.amounts.line_taxes import may_contain_rates
from tillstream.detection.evidence import NO_COLUMN, DetectionLog, percentage
from tillstream.detection.sheet import SampleColumn, Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle, profile_numbers
from tillstream.detection.words.headers import match_header, normalise_name
from tillstream.model.text import list_names

_NUMBER_STYLES = (DetectedNumberStyle(".", ""), DetectedNumberStyle(",", ""))
_MIN_SUM_SHARE, _MIN_NUMERIC_SHARE, _MAX_COLUMNS, _MAX_TAXES = 0.95, 0.9, 12, 5
_TAX_FAMILIES = (
    frozenset({"cgst", "sgst", "igst", "utgst", "ugst", "cess"}),
    frozenset({"gst", "pst", "hst", "qst", "rst"}),
    frozenset({"tps", "tvq", "tvh"}),
    frozenset({"excise", "sales", "state", "city", "county", "local", "federal", "district", "cannabis", "municipal"}),
)
"""Taxes that are levied beside each other on the same sale."""
_TAX_WORDS = frozenset({"tax", "taxes", "vat", "gst", "duty", "taxe", "steuer", "impuesto", "imposto", "imposta"})
_FILLERS = frozenset({"amount", "amt", "value", "sum", "line", "item", "in", "rs", "inr", "usd", "cad"})
_NO_TAX = re.compile(
    r"ship|deliver|freight|postage|handling|refund|return|with|incl|excl|income|tip|gratuit|fee|commission|gebühr|provision|gift|discount|before|"
    r"after|without|less|rate|code|number|type|name|exempt|total|%$|\b(?:ex|inc|net|gross|no|id|of|price)\b"
)
"""Words of headers that are not an amount of tax of the goods."""

_RATE_IN_HEADER = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_MIN_NUMBER_SHARE = 0.9
_TOTALS_AT_RATES = ("net_amount", "gross_amount")


@dataclass(frozen=True)
class SeveralTaxes:
    """names: columns whose sum is the tax of a row; one column if it is the sum of the others."""

    names: tuple[str, ...]
    evidence: str


def find_several_taxes(sheet: Sheet, columns: Mapping[str, SampleColumn]) -> SeveralTaxes | None:
    """The taxes among numeric columns, if their names or a sum shows that they are levied beside each other.

    columns: those with a value for each line.
    """
    numeric = [
        name
        for name, column in columns.items()
        if column.filled and profile_numbers(column).share >= _MIN_NUMERIC_SHARE
    ]
    words = {name: tax_word(name) for name in numeric if not profile_numbers(columns[name]).percent}
    taxes = [name for name, kind in words.items() if kind][:_MAX_TAXES]
    if len(taxes) < 2 or len({words[name] for name in taxes}) < len(taxes):
        return None
    return _proved_taxes(sheet, numeric, taxes) or _taxes_of_family(sheet, {name: words[name] for name in taxes})


def _proved_taxes(sheet: Sheet, numeric: Sequence[str], taxes: Sequence[str]) -> SeveralTaxes | None:
    """Taxes that are proved by a sum, in any style of numbers."""
    for style in _NUMBER_STYLES:
        numbers = NumberColumns(sheet, numeric[: _MAX_COLUMNS + _MAX_TAXES], style)
        used = [name for name in taxes if name in numbers and np.nan_to_num(numbers[name]).any()]
        if len(used) > 1 and not any(may_contain_rates(numbers[name]) for name in used):
            proofs = (*_taxes_by_sum(numbers, used), *_total_columns(numbers, used))
            if proofs:
                return proofs[0]
    return None


def _taxes_of_family(sheet: Sheet, words: Mapping[str, str]) -> SeveralTaxes | None:
    """Taxes that are levied beside each other by their names. words: the word of each tax."""
    members = _tax_family(words.values())
    family = [name for name, word in words.items() if word in members]
    if len(family) < 2:
        return None
    numbers = NumberColumns(sheet, family, _NUMBER_STYLES[0])
    if any(may_contain_rates(numbers[name]) for name in family):
        return None
    return SeveralTaxes((*family,), f"{list_names(family)} are taxes of the same sale, so the tax is their sum")


def tax_word(name: str) -> str:
    """The word of a tax, such as cgst, excise or tax; empty if the header is not the name of an amount of tax."""
    folded = re.sub(r"[(\[][^)\]]*[)\]]|[€£$₹]|\d+(?:[.,]\d+)?\s*%", " ", name.casefold())
    tokens = [token for token in re.split(r"[\W_]+", folded) if token and token not in _FILLERS]
    if _NO_TAX.search(" ".join(tokens)):
        return ""
    named = {token for token in tokens if any(token in family for family in _TAX_FAMILIES)}
    is_tax = bool(_TAX_WORDS & set(tokens)) or any(token in family for family in _TAX_FAMILIES[:3] for token in tokens)
    return " ".join(sorted(named - _TAX_WORDS) or tokens) if is_tax else ""


def _tax_family(words: Iterable[str]) -> frozenset[str]:
    """The family of which the file has several taxes; empty if there is none."""
    present = set(words)
    return next((family for family in _TAX_FAMILIES if len(family & present) > 1), frozenset())


def _taxes_by_sum(numbers: NumberColumns, taxes: Sequence[str]) -> Iterator[SeveralTaxes]:
    """A tax that is the sum of the others."""
    for name in taxes:
        others = [other for other in taxes if other != name]
        total = numbers.sum_of(others)
        used = total != 0
        if len(others) > 1 and are_equal(np.nan_to_num(numbers[name])[used], total[used]).mean() >= _MIN_SUM_SHARE:
            yield SeveralTaxes((name,), f"{name} is the sum of {list_names(others)}")


def _total_columns(numbers: NumberColumns, taxes: Sequence[str]) -> Iterator[SeveralTaxes]:
    """Taxes that are what one column adds to another one."""
    tax = numbers.sum_of(taxes)
    for total, base in permutations([name for name in numbers.names if name not in taxes], 2):
        net: Numbers = numbers[base]
        proof = compare_columns(numbers[total], net + tax, net)
        simpler = max(compare_columns(numbers[total], net + np.nan_to_num(numbers[one]), net).share for one in taxes)
        if proof.is_at_least(_MIN_SUM_SHARE) and simpler < proof.share:
            words = f"{total} is {base} + {' + '.join(taxes)} in {percentage(proof.share)} of {proof.rows:,} rows"
            yield SeveralTaxes((*taxes,), f"{words}, so the tax is their sum")


@dataclass(frozen=True)
class AmountParts:
    """Columns that are added to others."""

    added: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Role → names of the columns that are added to the column of the role."""
    columns: frozenset[str] = frozenset()
    """Names of all columns that are part of an amount, those with a role included."""


def detect_tax_parts(sheet: Sheet, columns: Mapping[str, SampleColumn], log: DetectionLog) -> AmountParts:
    """The columns whose sum is the tax or the total; the first of them is assumed to have the role.

    columns: those with a value for each line. Totals that are in a column for each rate are no totals of a line if
    there is another one.
    """
    taxes = _columns_at_rates(columns, "tax")
    if "column.tax" in log.answers:
        return AmountParts()
    if not taxes:
        several = find_several_taxes(sheet, columns)
        return _assume_parts({"tax": several.names}, several.evidence, log) if several else AmountParts()
    parts = _assume_parts(
        {"tax": taxes}, f"{' and '.join(taxes)} are the tax at each rate, so the tax is their sum", log
    )
    has_total = any(match.role == "amount" for name in columns for match in match_header(name))
    totals = {role: names for role in _TOTALS_AT_RATES if (names := _columns_at_rates(columns, role))}
    if has_total:
        for role, names in totals.items():
            log.assume({f"column.{role}": NO_COLUMN}, f"{' and '.join(names)} are the amounts at each rate")
        return AmountParts(parts.added, parts.columns.union(*totals.values()))
    for role, names in totals.items():
        evidence = f"{' and '.join(names)} are the amounts at each rate, so the total is their sum"
        more = _assume_parts({role: names}, evidence, log) if f"column.{role}" not in log.answers else AmountParts()
        parts = AmountParts({**parts.added, **more.added}, parts.columns | more.columns)
    return parts


def _assume_parts(names: Mapping[str, Sequence[str]], evidence: str, log: DetectionLog) -> AmountParts:
    """Assume that the first of the columns has the role, and that the others are added to it."""
    log.assume({f"column.{role}": parts[0] for role, parts in names.items()}, evidence)
    added = {role: tuple(parts[1:]) for role, parts in names.items() if len(parts) > 1}
    return AmountParts(added, frozenset(name for parts in names.values() for name in parts))


def add_parts_to_rows(money: MoneyRows, sheet: Sheet, parts: AmountParts, style: DetectedNumberStyle) -> None:
    """Add the other columns to the amount of each row, in place; an empty cell is 0 beside a filled one."""
    for role, name in ((role, name) for role, names in parts.added.items() for name in names):
        for row, cell in zip(money.rows, sheet.columns[name].cells, strict=False):
            if (number := to_float(cell, style)) is not None:
                row[role] = row.get(role, 0.0) + number


def _columns_at_rates(columns: Mapping[str, SampleColumn], role: str) -> list[str]:
    """Names that mean the role and differ only by a rate in percent; empty if there are fewer than two."""
    names = [
        name for name in columns if _RATE_IN_HEADER.search(name) and any(one.role == role for one in match_header(name))
    ]
    numbers = {name: profile_numbers(columns[name]) for name in names if columns[name].filled}
    names = [name for name, one in numbers.items() if one.share >= _MIN_NUMBER_SHARE and not one.percent]
    return (
        names if len(names) > 1 and len({normalise_name(_RATE_IN_HEADER.sub("", name)) for name in names}) == 1 else []
    )
