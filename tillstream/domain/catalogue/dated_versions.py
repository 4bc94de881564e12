"""Versions of an entry's fields: each counts from the day of its change, so that the name of a past day is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Version:
    """Values of the dated fields from a day on. `valid_from` None: from the beginning."""

    valid_from: date | None
    values: dict[str, Any]


def add_version(versions: Sequence[Version], values: dict[str, Any], day: date) -> tuple[Version, ...]:
    """The versions with these values from the day on. A second change on one day replaces the first one.

    If no version would precede the day, the values hold from the beginning.
    """
    if not versions:
        return (Version(None, values),)
    if versions[-1].values == values:
        return tuple(versions)
    # A clock that was set back does not change what was recorded for later days: the change counts from the last one.
    last = versions[-1].valid_from
    start = day if last is None or day > last else last
    earlier = [one for one in versions if one.valid_from != start]
    if earlier and earlier[-1].values == values:
        return tuple(earlier)
    return (*earlier, Version(start, values))


def ranges(versions: Sequence[Version]) -> list[tuple[date | None, date | None, dict[str, Any]]]:
    """Each version with its first day and the day after its last one."""
    ends = [*(one.valid_from for one in versions[1:]), None][: len(versions)]
    return [(one.valid_from, end, one.values) for one, end in zip(versions, ends, strict=True)]


def values_on(versions: Sequence[Version], day: date) -> dict[str, Any] | None:
    """The values that count on the day."""
    counting = [one for one in versions if one.valid_from is None or one.valid_from <= day]
    return counting[-1].values if counting else None
