"""Columns that seem to be the date of the sale and cannot be read: without a year or a day, of another calendar."""

import re
from dataclasses import dataclass

from tillstream.detection.sheet import Column, Sheet
from tillstream.detection.values import date_profile
from tillstream.detection.words.headers import match_header
from tillstream.domain.dates.eras import ascii_digits
from tillstream.domain.dates.period_names import period_of_header

_MAX_WORDS = 2_000
_MOST, _SOME = 0.8, 0.02
_THREE_NUMBERS = re.compile(r"^([0-9]{1,4})([-/.])([0-9]{1,2})\2([0-9]{1,4})$")
_DAY_AND_MONTH = re.compile(r"^[0-9]{1,2}([./-])[0-9]{1,2}\1?$")
_NAME_AND_NUMBER = re.compile(
    r"^(?:(?P<day>[0-9]{1,2})[-. /]{1,2})?(?P<name>[^\W\d_]{3,12})\.?(?:[-. ,/'’]{1,2}(?P<number>[0-9]{1,4}))?$"
)
_WEEK = re.compile(
    r"^(?:[0-9]{4}[-/ ]?)?(?:W|KW|CW|week|uge|vecka|semaine|S)[- ]?[0-9]{1,2}(?:[-/ ][0-9]{4})?$", re.IGNORECASE
)


@dataclass(frozen=True)
class UnreadDate:
    """A column that seems to be a date."""

    column: Column
    example: str
    """A cell that cannot be read."""
    reason: str


def find(sheet: Sheet, roles: dict[str, str]) -> UnreadDate | None:
    """The column that is most likely the date of the sale; None if no column seems to be one."""
    columns = [column for column in sheet.columns.values() if column.filled]
    free = [column for column in columns if column.name not in roles.values()]
    called = [column for column in free if is_called_date(column.name)]
    candidates = (
        *(_unread(column, called=True) for column in called),
        *(_unread(column) for column in free),
        *(_among_others(column) for column in columns),
    )
    return next((one for one in candidates if one), None)


def is_called_date(name: str) -> bool:
    """Whether a name means the date of a sale, or a period."""
    return any(match.role == "date" for match in match_header(name)) or period_of_header(name) is not None


def _unread(column: Column, *, called: bool = False) -> UnreadDate | None:
    """The column if most of its cells look like dates, or, if it is called so, any has a number."""
    words = list(column.words)[:_MAX_WORDS]
    reasons = {word: reason for word in words if (reason := _reason(word, called=called))}
    if called and not reasons:
        unparsed = date_profile.profile(column, few=True).unparsed
        reasons = {word: "the format is not known" for word in unparsed if any(map(str.isdigit, word))}
    elif not called and sum(column.words[word] for word in reasons) < _MOST * sum(column.words[word] for word in words):
        return None
    return next((UnreadDate(column, word, reason) for word, reason in reasons.items()), None)


def _reason(word: str, *, called: bool) -> str:
    """Why a cell that looks like a date is no day; empty if it does not look like one."""
    text = ascii_digits(word)
    if match := _THREE_NUMBERS.match(text):
        year = next((part for part in (match[1], match[4]) if len(part) > 2), "")
        if year and not 1900 <= int(year) <= 2100 and int(match[3]) <= 12:
            return f"the year {year} is of a calendar that is not known"
        return ""
    if (match := _NAME_AND_NUMBER.match(text)) and date_profile.is_month_name(match["name"]):
        if match["number"] and len(match["number"]) == 4 and not match["day"]:
            return "they have no day"
        return "" if match["day"] and match["number"] else "they have no year" if any(map(str.isdigit, text)) else ""
    if _WEEK.match(text) and any(map(str.isdigit, text)):
        return "they are weeks"
    return "they have no year" if called and _DAY_AND_MONTH.match(text) else ""


def _among_others(column: Column) -> UnreadDate | None:
    """A column in which some cells are days and the others something else, as headings above the sales of a day."""
    profile = date_profile.profile(column, few=True)
    days = [word for word in list(column.words)[:200] if word not in set(profile.unparsed)]
    rows = sum(column.words[word] for word in days)
    if len(days) < 2 or rows < _SOME * column.filled or not profile.unparsed:
        return None
    return UnreadDate(column, profile.unparsed[0], f"only some cells are days, such as “{days[0]}”")
