"""The day in the name of a file, for sources whose rows contain no date."""

import re
from collections.abc import Iterator
from datetime import date, datetime

FILE_DATE = "(date in the file name)"
"""Header of the column that a file gets if its contract has `file.date_in_name`."""
_DIGITS = {"Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "j": r"\d{3}", "B": r"[^\W\d_]+"}
_DIGITS["b"] = _DIGITS["B"]
_CODE = re.compile(r"%(.)")


def date_in_name(name: str, format_: str) -> date | None:
    """Return the first date of this format in a file name, or None. format_: with the codes %Y %y %m %d %j %b %B."""
    return next((day for _, day in days_in_name(name, format_)), None)


def days_in_name(name: str, format_: str) -> Iterator[tuple[str, date]]:
    """Yield the texts of a file name that are dates of this format, with their days."""
    for match in re.finditer(_pattern(format_), name):
        try:
            yield match[0], datetime.strptime(match[0], format_).date()  # noqa: DTZ007 - a day without a time
        except ValueError:
            continue


def format_error(format_: str) -> str:
    """Why a format does not identify a day; empty if it does."""
    codes = set(_CODE.findall(format_))
    unknown = codes - _DIGITS.keys()
    if unknown:
        return f"the codes of a date in a file name are %Y %y %m %d %j %b %B, not %{min(unknown)}"
    has_month = bool(codes & {"m", "b", "B"})
    if not codes & {"Y", "y"} or not ((has_month and "d" in codes) or "j" in codes):
        return "it must contain the year, the month and the day, such as %Y-%m-%d"
    return ""


def _pattern(format_: str) -> str:
    parts = re.split(r"(%.)", format_)
    has_separators = any(part and not part.startswith("%") for part in parts)
    body = "".join(
        (_DIGITS[part[1]] if has_separators else _DIGITS[part[1]].replace("{1,2}", "{2}"))
        if _CODE.fullmatch(part)
        else re.escape(part)
        for part in parts
    )
    return rf"(?<!\d){body}(?!\d)"
