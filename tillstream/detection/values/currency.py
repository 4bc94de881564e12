"""Detect the currency by a column of codes, by currency signs in cells, or by a code in a header."""

import re
from collections.abc import Iterable

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.currency_signs import CODES, SIGNS
from tillstream.detection.values.numbers import NumberProfile

LineNumbers = tuple[int, ...]
_SHARED_SIGNS = {
    "$": ("USD", "CAD", "AUD", "MXN", "SGD"),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK"),
    "kr.": ("DKK", "NOK", "SEK"),
}
_IN_HEADER = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])|(€|£|₹)")


def signs(number_columns: Iterable[tuple[Column, NumberProfile]]) -> tuple[str, ...]:
    """Currency signs of the number columns, longest first."""
    distinct = {sign for _, numbers in number_columns for sign in numbers.signs}
    return tuple(sorted(distinct, key=lambda sign: (-len(sign), sign)))


def decide(
    sheet: Sheet, roles: dict[str, str], number_columns: list[tuple[Column, NumberProfile]], log: DetectionLog
) -> str:
    """The file's currency; empty if a column contains it. Asks `currency` if there is no proof."""
    answer = (log.answer("currency") or "").upper()
    if "currency" in roles and _has_currency_codes(sheet, roles, log):
        return ""
    if re.fullmatch("[A-Z]{3}", answer):
        return answer
    proofs, shared, evidence, lines = _proofs(number_columns)
    if len(proofs) == 1 and (not shared or set(proofs) <= set(shared)):
        currency, (evidence, lines) = next(iter(proofs.items()))
        log.add_finding("currency", currency, evidence, LIKELY + 0.05, lines)
        return currency
    if proofs:
        evidence = " against ".join(words for words, _ in proofs.values()) + (f" and {evidence}" if evidence else "")
    log.add_question("currency", "In which currency are the amounts?", tuple(proofs) or shared, evidence, lines)
    return next(iter(proofs), "")


def _has_currency_codes(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> bool:
    """Whether the currency column has a code in every row; otherwise removes its role."""
    column = sheet.columns[roles["currency"]]
    words = {word.upper() for word in column.words}
    if words and words <= CODES and column.filled == sheet.rows:
        log.add_finding("currency", ", ".join(sorted(words)), f"{column.name} contains currency codes", CERTAIN)
        return True
    del roles["currency"]
    return False


def _proofs(
    number_columns: list[tuple[Column, NumberProfile]],
) -> tuple[dict[str, tuple[str, LineNumbers]], tuple[str, ...], str, LineNumbers]:
    """Currency → proof; and for a sign shared by several currencies, these, with the cell and its line."""
    proofs: dict[str, tuple[str, LineNumbers]] = {}
    shared: tuple[str, ...] = ()
    evidence = ""
    lines: LineNumbers = ()
    for column, numbers in number_columns:
        for sign, cell in numbers.signs.items():
            location = f"“{cell}” in {column.name}"
            if SIGNS[sign]:
                proofs.setdefault(SIGNS[sign], (location, column.first_lines(cell)))
            else:
                shared, evidence, lines = _SHARED_SIGNS.get(sign, ()), location, column.first_lines(cell)
        for code, sign in _IN_HEADER.findall(column.name):
            if currency := code if code in CODES else SIGNS.get(sign, ""):
                proofs.setdefault(currency, (f"the name of {column.name}", ()))
    return proofs, shared, evidence, lines
