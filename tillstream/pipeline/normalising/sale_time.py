"""Compute the UTC time and the business day of each sale, by the contract's time zone and date settings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.model.contract import Contract
from tillstream.pipeline.normalising.date_formats import DAY_MICROSECONDS, MISSING_TIME
from tillstream.pipeline.normalising.parse_dates import (
    FormatEvidence,
    ParsedDates,
    evidence_in_texts,
    example_date,
    has_ambiguous_formats,
    is_readable_date,
    read_dates,
    read_times,
)
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.text_columns import EncodedText, Ints, Mask, to_bool_array

_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clock
NONEXISTENT_TIME, UNIQUE_TIME, AMBIGUOUS_TIME = 0, 1, 2

_SAMPLE = 1_000
_FIRST, _LAST = -719_160 * DAY_MICROSECONDS, 2_932_894 * DAY_MICROSECONDS
"""Safe range: no time zone or cutoff can push a value in it past year 1 or 9999."""


def to_utc(wall: Ints, zone: str) -> tuple[Ints, Mask, Mask]:
    """Convert local times. wall: int64 (n,) local microseconds since 1970, none MISSING_TIME.

    Returns UTC microseconds (n,) and two masks, bool (n,): nonexistent times (their UTC is MISSING_TIME) and ambiguous
    times (the UTC is that of the first occurrence).
    """
    nonexistent = np.zeros(len(wall), np.bool_)
    ambiguous = nonexistent.copy()
    if not len(wall):
        return wall, nonexistent, ambiguous
    days = wall // DAY_MICROSECONDS
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
        converted = np.array([_convert_time(zone, time) for time in times.tolist()], np.int64)[inverse]
        utc[entries], nonexistent[entries], ambiguous[entries] = (
            converted[:, 0],
            converted[:, 1] == NONEXISTENT_TIME,
            converted[:, 1] == AMBIGUOUS_TIME,
        )
    return utc, nonexistent, ambiguous


def _span_microseconds(span: timedelta | None) -> int:
    return 0 if span is None else (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds


@lru_cache(maxsize=50_000)
def _day_offset(zone: str, day: int) -> tuple[int, bool]:
    """Return the offset at the start of a day in microseconds, and whether it changes during the day."""
    start = _WALL_EPOCH + timedelta(days=day)
    info = ZoneInfo(zone)
    # fold=0 at the start and fold=1 at the end of the day enclose any change, including one at midnight.
    before = start.replace(tzinfo=info).utcoffset()
    after = (start + timedelta(days=1, microseconds=-1)).replace(tzinfo=info, fold=1).utcoffset()
    return _span_microseconds(before), before != after


@lru_cache(maxsize=100_000)
def _convert_time(zone: str, wall: int) -> tuple[int, int]:
    """Return the UTC microseconds of the first occurrence, and NONEXISTENT, UNIQUE or AMBIGUOUS."""
    local = (_WALL_EPOCH + timedelta(microseconds=wall)).replace(tzinfo=ZoneInfo(zone))
    early, late = local.utcoffset(), local.replace(fold=1).utcoffset()
    if local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        return MISSING_TIME, NONEXISTENT_TIME
    return wall - _span_microseconds(early), UNIQUE_TIME if early == late else AMBIGUOUS_TIME


@dataclass(frozen=True)
class FileDateFacts:
    """Facts about the dates of a whole file."""

    date_only: bool = False
    """Whether every time is 00:00; the file then contains days, not times."""
    evidence: FormatEvidence | None = None
    """Evidence for ambiguous formats; None: derive it from the rows being parsed."""
    swap_date_cells: bool = False
    """Whether day and month of the cells that are dates must be swapped back before the rows are normalised."""


@dataclass(frozen=True)
class ParsedTimes:
    """Parsed local times: one entry per distinct word of `text` (row i is word index[i])."""

    wall: Ints
    offset: Ints
    timed: Mask
    text: EncodedText
    """Texts shown in reported issues."""

    def by_row(self) -> "ParsedTimes":
        index = self.text.index
        rows = EncodedText(self.text.plain(), np.arange(len(index), dtype=np.int32))
        return ParsedTimes(self.wall[index], self.offset[index], self.timed[index], rows)


def all_times_midnight(cells: pa.Table, contract: Contract) -> bool | None:
    """Return True if every parsed time is 00:00, False if not, None if no row has a time."""
    source = SourceColumns(cells, contract)
    has_times = False
    if source.maps("time"):
        clock, _ = read_times(source.mapped("time").words, contract.dates)
        if (clock[clock != MISSING_TIME] != 0).any():
            return False
        has_times = bool((clock != MISSING_TIME).any())
    words = source.mapped("date").words
    for texts in (words[:_SAMPLE], words[_SAMPLE:]):
        dates = read_dates(texts, contract.dates)
        times = dates.wall[dates.timed & (dates.wall != MISSING_TIME)] % DAY_MICROSECONDS
        if times.any():
            return False
        has_times = has_times or len(times) > 0
    return True if has_times else None


def needs_date_evidence(contract: Contract) -> bool:
    """Return True if the contract's formats are ambiguous, so that `date_evidence` of the whole file is needed."""
    return has_ambiguous_formats(contract.dates)


