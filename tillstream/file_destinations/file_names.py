"""Names of delivered files, from a pattern."""

import re
import unicodedata
from datetime import date, timedelta

from tillstream.model.errors import Rejected

DEFAULT = "{name}-{date}"
PARTS = ("name", "period", "date")
"""What a pattern has in braces: the name of the subscription, the days of the table, the day of the delivery."""
LONGEST = 100
_DAY = timedelta(days=1)
_FIELD = re.compile(r"\{([^{}]*)\}")
ALL_DAYS = "all-days"


def check_pattern(pattern: str) -> str:
    """The pattern without spaces around it, or the default one. Raises `Rejected`."""
    pattern = pattern.strip() or DEFAULT
    unknown = [one for one in _FIELD.findall(pattern) if one not in PARTS]
    rest = _FIELD.sub("", pattern)
    if unknown or set("{}/\\") & set(rest) or len(pattern) > LONGEST or not pattern.isprintable() or rest[:1] == ".":
        raise Rejected(
            f"The name of a file has at most {LONGEST} characters, without / and \\, and contains no other parts in "
            "braces than {name}, {period} and {date}."
        )
    return pattern


def file_name(pattern: str, name: str, first: date | None, last: date | None, day: date, suffix: str) -> str:
    """Such as stores-2026-06.csv. first, last: the days of the table; None: open. day: of the delivery."""
    values = {"name": slug(name), "period": period_text(first, last), "date": day.isoformat()}
    text = _plain(_FIELD.sub(lambda match: values[match[1]], check_pattern(pattern)), "._-")
    return f"{text.strip('-.') or slug(name)}.{suffix}"


def without_days(pattern: str, name: str, suffix: str) -> str:
    """The name with the same day for each period and date. Files of two names that are equal can replace each other."""
    return file_name(pattern, name, date.min, date.min, date.min, suffix).casefold()


def stamped(name: str, stamp: str, id: str) -> str:
    """The name of a second file beside one with this name. stamp, id: of its run and its entry in the outbox, so that
    a retry has the same name."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}-{stamp}-{id[:8]}{dot}{suffix}"


def slug(name: str) -> str:
    """Small letters and digits of any script, and hyphens."""
    return _plain(name.casefold(), "").strip("-") or "table"


def period_text(first: date | None, last: date | None) -> str:
    """2026-06 for a month, 2026 for a year, a day, or first_last."""
    if first is None and last is None:
        return ALL_DAYS
    if first is None or last is None:
        return f"to-{last}" if last else f"from-{first}"
    if first == last:
        return first.isoformat()
    if first.day == 1 and (last + _DAY).day == 1:
        if (first.year, first.month) == (last.year, last.month):
            return f"{first:%Y-%m}"
        if first.month == 1 and last.month == 12 and first.year == last.year:
            return f"{first.year}"
    return f"{first}_{last}"


def _plain(text: str, kept: str) -> str:
    """Letters with their marks, digits and the characters of `kept`; a hyphen for others."""
    composed = unicodedata.normalize("NFC", text)
    plain = (one if one in kept or unicodedata.category(one)[0] in "LMN" else " " for one in composed)
    return re.sub(" +", "-", "".join(plain))
