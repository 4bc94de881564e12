"""Interpretations of a rejected cell: rules that a user can apply to one cell or to all cells like it.

An interpretation returns a date as year-month-day and a number with the decimal separator of the contract.
"""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial

from tillstream.model.contract import Contract
from tillstream.model.date_words import calendar_names, fold_name

Interpretation = Callable[[str, Contract], str | None]
_CLOCK = re.compile(r"(.*?)[\sT,]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([ap])?\.?m?\.?", re.IGNORECASE)
_DATE_NUMBERS = re.compile(r"(\d{1,4})[\s./,-]+(\d{1,2})[\s./,-]+(\d{1,4})\.?")
_MONTH_NAME = re.compile(
    r"(?:\D+[\s,]+)??(?:(\d{1,4})(?:st|nd|rd|th)?)?[\s./,-]*([^\W\d]+)\.?[\s./,-]*(\d{1,4})(?:st|nd|rd|th)?"
    r"(?:[\s./,-]+(\d{4}))?"
)
_AMOUNT = re.compile(r"[^\d.,]*?([-+−(]?)[^\d.,(+−-]*([.,]?\d(?:[\d.,'\s\u00a0\u202f]*\d)?[.,]?)\s*([-−)]?)(\D*)")
_UNIT = re.compile(r"[^\W\d]+\.?\s*")
_ONE_LETTER = re.compile(r"[^\W\d]")
_WORDS = tuple(
    word
    for words in (
        "zero one two three four five six seven eight nine ten",
        "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty",
    )
    for word in words.split()
)
_LOOK_ALIKES = str.maketrans("OoIl|SB", "0011158")
DATE_ORDERS = {"day-first": (2, 1, 0), "month-first": (2, 0, 1), "year-first": (0, 1, 2)}
"""Interpretation → positions of year, month and day."""

DATE_RULES = (*DATE_ORDERS, "month-name")
NUMBER_RULES = ("number-word", "look-alike", "decimal-point", "decimal-comma")
RULE_LABELS = {
    "day-first": "the day comes first",
    "month-first": "the month comes first",
    "year-first": "the year comes first",
    "month-name": "the month is a name",
    "decimal-point": "a point as the decimal separator",
    "decimal-comma": "a comma as the decimal separator",
    "number-word": "the number in words",
    "look-alike": "letters instead of digits",
}


def interpret_cell(how: str, text: str, contract: Contract) -> str | None:
    """Interpret the cell by the rule `how`; None if the rule does not match."""
    return INTERPRETATIONS[how](text.strip(), contract)


def _date(order: tuple[int, int, int], text: str, contract: Contract) -> str | None:
    day, clock = _split_time(text)
    match = _DATE_NUMBERS.fullmatch(day)
    if match is None or clock is None:
        return None
    year, month, of_month = (match[place + 1] for place in order)
    return _iso_text(year, int(month), of_month, clock, contract)


def _named_date(text: str, contract: Contract) -> str | None:
    """Parse a date with a month name, in any common order."""
    day, clock = _split_time(text)
    match = _MONTH_NAME.fullmatch(day)
    if match is None or clock is None:
        return None
    first, word, second, third = match.groups()
    months = calendar_names(contract.dates.language).months | calendar_names("en").months
    month = months.get(fold_name(word)) or months.get(fold_name(word)[:3])
    year, of_month = (third, second) if third else (second, first)
    if month is None or of_month is None:
        return None
    if len(of_month) == 4:
        year, of_month = of_month, year
    return _iso_text(year, month, of_month, clock, contract)


def _split_time(text: str) -> tuple[str, str | None]:
    """Split into day and time. The time is formatted as " 14:05", empty if absent, None if invalid."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return text, ""
    hour, minute, second = (int(part or 0) for part in match.group(2, 3, 4))
    half = (match[5] or "").lower()
    if half and not 1 <= hour <= 12:
        return match[1], None
    if half:
        hour = hour % 12 + 12 * (half == "p")
    if hour > 23 or minute > 59 or second > 59:
        return match[1], None
    return match[1], f" {hour:02}:{minute:02}" + (f":{second:02}" if match[4] else "")


def _iso_text(year: str, month: int, day: str, clock: str, contract: Contract) -> str | None:
    whole = int(year)
    if len(year) <= 2:
        start = contract.dates.two_digit_years_from
        whole = start + (whole - start) % 100
    try:
        return datetime(whole, month, int(day)).strftime("%Y-%m-%d").rjust(10, "0") + clock  # noqa: DTZ001 - local date
    except ValueError:
        return None


def _number(decimal: str, text: str, contract: Contract) -> str | None:
    """Parse the only number in the cell, ignoring units and symbols around it."""
    unit = _UNIT.match(text)  # the dot in "Rs." is not a decimal separator
    match = _AMOUNT.fullmatch(text[unit.end() :] if unit else text)
    if match is None or _ONE_LETTER.fullmatch(match[4]):
        return None
    before, digits, after, _ = match.groups()
    thousands = "." if decimal == "," else ","
    whole, sign, fraction = re.sub(r"['\s\u00a0\u202f]", "", digits).partition(decimal)
    groups = whole.split(thousands)
    # Indian notation has groups of two, but the last group always has three digits
    grouped = all(len(group) in (2, 3) for group in groups[1:-1]) and len(groups[-1]) == 3
    if thousands in fraction or decimal in fraction or (len(groups) > 1 and not grouped):
        return None
    return _canonical("".join(groups) + (f".{fraction}" if sign else ""), before + after, contract)


def _canonical(number: str, signs: str, contract: Contract) -> str | None:
    try:
        value = Decimal(number)
    except InvalidOperation:
        return None
    minus = "-" if value and set(signs) & set("-−()") else ""
    # a zero more, so that three decimals are no group of thousands in another format of the contract
    zero = "0" if contract.numbers.alternatives and value.as_tuple().exponent == -3 else ""
    return f"{minus}{value:f}{zero}".replace(".", contract.numbers.decimal)


def _number_word(text: str, _contract: Contract) -> str | None:
    return str(_WORDS.index(text.lower())) if text.lower() in _WORDS else None


def _look_alike(text: str, contract: Contract) -> str | None:
    """Replace letters typed in place of digits, such as 1O for 10."""
    likely = text.translate(_LOOK_ALIKES)
    if likely == text or not re.search(r"\d", text) or re.search(r"[^\W\d]", likely):
        return None
    return _number(contract.numbers.decimal, likely, contract)


INTERPRETATIONS: dict[str, Interpretation] = {
    **{how: partial(_date, order) for how, order in DATE_ORDERS.items()},
    "month-name": _named_date,
    "decimal-point": partial(_number, "."),
    "decimal-comma": partial(_number, ","),
    "number-word": _number_word,
    "look-alike": _look_alike,
}
