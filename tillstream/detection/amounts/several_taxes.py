"""Recognise several taxes of one row, such as CGST and SGST, or sales tax and excise tax, whose sum is the tax."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from tillstream.detection.amounts.tax_kinds import may_contain_rates
from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, agreement, is_equal
from tillstream.detection.evidence import percentage
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import NumberStyle, profile

_STYLES = (NumberStyle(".", ""), NumberStyle(",", ""))
_MOST, _NUMERIC, _MAX_COLUMNS, _MAX_TAXES = 0.95, 0.9, 12, 5
_FAMILIES = (
    frozenset({"cgst", "sgst", "igst", "utgst", "ugst", "cess"}),
    frozenset({"gst", "pst", "hst", "qst", "rst"}),
    frozenset({"tps", "tvq", "tvh"}),
    frozenset({"excise", "sales", "state", "city", "county", "local", "federal", "district", "cannabis", "municipal"}),
)
"""Taxes that are levied beside each other on the same sale."""
_TAX = frozenset({"tax", "taxes", "vat", "gst", "duty", "taxe", "steuer", "impuesto", "imposto", "imposta"})
_FILLERS = frozenset({"amount", "amt", "value", "sum", "line", "item", "in", "rs", "inr", "usd", "cad"})
_OTHER = re.compile(
    r"ship|deliver|freight|postage|handling|refund|return|with|incl|excl|income|tip|gratuit|fee|commission|gebühr|provision|gift|discount|before|"
    r"after|without|less|rate|code|number|type|name|exempt|total|%$|\b(?:ex|inc|net|gross|no|id|of|price)\b"
)
"""Words of headers that are not an amount of tax of the goods."""


@dataclass(frozen=True)
class SeveralTaxes:
    """names: columns whose sum is the tax of a row; one column if it is the sum of the others."""

    names: tuple[str, ...]
    evidence: str


def find(sheet: Sheet, columns: Mapping[str, Column]) -> SeveralTaxes | None:
    """The taxes among numeric columns, if their names or a sum shows that they are levied beside each other.

    columns: those with a value for each line.
    """
    numeric = [name for name, column in columns.items() if column.filled and profile(column).share >= _NUMERIC]
    words = {name: tax_word(name) for name in numeric if not profile(columns[name]).percent}
    taxes = [name for name, kind in words.items() if kind][:_MAX_TAXES]
    if len(taxes) < 2 or len({words[name] for name in taxes}) < len(taxes):
        return None
    for style in _STYLES:
        numbers = NumberColumns(sheet, numeric[: _MAX_COLUMNS + _MAX_TAXES], style)
        used = [name for name in taxes if name in numbers and np.nan_to_num(numbers[name]).any()]
        if len(used) > 1 and not any(may_contain_rates(numbers[name]) for name in used):
            proofs = (*_sums(numbers, used), *_totals(numbers, used))
            if proofs:
                return proofs[0]
    family = [name for name in taxes if words[name] in _family(words, taxes)]
    if len(family) < 2 or any(may_contain_rates(NumberColumns(sheet, family, _STYLES[0])[name]) for name in family):
        return None
    return SeveralTaxes((*family,), f"{_listed(family)} are taxes of the same sale, so the tax is their sum")


def tax_word(name: str) -> str:
    """The word of a tax, such as cgst, excise or tax; empty if the header is not the name of an amount of tax."""
    folded = re.sub(r"[(\[][^)\]]*[)\]]|[€£$₹]|\d+(?:[.,]\d+)?\s*%", " ", name.casefold())
    tokens = [token for token in re.split(r"[\W_]+", folded) if token and token not in _FILLERS]
    if _OTHER.search(" ".join(tokens)):
        return ""
    named = {token for token in tokens if any(token in family for family in _FAMILIES)}
    is_tax = bool(_TAX & set(tokens)) or any(token in family for family in _FAMILIES[:3] for token in tokens)
    return " ".join(sorted(named - _TAX) or tokens) if is_tax else ""


def _family(words: Mapping[str, str], taxes: Sequence[str]) -> frozenset[str]:
    """The family of which the file has several taxes; empty if there is none."""
    present = {words[name] for name in taxes}
    return next((family for family in _FAMILIES if len(family & present) > 1), frozenset())


def _sums(numbers: NumberColumns, taxes: Sequence[str]) -> Iterator[SeveralTaxes]:
    """A tax that is the sum of the others."""
    for name in taxes:
        others = [other for other in taxes if other != name]
        total = numbers.sum_of(others)
        used = total != 0
        if len(others) > 1 and is_equal(np.nan_to_num(numbers[name])[used], total[used]).mean() >= _MOST:
            yield SeveralTaxes((name,), f"{name} is the sum of {_listed(others)}")


def _totals(numbers: NumberColumns, taxes: Sequence[str]) -> Iterator[SeveralTaxes]:
    """Taxes that are what one column adds to another one."""
    tax = numbers.sum_of(taxes)
    for total, base in permutations([name for name in numbers.names if name not in taxes], 2):
        net: Numbers = numbers[base]
        proof = agreement(numbers[total], net + tax, net)
        simpler = max(agreement(numbers[total], net + np.nan_to_num(numbers[one]), net).share for one in taxes)
        if proof.is_at_least(_MOST) and simpler < proof.share:
            words = f"{total} is {base} + {' + '.join(taxes)} in {percentage(proof.share)} of {proof.rows:,} rows"
            yield SeveralTaxes((*taxes,), f"{words}, so the tax is their sum")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
