"""The columns that a total contains besides the goods, such as shipping."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, agreement
from tillstream.detection.evidence import percentage

_MOST, _LEAST_GOODS, _MOST_TERMS = 0.95, 0.5, 2
"""Share of rows that show a sum, least share of the goods in a total, and most columns that are added."""


def contained(
    columns: NumberColumns, roles: Mapping[str, str], name: str, free: Sequence[str]
) -> tuple[tuple[str, ...], str]:
    """One or two columns that are part of the total `name` in most rows, with the evidence; or none.

    free: numeric columns without a role.
    """
    total = columns[name]
    possible = list(_goods(columns, roles, total, free))
    explained = max((agreement(total, goods, np.zeros_like(goods)).matching for _, goods in possible), default=0)
    for words, goods in possible:
        for count in range(1, _MOST_TERMS + 1):
            for terms in combinations([one for one in free if one != words], count):
                result = agreement(total, goods + columns.sum_of(terms), goods)
                is_needed = result.matching > explained and not _explain_less(columns, total, goods, terms)
                if result.is_at_least(_MOST) and is_needed:
                    share = f"{percentage(result.share)} of {result.rows:,} rows"
                    return terms, f"{name} is {words} + {' + '.join(terms)} in {share}"
    return (), ""


def _explain_less(columns: NumberColumns, total: Numbers, goods: Numbers, terms: tuple[str, ...]) -> bool:
    """Whether one of several terms is not needed."""
    everything = goods + columns.sum_of(terms)
    most = agreement(total, everything, goods).matching
    return len(terms) > 1 and any(
        agreement(total, everything - np.nan_to_num(columns[term]), goods).matching >= most for term in terms
    )


def _goods(
    columns: NumberColumns, roles: Mapping[str, str], total: Numbers, free: Sequence[str]
) -> Iterator[tuple[str, Numbers]]:
    """What the goods of a line may cost: quantity × price, with discount and tax; or most of the total."""
    if all(roles.get(role, "") in columns for role in ("quantity", "unit_price")):
        product = f"{roles['quantity']} × {roles['unit_price']}"
        full: Numbers = columns[roles["quantity"]] * columns[roles["unit_price"]]
        for less in dict.fromkeys((roles.get("discount", ""), "")):
            for plus in dict.fromkeys((roles.get("tax", ""), "")):
                words = "".join((product, *(f" {sign} {name}" for sign, name in (("−", less), ("+", plus)) if name)))
                yield words, full - columns.or_zero(less) + columns.or_zero(plus)
        return
    whole = float(np.nansum(total))
    for name in free:
        if _LEAST_GOODS * whole <= float(np.nansum(columns[name])) < whole:
            yield name, columns[name]
