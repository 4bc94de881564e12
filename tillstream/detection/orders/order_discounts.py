"""Whether the total of a file without prices is before or after its discount: by sums, or by a question."""

from collections.abc import Iterator, Sequence
from itertools import chain, combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from tillstream.detection.arithmetic.number_columns import NumberColumns, Numbers, is_equal
from tillstream.detection.evidence import DetectionLog, percentage
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle

_MIN_ROWS, _MOST, _MAX_TERMS, _MAX_COLUMNS = 3, 0.95, 4, 8
_PAIR = ("quantity", "unit_price")
BEFORE = {"less_discount": True}


def decide(
    sheet: Sheet, roles: dict[str, str], unmapped: Sequence[str], style: NumberStyle, log: DetectionLog
) -> dict[str, Any]:
    """`BEFORE` if the discount is subtracted from the total. Asks `subtract.HEADER` if no sum shows it.

    unmapped: numeric columns without a role.
    """
    role = next((role for role in ("net_amount", "gross_amount") if role in roles), "")
    if not role or "discount" not in roles:
        return {}
    name, discount = roles[role], roles["discount"]
    priced = [roles[part] for part in _PAIR if part in roles]
    others = [roles[other] for other in ("gross_amount", "tax") if other in roles and other != role]
    columns = NumberColumns(sheet, dict.fromkeys((name, discount, *priced, *others, *filter(None, unmapped))), style)
    less = np.abs(np.nan_to_num(columns[discount]))
    used = (less != 0) & (np.nan_to_num(columns[name]) > 0)
    if not used.any():
        return {}
    if len(priced) == len(_PAIR):
        is_full = is_equal(columns[name][used], (columns[priced[0]] * columns[priced[1]])[used]).mean() >= _MOST
        return _answered(name, discount, f"{name} is {priced[0]} × {priced[1]} in the", used, log) if is_full else {}
    proofs = chain(
        _proofs(columns, name, (discount, *priced), less, used),
        _with_tax(columns, name, (discount, roles.get("tax", "")), less, used),
    )
    for words, is_before, share in proofs:
        evidence = f"{words} in {percentage(share)} of {int(used.sum()):,} rows with a discount"
        log.add_finding("discount", "subtracted" if is_before else "contained", evidence, share)
        return BEFORE if is_before else {}
    return _answered(name, discount, "no sum shows its effect in the", used, log)


def _with_tax(
    columns: NumberColumns, name: str, parts: tuple[str, str], less: Numbers, used: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, bool, float]]:
    """Each sum that shows that a total is after the discount and with the tax. parts: their headers."""
    discount, tax = parts
    if tax not in columns or int(used.sum()) < _MIN_ROWS:
        return
    for before in columns.names:
        values = columns[before] - less + columns.or_zero(tax)
        share = float(is_equal(columns[name][used], values[used]).mean())
        if before not in {name, *parts} and share >= _MOST:
            yield f"{name} is {before} − {discount} + {tax}", False, share


def _answered(
    name: str, discount: str, evidence: str, used: npt.NDArray[np.bool_], log: DetectionLog
) -> dict[str, Any]:
    """`BEFORE` if a person answered that the discount is subtracted."""
    key = f"subtract.{discount}"
    answer = log.answer(key)
    if answer is None:
        words = f"Is {discount} subtracted from {name}, so that the revenue is after it?"
        log.add_question(key, words, ("yes", "no"), f"{evidence} {int(used.sum()):,} rows with a {discount}")
    return BEFORE if answer == "yes" else {}


def _proofs(
    columns: NumberColumns, name: str, excluded: tuple[str, ...], less: Numbers, used: npt.NDArray[np.bool_]
) -> Iterator[tuple[str, bool, float]]:
    """Each sum that shows whether a total is before the discount, with its share of the rows with a discount.

    Such as Total = Subtotal − Discount + Tax, of a subtotal before it, or Total = Net + Tax, of a net after it.
    """
    total, discount = columns[name], excluded[0]
    terms = [other for other in columns.names if other not in {name, *excluded}]
    terms = [other for other in terms if np.nan_to_num(columns[other][used]).any()][:_MAX_COLUMNS]
    if int(used.sum()) < _MIN_ROWS:
        return
    for count in range(_MAX_TERMS + 1):
        for target in terms:
            for added in combinations([other for other in terms if other != target], count):
                extra = columns.sum_of(added)
                plus = "".join(f" + {other}" for other in added)
                for words, values, is_before in (
                    (f"{target} is {name} − {discount}{plus}", total - less + extra, True),
                    (f"{target} is {name}{plus}", total + extra, False),
                    (f"{target} is {name} + {discount}{plus}", total + less + extra, False),
                ):
                    share = float(is_equal(columns[target][used], values[used]).mean())
                    if share >= _MOST:
                        yield words, is_before, share