def date_evidence(cells: pa.Table, contract: Contract) -> FormatEvidence:
    """Return the evidence of these rows for ambiguous formats. The evidence of a file is the union over its blocks."""
    return evidence_in_texts(SourceColumns(cells, contract).mapped("date").words, contract.dates)


def read_sale_times(
    source: SourceColumns, dating: FileDateFacts, parsed: ParsedTimes | None = None
) -> tuple[pa.Array, pa.Array]:
    """Return sold_at and sale_date, (n,) each; computed once per distinct text.

    parsed: times that are parsed already; the date and time columns are then not read.
    """
    parsed = parsed or _parse_times(source, dating)
    style, is_valid = source.contract.dates, parsed.wall != MISSING_TIME
    timed = is_valid & parsed.timed if not dating.date_only else np.zeros(len(is_valid), np.bool_)
    local = np.where(is_valid, parsed.wall, 0)
    if len(local) and (local.min() < _FIRST or local.max() > _LAST):
        out_of_range = timed & ((local < _FIRST) | (local > _LAST))
        source.flag(out_of_range, "not-a-date", "sale_date", parsed.text, example_date(style.formats, style.language))
        is_valid, timed, local = is_valid & ~out_of_range, timed & ~out_of_range, np.where(out_of_range, 0, local)
    days = np.where(timed, local - _cutoff_microseconds(style.cutoff), local) // DAY_MICROSECONDS
    sale_date = pa.array(days.astype(np.int32), mask=~is_valid).cast(pa.date32())
    index = pa.array(parsed.text.index)
    sale_date = sale_date.take(index)
    if style.store_zones and source.maps("store_id"):
        parsed, local, timed = parsed.by_row(), local[parsed.text.index], timed[parsed.text.index]
    sold_at = _instants(source, parsed, local, timed)
    return sold_at.take(pa.array(parsed.text.index)), sale_date


def _parse_times(source: SourceColumns, dating: FileDateFacts) -> ParsedTimes:
    dates = _parse_dates(source, dating)
    return _with_times(source, dates.by_row()) if source.maps("time") else dates


def _parse_dates(source: SourceColumns, dating: FileDateFacts) -> ParsedTimes:
    style, text = source.contract.dates, source.mapped("date")
    dates = read_dates(text.words, style, dating.evidence)
    source.flag(
        ~is_readable_date(text.words, dates),
        "not-a-date",
        "sale_date",
        text,
        example_date(style.formats, style.language),
    )
    wall = dates.wall
    if dates.alternative is not None and (dates.alternative != MISSING_TIME).any():
        wall = _report_ambiguous(source, text, dates, dates.alternative)
    return ParsedTimes(wall, dates.offset, dates.timed, text)


def _report_ambiguous(source: SourceColumns, text: EncodedText, dates: ParsedDates, alternative: Ints) -> Ints:
    """Report ambiguous dates with both interpretations; return the local times with those set to MISSING_TIME."""
    is_ambiguous = alternative != MISSING_TIME
    interpretations = zip(dates.wall.tolist(), alternative.tolist(), strict=True)
    details = pa.array(
        ["" if other == MISSING_TIME else " or ".join(_display_times(wall, other)) for wall, other in interpretations]
    )
    rows = details.take(pa.array(text.index))
    source.issues.add_where(is_ambiguous[text.index], "ambiguous-date", "sale_date", text.rows(), rows)
    return np.where(is_ambiguous, MISSING_TIME, dates.wall)


