"""Amounts in two columns, debit and credit, of which each row has one. Asks `column.net_amount` and
`subtract.HEADER`."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from tillstream.detection.arithmetic.number_columns import NumberColumns
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.flag_words import are_signs

_ROLE, _MOST = "net_amount", 0.95
_AMOUNT = re.compile(
    r"\b(?:amount|amt|value|betrag|umsatz|montant|importe|importo|valor|bedrag|kwota|belopp|beløb|eur|usd|gbp|inr)\b|"
    r"[()€$£₹]|金額|金额",
    re.IGNORECASE,
)
_TOTALS = frozenset({"net_amount", "gross_amount", "amount"})


def decide(
    sheet: Sheet, roles: Mapping[str, str], names: Sequence[str], style: NumberStyle, log: DetectionLog
) -> dict[str, dict[str, tuple[str, ...]]]:
    """The term of the contract's `amounts` for the column of what is taken back; empty if there is none.

    It is subtracted, or added if it has the other sign than the column of sales. names: numeric columns without a role,
    also empty ones in some rows.
    """
    pair = _pair(sheet, roles, names, style)
    if not pair:
        return {}
    chosen = roles.get(_ROLE, "")
    columns = NumberColumns(sheet, pair, style)
    rows = {name: int((np.nan_to_num(columns[name]) != 0).sum()) for name in pair}
    evidence = f"each row has one of them: {', '.join(f'{name} in {count:,} rows' for name, count in rows.items())}"
    if chosen not in pair:
        if log.answers.get(f"column.{_ROLE}") is None:
            words = f"Which column has the amounts of sales: {' or '.join(pair)}? The other one has what is taken back."
            log.add_question(f"column.{_ROLE}", words, tuple(reversed(pair)), evidence)
        return {}
    other = next(name for name in pair if name != chosen)
    key = f"subtract.{other}"
    answer = log.answer(key)
    if answer is None:
        words = f"Does {other} contain what is taken back of {chosen}, as for returns?"
        log.add_question(key, words, ("yes", "no"), evidence, sheet.columns[other].first_lines(*_first(sheet, other)))
    has_same_sign = _is_negative(columns, chosen) == _is_negative(columns, other)
    return {"subtract" if has_same_sign else "add": {_ROLE: (other,)}} if answer == "yes" else {}


def _is_negative(columns: NumberColumns, name: str) -> bool:
    """Whether most numbers have a minus sign."""
    return bool(np.sign(np.nan_to_num(columns[name])).sum() < 0)


def _first(sheet: Sheet, name: str) -> tuple[str, ...]:
    """The first cell with a number other than 0."""
    return tuple(word for word in sheet.columns[name].words if re.search("[1-9]", word))[:1]


def _pair(sheet: Sheet, roles: Mapping[str, str], names: Sequence[str], style: NumberStyle) -> tuple[str, ...]:
    """Columns such as Debit and Credit in the order of the file; empty if there are none, or another total."""
    chosen = roles.get(_ROLE, "")
    if any(roles[role] != chosen for role in _TOTALS & roles.keys()):
        return ()
    candidates = [name for name in sheet.names if name in names or name == chosen]
    for one, other in combinations(candidates, 2):
        if are_signs({_AMOUNT.sub("", name).strip(" _-.") for name in (one, other)}) and chosen in {one, other, ""}:
            columns = NumberColumns(sheet, (one, other), style)
            filled = [np.nan_to_num(columns[name]) != 0 for name in (one, other)]
            if all(rows.any() for rows in filled) and (filled[0] ^ filled[1]).mean() >= _MOST:
                return one, other
    return ()
