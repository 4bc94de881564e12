"""Sales that are written with a minus sign, as in ledgers of stock and of accounts. Asks `negative`."""

from collections.abc import Mapping

import numpy as np

from tillstream.detection.arithmetic.number_columns import MAX_ROWS, NumberColumns, Numbers
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.detection.words.status_words import status_of

KEY = "negative"
_SIGNED = ("quantity", "net_amount", "gross_amount", "tax")
_MIN_ROWS = 3
_SALES, _ROWS = 0.5, 2
"""Least share of the rows with a minus sign, and how many of them there are at least for each row without one."""


def decide(sheet: Sheet, roles: Mapping[str, str], style: NumberStyle, log: DetectionLog) -> dict[str, str]:
    """Factors of the contract's `amounts`: −1 for the quantities and totals that have a minus sign where a sale has
    none."""
    names = {role: roles[role] for role in _SIGNED if role in roles}
    columns = NumberColumns(sheet, dict.fromkeys(names.values()), style)
    if "status" in roles:
        cells = sheet.columns[roles["status"]].cells[:MAX_ROWS]
        is_sale = np.array([status_of(cell) not in {"returned", "cancelled"} for cell in cells], np.bool_)
    else:
        is_sale = np.ones(min(sheet.rows, MAX_ROWS), np.bool_)
    negative = {role: name for role, name in names.items() if _is_negative(columns[name][is_sale])}
    total = next((negative[role] for role in ("net_amount", "gross_amount", "quantity") if role in negative), "")
    if not total:
        return {}
    numbers = np.nan_to_num(columns[total])
    answer = log.answer(KEY)
    if answer is None:
        words = f"Are sales written with a minus sign, and returns without one, in {' and '.join(negative.values())}?"
        evidence = (
            f"{total} has a minus sign in {int((numbers < 0).sum()):,} of {len(numbers):,} rows, together "
            f"{numbers.sum():,.2f}"
        )
        first = sheet.columns[total].cells[int(np.flatnonzero(numbers < 0)[0])]
        lines = sheet.columns[total].first_lines(first)
        log.add_question(KEY, words, ("yes", "no"), evidence, lines)
    return dict.fromkeys(negative, "-1") if answer == "yes" else {}


def _is_negative(numbers: Numbers) -> bool:
    """Whether most numbers have a minus sign, and their sum, too."""
    numbers = np.nan_to_num(numbers)
    below, above = int((numbers < 0).sum()), int((numbers > 0).sum())
    return below >= _MIN_ROWS and below > _SALES * len(numbers) and below >= _ROWS * above and bool(numbers.sum() < 0)