def _with_times(source: SourceColumns, dates: ParsedTimes) -> ParsedTimes:
    """Add the time column to the dates. Rows without a time keep only their day."""
    style, text = source.contract.dates, source.mapped("time")
    clock, offset = read_times(text.words, style)
    invalid = (clock == MISSING_TIME) & to_bool_array(pc.is_valid(text.words))
    source.flag(invalid, "not-a-time", "sold_at", text, example_date(style.time_formats, style.language))
    clock, offset = clock[text.index], offset[text.index]
    has_time = (clock != MISSING_TIME) & (dates.wall != MISSING_TIME)
    # Spreadsheets often add a meaningless 00:00 to a day; any other time that contradicts the time column is an error.
    has_two_times = has_time & dates.timed & (dates.wall % DAY_MICROSECONDS != 0)
    contradicts = has_two_times & (dates.wall % DAY_MICROSECONDS != clock)
    hint = "2026-12-31, with the time in the other column"
    source.issues.add_where(contradicts, "not-a-date", "sale_date", dates.text.plain(), hint)
    texts = pc.binary_join_element_wise(dates.text.plain(), text.plain(), " ", null_handling="skip")
    return ParsedTimes(
        np.where(has_time & ~has_two_times, dates.wall + np.where(has_time, clock, 0), dates.wall),
        np.where(has_time & (dates.offset == MISSING_TIME), offset, dates.offset),
        dates.timed | has_time,
        EncodedText(texts, dates.text.index),
    )


def _instants(source: SourceColumns, parsed: ParsedTimes, local: Ints, timed: Mask) -> pa.Array:
    """Return the UTC time of each entry, NULL where it has no time."""
    has_offset = timed & (parsed.offset != MISSING_TIME)
    utc = np.where(has_offset, local - np.where(has_offset, parsed.offset, 0), 0)
    timed = timed.copy()
    for zone, entries in _by_zone(source, np.flatnonzero(timed & ~has_offset)):
        utc[entries], nonexistent, ambiguous = to_utc(local[entries], zone)
        for mask, code, detail in ((nonexistent, "time-does-not-exist", zone), (ambiguous, "ambiguous-time", "")):
            if mask.any():
                source.flag(_spread(entries[mask], len(timed)), code, "sale_date", parsed.text, detail)
        timed[entries[nonexistent]] = False
    return pa.array(utc, mask=~timed).cast(pa.timestamp("us", "UTC"))


def _by_zone(source: SourceColumns, entries: Ints) -> Iterator[tuple[str, Ints]]:
    style = source.contract.dates
    if not style.store_zones or not source.maps("store_id"):
        yield style.zone_of(source.contract.identity.store), entries
        return
    stores = source.mapped("store_id")
    zones = [style.zone_of(store or "") for store in stores.words.to_pylist()]
    distinct_zones = list(dict.fromkeys(zones))
    zone_index = np.array([distinct_zones.index(zone) for zone in zones], np.int64)[stores.index[entries]]
    for index, zone in enumerate(distinct_zones):
        yield zone, entries[zone_index == index]


def _display_times(one: int, other: int) -> tuple[str, str]:
    """Format two interpretations as days, or with their times if they are on the same day."""
    first, second = (datetime(1970, 1, 1) + timedelta(microseconds=wall) for wall in (one, other))  # noqa: DTZ001
    if first.date() == second.date():
        return first.isoformat(" "), second.isoformat(" ")
    return first.date().isoformat(), second.date().isoformat()


def _spread(entries: Ints, length: int) -> Mask:
    mask = np.zeros(length, np.bool_)
    mask[entries] = True
    return mask


def _cutoff_microseconds(cutoff: time) -> int:
    return (cutoff.hour * 3600 + cutoff.minute * 60 + cutoff.second) * 1_000_000 + cutoff.microsecond
