"""Words around a date: the weekday before it, and the era of its year."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from tillstream.domain.dates.eras import Era, ascii_digits, era_of, gregorian
from tillstream.domain.month_names import BY_USE, folded, names

_WEEKDAY = re.compile(r"^(?P<name>[^\W\d_]{2,13}(?:-feira)?\.?)(?P<gap>,? )(?=\S)")


@dataclass(frozen=True)
class DateWords:
    """A date without its weekday and in the common calendar, and what was before it."""

    rest: str
    weekday: str = ""
    prefix: str = ""
    """Format of the weekday and what separates it from the date."""
    era: Era = ""


@lru_cache(maxsize=50_000)
def split(word: str) -> DateWords:
    """Split a date; a word that is no date keeps its text."""
    text = ascii_digits(word)
    match = _WEEKDAY.match(text)
    if match and is_weekday_name(match["name"]):
        return DateWords(text[match.end() :], match["name"], f"%A{match['gap']}")
    era = era_of(text)
    return DateWords(gregorian(text, era), era=era)


def has_weekday(weekday: str, day: date) -> bool:
    """Whether the day has this name in any language; without a name, every day has it."""
    return not weekday or any(days.get(folded(weekday)) == day.weekday() for days in weekdays_by_language().values())


def is_weekday_name(word: str) -> bool:
    return any(folded(word) in days for days in weekdays_by_language().values())


@cache
def weekdays_by_language() -> dict[str, dict[str, int]]:
    """Language → weekday name → number; English first, as the most common."""
    return {language: names(language).weekdays for language in BY_USE}
