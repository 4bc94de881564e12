"""When each sale happened, by the contract's dates: the instant, and the business day."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.dates.ambiguity import Evidence
from tillstream.pipeline.normalising.dates.formats import DAY, MISSING
from tillstream.pipeline.normalising.dates.parse import (
    Read,
    evidence_of,
    example,
    may_be_in_doubt,
    read_dates,
    read_times,
    readable,
)
from tillstream.pipeline.normalising.dates.time_zones import to_utc
from tillstream.pipeline.normalising.source_columns import Source
from tillstream.pipeline.rows.text_column import Texts, flags

_SAMPLE = 1_000
_FIRST, _LAST = -719_160 * DAY, 2_932_894 * DAY
"""Two days from both ends of the calendar: no zone and no cutoff moves a time between them out of it."""

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dating:
    """What the dates of a whole file say together."""

    date_only: bool = False
    """Every time is 00:00, so it tells days and no instants."""
    known: Evidence | None = None
    """What tells formats apart that read the same texts differently; None: the rows at hand say it."""


@dataclass(frozen=True)
class _Told:
    """Local times as the source tells them, by word where each row has a word's own, else by row."""

    wall: Ints
    offset: Ints
    timed: Mask
    text: Texts
    """What is shown of a row in which something is wrong."""

    def by_row(self) -> "_Told":
        index = self.text.index
        rows = Texts(self.text.plain(), np.arange(len(index), dtype=np.int32))
        return _Told(self.wall[index], self.offset[index], self.timed[index], rows)


def all_midnight(cells: pa.Table, contract: Contract) -> bool:
    """Whether no readable time of these rows is other than 00:00: then the column tells dates, not instants."""
    return only_midnights(cells, contract) is not False


def only_midnights(cells: pa.Table, contract: Contract) -> bool | None:
    """As `all_midnight`; None where these rows tell no time at all."""
    source = Source(cells, contract)
    told = False
    if source.maps("time"):
        clock, _ = read_times(source.mapped("time").words, contract.dates)
        if (clock[clock != MISSING] != 0).any():
            return False
        told = bool((clock != MISSING).any())
    words = source.mapped("date").words
    for part in (words[:_SAMPLE], words[_SAMPLE:]):
        read = read_dates(part, contract.dates)
        times = read.wall[read.timed & (read.wall != MISSING)] % DAY
        if times.any():
            return False
        told = told or len(times) > 0
    return True if told else None


def needs_evidence(contract: Contract) -> bool:
    """Whether the whole file has to say which of the contract's formats some of its dates are written in."""
    return may_be_in_doubt(contract.dates)


def date_evidence(cells: pa.Table, contract: Contract) -> Evidence:
    """What these rows say of it; that of all rows together is the file's."""
    return evidence_of(Source(cells, contract).mapped("date").words, contract.dates)


def read_moments(source: Source, dating: Dating) -> tuple[pa.Array, pa.Array]:
    """sold_at and sale_date, (n,) each, worked out once for each distinct text."""
    told = _dates(source, dating)
    if source.maps("time"):
        told = _with_times(source, told.by_row())
    style, there = source.contract.dates, told.wall != MISSING
    timed = there & told.timed if not dating.date_only else np.zeros(len(there), np.bool_)
    local = np.where(there, told.wall, 0)
    if len(local) and (local.min() < _FIRST or local.max() > _LAST):
        edge = timed & ((local < _FIRST) | (local > _LAST))
        source.tell(edge, "not-a-date", "sale_date", told.text, example(style.formats, style.language))
        there, timed, local = there & ~edge, timed & ~edge, np.where(edge, 0, local)
    days = np.where(timed, local - _micros(style.cutoff), local) // DAY
    sale_date = pa.array(days.astype(np.int32), mask=~there).cast(pa.date32())
    index = pa.array(told.text.index)
    sale_date = sale_date.take(index)
    if style.store_zones and source.maps("store_id"):
        told, local, timed = told.by_row(), local[told.text.index], timed[told.text.index]
    sold_at = _instants(source, told, local, timed)
    return sold_at.take(pa.array(told.text.index)), sale_date


