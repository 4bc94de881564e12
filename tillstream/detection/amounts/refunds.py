"""Refunds of a total with tax and shipping: the amounts of the row fall in the same proportion."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tillstream.detection.arithmetic.number_columns import NumberColumns, is_equal
from tillstream.detection.words.headers import plain

_MIN_FULL, _HALF, _MOST = 2, 0.5, 0.95
"""Rows whose refund is the whole total, share of a total that another one has at least, share of rows with a rule."""
_AFTERWARDS = re.compile(
    r"\b(?:adjusted|revised|updated|amended|corrected|current|remaining)\b|"
    r"\b(?:after|less|net of)\s+(?:refunds?|returns?|adjustments?)\b|"
    r"\b(?:korrigierter?|nach\s+(?:erstattung|rückgabe)|corrigé|après\s+remboursement|ajustado|tras\s+reembolso)\b",
    re.IGNORECASE,
)
"""Words of a total after refunds, in its name beside the name of the total before them."""


def total_of(
    columns: NumberColumns, roles: Mapping[str, str], total_role: str, name: str, *, includes_tax: bool
) -> tuple[str, str]:
    """The column with tax of which refunds are a part, and the evidence; empty if they reduce the total itself.

    includes_tax: the net total is computed from the total of `total_role`.
    """
    total, refunds = columns[roles[total_role]], np.abs(np.nan_to_num(columns[name]))
    back = refunds != 0
    full: list[tuple[int, str]] = []
    mapped = [roles[role] for role in ("gross_amount", "net_amount") if roles.get(role, "") in columns]
    for other in dict.fromkeys((*mapped, *columns.names)):
        values = np.abs(columns[other])
        exceeded = refunds[back] > values[back] + 0.011
        is_less = values < np.abs(total) - 0.011  # such as a price
        if other == name or np.isnan(values[back]).any() or exceeded.any() or is_less.mean() > 1 - _MOST:
            continue
        full.append((int((is_equal(refunds, values) & back).sum()), other))
    count, other = max(full, key=lambda one: one[0], default=(0, ""))
    if count >= _MIN_FULL and (total_role != "net_amount" or not is_equal(columns[other][back], total[back]).all()):
        evidence = f"; it is all of {other} in {count:,} of these rows"
        return (other, evidence) if other != roles[total_role] or includes_tax else ("", "")
    return (roles[total_role], "") if includes_tax else ("", "")


def is_after(columns: NumberColumns, total: str, name: str) -> bool:
    """Whether a total is another column less the refunds, and at most one more column."""
    numbers, values = np.abs(np.nan_to_num(columns[name])), columns[total]
    back, sign = numbers != 0, np.sign(columns[total])
    others = [other for other in columns.names if other not in {total, name}]
    for base in others:
        for term in ("", *(other for other in others if other != base)):
            less = numbers + np.abs(columns.or_zero(term))
            if back.any() and is_equal(values, columns[base] - sign * less)[back].mean() >= _MOST:
                return True
    return False


def afterwards(
    columns: NumberColumns, roles: Mapping[str, str], total_role: str, free: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    """Each column that is a total after refunds, with the column of the total before them, and the evidence."""
    by_name = {plain(name): name for name in columns.names}
    whole = float(np.nansum(np.abs(columns[roles[total_role]])))
    for name in free:
        rest = _AFTERWARDS.sub(" ", name)
        before = by_name.get(plain(rest), "") if rest != name else ""
        if not before or before == name:
            continue
        less = np.nan_to_num(columns[before] - columns[name])
        changed = ~is_equal(less, np.zeros(len(less)))
        is_large = float(np.nansum(np.abs(columns[before]))) >= _HALF * whole
        if changed.any() and is_large and (less[changed] > 0).mean() >= _MOST:
            evidence = (
                f"{name} is less than {before} in {int(changed.sum()):,} rows, together {less[changed].sum():,.2f}"
            )
            yield name, before, evidence
