"""The currency, by a column of codes, by signs beside the numbers or by a code in a header."""

import re
from collections.abc import Iterable

from tillstream.detection.evidence import CERTAIN, LIKELY, Told
from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values.numbers import SIGNS, Numbers

Lines = tuple[int, ...]
CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KRW",
        "MAD",
        "MXN",
        "MYR",
        "NGN",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
_SEVERAL = {
    "$": ("USD", "CAD", "AUD", "MXN", "SGD"),
    "¥": ("JPY", "CNY"),
    "￥": ("JPY", "CNY"),
    "kr": ("SEK", "NOK", "DKK"),
    "kr.": ("DKK", "NOK", "SEK"),
}
_IN_HEADER = re.compile(r"(?<![A-Za-z])([A-Z]{3})(?![A-Za-z])|(€|£|₹)")


def signs(seen: Iterable[tuple[Column, Numbers]]) -> tuple[str, ...]:
    """What stands beside numbers, as the file writes it; the longest first."""
    found = {sign for _, numbers in seen for sign in numbers.signs}
    return tuple(sorted(found, key=lambda sign: (-len(sign), sign)))


def decide(sheet: Sheet, roles: dict[str, str], seen: list[tuple[Column, Numbers]], told: Told) -> str:
    """The constant currency; empty where a column says it. Asks `currency` where nothing proves one."""
    answer = (told.answer("currency") or "").upper()
    if "currency" in roles and _codes(sheet, roles, told):
        return ""
    if re.fullmatch("[A-Z]{3}", answer):
        return answer
    proofs, several, evidence, lines = _proofs(seen)
    if len(proofs) == 1 and (not several or set(proofs) <= set(several)):
        found, (evidence, lines) = next(iter(proofs.items()))
        told.find("currency", found, evidence, LIKELY + 0.05, lines)
        return found
    if proofs:
        evidence = " against ".join(words for words, _ in proofs.values()) + (f" and {evidence}" if evidence else "")
    told.ask("currency", "In which currency are the amounts?", tuple(proofs) or several, evidence, lines)
    return next(iter(proofs), "")


def _codes(sheet: Sheet, roles: dict[str, str], told: Told) -> bool:
    """Whether the column of that name holds a code in every row; else it plays no role."""
    column = sheet.columns[roles["currency"]]
    words = set(column.words)
    if words and words <= CODES and column.filled == sheet.rows:
        told.find("currency", ", ".join(sorted(words)), f"{column.name} holds codes of currencies", CERTAIN)
        return True
    del roles["currency"]
    return False


def _proofs(
    seen: list[tuple[Column, Numbers]],
) -> tuple[dict[str, tuple[str, Lines]], tuple[str, ...], str, Lines]:
    """Currency → what proves it; and where a sign of several is seen, these, with the cell and its line."""
    proofs: dict[str, tuple[str, Lines]] = {}
    several: tuple[str, ...] = ()
    evidence = ""
    lines: Lines = ()
    for column, numbers in seen:
        for sign, cell in numbers.signs.items():
            where = f"“{cell}” in {column.name}"
            if SIGNS[sign]:
                proofs.setdefault(SIGNS[sign], (where, column.line_of(cell)))
            else:
                several, evidence, lines = _SEVERAL.get(sign, ()), where, column.line_of(cell)
        for code, sign in _IN_HEADER.findall(column.name):
            if found := code if code in CODES else SIGNS.get(sign, ""):
                proofs.setdefault(found, (f"the name of {column.name}", ()))
    return proofs, several, evidence, lines
