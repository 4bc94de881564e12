"""Values of settings that are not text."""

from collections.abc import Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from tillstream.model.errors import Rejected


def whole_number(settings: Mapping[str, str], name: str, *, at_least: int = 0, at_most: int) -> int:
    """Raises `Rejected` for another text than a whole number in the range."""
    text = settings[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and at_least <= int(text) <= at_most):
        raise Rejected(f"{name} must be a whole number from {at_least} to {at_most:,}, not “{text[:50]}”.")
    return int(text)


def patterns(text: str) -> tuple[str, ...]:
    """The patterns of a setting, which commas separate; one for every name if there is none."""
    return tuple(part.strip().casefold() for part in text.split(",") if part.strip()) or ("*",)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether the name, or for a pattern with a slash the whole path, matches one of them. Letter case is ignored."""
    folded = path.casefold()
    name = folded.rsplit("/", 1)[-1]
    return any(fnmatchcase(folded if "/" in pattern else name, pattern) for pattern in patterns)


def date_setting(settings: Mapping[str, str], name: str) -> datetime | None:
    """The start of a day in UTC; None if the setting is empty. Raises `Rejected` for another text than a date."""
    if not settings[name]:
        return None
    try:
        return datetime.fromisoformat(settings[name]).replace(tzinfo=UTC)
    except ValueError as error:
        raise Rejected(f"{name} must be a date such as 2026-11-01, not “{settings[name][:50]}”.") from error