def _dates(source: Source, dating: Dating) -> _Told:
    style, text = source.contract.dates, source.mapped("date")
    read = read_dates(text.words, style, dating.known)
    source.tell(~readable(text.words, read), "not-a-date", "sale_date", text, example(style.formats, style.language))
    wall = read.wall
    if read.second is not None and (read.second != MISSING).any():
        wall = _refuse_doubts(source, text, read, read.second)
    return _Told(wall, read.offset, read.timed, text)


def _refuse_doubts(source: Source, text: Texts, read: Read, second: Ints) -> Ints:
    """The walls without those that may be another time as well, each told with both readings."""
    doubt = second != MISSING
    both = zip(read.wall.tolist(), second.tolist(), strict=True)
    details = pa.array(["" if other == MISSING else " or ".join(_shown(one, other)) for one, other in both])
    rows = details.take(pa.array(text.index))
    source.findings.add_where(doubt[text.index], "ambiguous-date", "sale_date", text.rows(), rows)
    return np.where(doubt, MISSING, read.wall)


def _with_times(source: Source, dates: _Told) -> _Told:
    """A day and its time, told in two columns. A row without a time tells its day."""
    style, text = source.contract.dates, source.mapped("time")
    clock, offset = read_times(text.words, style)
    wrong = (clock == MISSING) & flags(pc.is_valid(text.words))
    source.tell(wrong, "not-a-time", "sold_at", text, example(style.time_formats, style.language))
    clock, offset = clock[text.index], offset[text.index]
    given = (clock != MISSING) & (dates.wall != MISSING)
    # A spreadsheet's day is often written with a midnight of no meaning; another time beside this one is no day.
    twice = given & dates.timed & (dates.wall % DAY != 0)
    apart = twice & (dates.wall % DAY != clock)
    hint = "2026-12-31, with its time in the other column"
    source.findings.add_where(apart, "not-a-date", "sale_date", dates.text.plain(), hint)
    both = pc.binary_join_element_wise(dates.text.plain(), text.plain(), " ", null_handling="skip")
    return _Told(
        np.where(given & ~twice, dates.wall + np.where(given, clock, 0), dates.wall),
        np.where(given & (dates.offset == MISSING), offset, dates.offset),
        dates.timed | given,
        Texts(both, dates.text.index),
    )


def _instants(source: Source, told: _Told, local: Ints, timed: Mask) -> pa.Array:
    """UTC for each of `told`, NULL where no time is told."""
    own = timed & (told.offset != MISSING)
    utc = np.where(own, local - np.where(own, told.offset, 0), 0)
    timed = timed.copy()
    for zone, ours in _by_zone(source, np.flatnonzero(timed & ~own)):
        utc[ours], gone, twice = to_utc(local[ours], zone)
        for wrong, code, detail in ((gone, "time-does-not-exist", zone), (twice, "ambiguous-time", "")):
            if wrong.any():
                source.tell(_spread(ours[wrong], len(timed)), code, "sale_date", told.text, detail)
        timed[ours[gone]] = False
    return pa.array(utc, mask=~timed).cast(pa.timestamp("us", "UTC"))


def _by_zone(source: Source, places: Ints) -> Iterator[tuple[str, Ints]]:
    style = source.contract.dates
    if not style.store_zones or not source.maps("store_id"):
        yield style.zone_of(source.contract.identity.store), places
        return
    stores = source.mapped("store_id")
    zones = [style.zone_of(store or "") for store in stores.words.to_pylist()]
    names = list(dict.fromkeys(zones))
    number = np.array([names.index(zone) for zone in zones], np.int64)[stores.index[places]]
    for one, zone in enumerate(names):
        yield zone, places[number == one]


def _shown(one: int, other: int) -> tuple[str, str]:
    """Two readings as days, or with their times where they are of one day."""
    first, second = (datetime(1970, 1, 1) + timedelta(microseconds=wall) for wall in (one, other))  # noqa: DTZ001
    if first.date() == second.date():
        return first.isoformat(" "), second.isoformat(" ")
    return first.date().isoformat(), second.date().isoformat()


def _spread(places: Ints, length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[places] = True
    return mask


def _micros(cutoff: time) -> int:
    return (cutoff.hour * 3600 + cutoff.minute * 60 + cutoff.second) * 1_000_000 + cutoff.microsecond
