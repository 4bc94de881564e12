"""Local time → UTC, with the two days a year looked at closely on which clocks change."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from tillstream.pipeline.normalising.dates.cache import DAY, MISSING

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
GONE, ONCE, TWICE = 0, 1, 2


def to_utc(wall: Ints, zone: str) -> tuple[Ints, Mask, Mask]:
    """wall: int64 (n,) local microseconds since 1970, none MISSING.

    UTC microseconds (n,); bool (n,) for times that never happened (their UTC is MISSING) and for those that happened
    twice, of which the first is taken.
    """
    gone = np.zeros(len(wall), np.bool_)
    twice = gone.copy()
    if not len(wall):
        return wall, gone, twice
    days = wall // DAY
    first = int(days.min())
    seen = np.zeros(int(days.max()) - first + 1, np.bool_)
    seen[days - first] = True
    offsets = np.zeros(len(seen), np.int64)
    changing = np.zeros(len(seen), np.bool_)
    for place in np.flatnonzero(seen).tolist():
        offsets[place], changing[place] = _day(zone, first + place)
    utc = wall - offsets[days - first]
    close = np.flatnonzero(changing[days - first])
    if len(close):
        moments, inverse = np.unique(wall[close], return_inverse=True)
        told = np.array([_moment(zone, moment) for moment in moments.tolist()], np.int64)[inverse]
        utc[close], gone[close], twice[close] = told[:, 0], told[:, 1] == GONE, told[:, 1] == TWICE
    return utc, gone, twice


def _micros(span: timedelta | None) -> int:
    return 0 if span is None else (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


@lru_cache(maxsize=50_000)
def _day(zone: str, day: int) -> tuple[int, bool]:
    """The offset of a day in microseconds, and whether it changes in that day."""
    start = _EPOCH + timedelta(days=day)
    info = ZoneInfo(zone)
    # fold=0 at its start and fold=1 at its end lie on both sides of any change, also of one at midnight itself.
    before = start.replace(tzinfo=info).utcoffset()
    after = (start + timedelta(days=1, microseconds=-1)).replace(tzinfo=info, fold=1).utcoffset()
    return _micros(before), before != after


@lru_cache(maxsize=100_000)
def _moment(zone: str, wall: int) -> tuple[int, int]:
    """UTC microseconds of the first such moment, and how often the clocks showed it."""
    local = (_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=ZoneInfo(zone))
    early, late = local.utcoffset(), local.replace(fold=1).utcoffset()
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        return MISSING, GONE
    return wall - _micros(early), ONCE if early == late else TWICE
