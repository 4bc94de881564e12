"""Convert local time to UTC. Only the days on which the offset changes are converted value by value."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from tillstream.pipeline.normalising.dates.cache import DAY, MISSING
from tillstream.pipeline.rows.types import Ints, Mask

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
NONEXISTENT, UNIQUE, AMBIGUOUS = 0, 1, 2


def to_utc(wall: Ints, zone: str) -> tuple[Ints, Mask, Mask]:
    """Convert local times. wall: int64 (n,) local microseconds since 1970, none MISSING.

    Returns UTC microseconds (n,) and two masks, bool (n,): nonexistent times (their UTC is MISSING) and ambiguous
    times (the UTC is that of the first occurrence).
    """
    nonexistent = np.zeros(len(wall), np.bool_)
    ambiguous = nonexistent.copy()
    if not len(wall):
        return wall, nonexistent, ambiguous
    days = wall // DAY
    first = int(days.min())
    occurs = np.zeros(int(days.max()) - first + 1, np.bool_)
    occurs[days - first] = True
    offsets = np.zeros(len(occurs), np.int64)
    has_change = np.zeros(len(occurs), np.bool_)
    for index in np.flatnonzero(occurs).tolist():
        offsets[index], has_change[index] = _day_offset(zone, first + index)
    utc = wall - offsets[days - first]
    entries = np.flatnonzero(has_change[days - first])
    if len(entries):
        times, inverse = np.unique(wall[entries], return_inverse=True)
        converted = np.array([_convert(zone, time) for time in times.tolist()], np.int64)[inverse]
        utc[entries], nonexistent[entries], ambiguous[entries] = (
            converted[:, 0],
            converted[:, 1] == NONEXISTENT,
            converted[:, 1] == AMBIGUOUS,
        )
    return utc, nonexistent, ambiguous


def _micros(span: timedelta | None) -> int:
    return 0 if span is None else (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


@lru_cache(maxsize=50_000)
def _day_offset(zone: str, day: int) -> tuple[int, bool]:
    """Return the offset at the start of a day in microseconds, and whether it changes during the day."""
    start = _EPOCH + timedelta(days=day)
    info = ZoneInfo(zone)
    # fold=0 at the start and fold=1 at the end of the day enclose any change, including one at midnight.
    before = start.replace(tzinfo=info).utcoffset()
    after = (start + timedelta(days=1, microseconds=-1)).replace(tzinfo=info, fold=1).utcoffset()
    return _micros(before), before != after


@lru_cache(maxsize=100_000)
def _convert(zone: str, wall: int) -> tuple[int, int]:
    """Return the UTC microseconds of the first occurrence, and NONEXISTENT, UNIQUE or AMBIGUOUS."""
    local = (_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=ZoneInfo(zone))
    early, late = local.utcoffset(), local.replace(fold=1).utcoffset()
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        return MISSING, NONEXISTENT
    return wall - _micros(early), UNIQUE if early == late else AMBIGUOUS
