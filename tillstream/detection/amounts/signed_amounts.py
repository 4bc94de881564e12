"""Amounts in a debit and a credit column, and sales that are written with a minus sign.

Asks `column.net_amount` and `subtract.HEADER`.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from tillstream.detection.amounts.arithmetic import MAX_COMPARED_ROWS, NumberColumns, Numbers
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import DetectedNumberStyle
from tillstream.detection.words.status_words import are_sign_words, status_of

_TOTAL_ROLE, _MIN_FILLED_SHARE = "net_amount", 0.95
_AMOUNT_WORD = re.compile(
    r"\b(?:amount|amt|value|betrag|umsatz|montant|importe|importo|valor|bedrag|kwota|belopp|beløb|eur|usd|gbp|inr)\b|"
    r"[()€$£₹]|金額|金额",
    re.IGNORECASE,
)
_TOTAL_ROLES = frozenset({"net_amount", "gross_amount", "amount"})

NEGATIVE_KEY = "negative"
_SIGNED_ROLES = ("quantity", "net_amount", "gross_amount", "tax")
_MIN_ROWS = 3
_MIN_NEGATIVE_SHARE, _MIN_NEGATIVE_RATIO = 0.5, 2
"""Least share of the rows with a minus sign, and how many of them there are at least for each row without one."""


def detect_debit_credit(
    sheet: Sheet, roles: Mapping[str, str], names: Sequence[str], style: DetectedNumberStyle, log: DetectionLog
) -> dict[str, dict[str, tuple[str, ...]]]:
    """The term of the contract's `amounts` for the column of what is taken back; empty if there is none.

    It is subtracted, or added if it has the other sign than the column of sales. names: numeric columns without a role,
    also empty ones in some rows.
    """
    pair = _debit_and_credit(sheet, roles, names, style)
    if not pair:
        return {}
    chosen = roles.get(_TOTAL_ROLE, "")
    columns = NumberColumns(sheet, pair, style)
    rows = {name: int((np.nan_to_num(columns[name]) != 0).sum()) for name in pair}
    evidence = f"each row has one of them: {', '.join(f'{name} in {count:,} rows' for name, count in rows.items())}"
    if chosen not in pair:
        if log.answers.get(f"column.{_TOTAL_ROLE}") is None:
            words = f"Which column has the amounts of sales: {' or '.join(pair)}? The other one has what is taken back."
            log.add_question(f"column.{_TOTAL_ROLE}", words, tuple(reversed(pair)), evidence)
        return {}
    other = next(name for name in pair if name != chosen)
    key = f"subtract.{other}"
    answer = log.answer(key)
    if answer is None:
        words = f"Does {other} contain what is taken back of {chosen}, as for returns?"
        log.add_question(
            key, words, ("yes", "no"), evidence, sheet.columns[other].first_lines(*_first_number(sheet, other))
        )
    has_same_sign = _is_column_negative(columns, chosen) == _is_column_negative(columns, other)
    return {"subtract" if has_same_sign else "add": {_TOTAL_ROLE: (other,)}} if answer == "yes" else {}


def _is_column_negative(columns: NumberColumns, name: str) -> bool:
    """Whether most numbers have a minus sign."""
    return bool(np.sign(np.nan_to_num(columns[name])).sum() < 0)


def _first_number(sheet: Sheet, name: str) -> tuple[str, ...]:
    """The first cell with a number other than 0."""
    return tuple(word for word in sheet.columns[name].words if re.search("[1-9]", word))[:1]


def _debit_and_credit(
    sheet: Sheet, roles: Mapping[str, str], names: Sequence[str], style: DetectedNumberStyle
) -> tuple[str, ...]:
    """Columns such as Debit and Credit in the order of the file; empty if there are none, or another total."""
    chosen = roles.get(_TOTAL_ROLE, "")
    if any(roles[role] != chosen for role in _TOTAL_ROLES & roles.keys()):
        return ()
    candidates = [name for name in sheet.names if name in names or name == chosen]
    for one, other in combinations(candidates, 2):
        if are_sign_words({_AMOUNT_WORD.sub("", name).strip(" _-.") for name in (one, other)}) and chosen in {
            one,
            other,
            "",
        }:
            columns = NumberColumns(sheet, (one, other), style)
            filled = [np.nan_to_num(columns[name]) != 0 for name in (one, other)]
            if all(rows.any() for rows in filled) and (filled[0] ^ filled[1]).mean() >= _MIN_FILLED_SHARE:
                return one, other
    return ()


def detect_negative_sales(
    sheet: Sheet, roles: Mapping[str, str], style: DetectedNumberStyle, log: DetectionLog
) -> dict[str, str]:
    """Factors of the contract's `amounts`: −1 for the quantities and totals that have a minus sign where a sale has
    none."""
    names = {role: roles[role] for role in _SIGNED_ROLES if role in roles}
    columns = NumberColumns(sheet, dict.fromkeys(names.values()), style)
    if "status" in roles:
        cells = sheet.columns[roles["status"]].cells[:MAX_COMPARED_ROWS]
        is_sale = np.array([status_of(cell) not in {"returned", "cancelled"} for cell in cells], np.bool_)
    else:
        is_sale = np.ones(min(sheet.rows, MAX_COMPARED_ROWS), np.bool_)
    negative = {role: name for role, name in names.items() if _are_sales_negative(columns[name][is_sale])}
    total = next((negative[role] for role in ("net_amount", "gross_amount", "quantity") if role in negative), "")
    if not total:
        return {}
    numbers = np.nan_to_num(columns[total])
    answer = log.answer(NEGATIVE_KEY)
    if answer is None:
        words = f"Are sales written with a minus sign, and returns without one, in {' and '.join(negative.values())}?"
        evidence = (
            f"{total} has a minus sign in {int((numbers < 0).sum()):,} of {len(numbers):,} rows, together "
            f"{numbers.sum():,.2f}"
        )
        first = sheet.columns[total].cells[int(np.flatnonzero(numbers < 0)[0])]
        lines = sheet.columns[total].first_lines(first)
        log.add_question(NEGATIVE_KEY, words, ("yes", "no"), evidence, lines)
    return dict.fromkeys(negative, "-1") if answer == "yes" else {}


def _are_sales_negative(numbers: Numbers) -> bool:
    """Whether most numbers have a minus sign, and their sum, too."""
    numbers = np.nan_to_num(numbers)
    below, above = int((numbers < 0).sum()), int((numbers > 0).sum())
    return (
        below >= _MIN_ROWS
        and below > _MIN_NEGATIVE_SHARE * len(numbers)
        and below >= _MIN_NEGATIVE_RATIO * above
        and bool(numbers.sum() < 0)
    )
