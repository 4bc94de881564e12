"""The pipeline room: when each sale happened, by the contract's dates: the instant, and the business day."""

from datetime import time

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tillstream.domain.contract import Contract
from tillstream.pipeline.date_texts import DAY, MISSING
from tillstream.pipeline.dates import example, read_dates, readable
from tillstream.pipeline.source import Source
from tillstream.pipeline.zones import to_utc

_SAMPLE = 1_000


def all_midnight(cells: pa.Table, contract: Contract) -> bool:
    """Whether no readable time of these rows is other than 00:00: then the column tells dates, not instants."""
    words = Source(cells, contract).mapped("date").words
    return all(_midnight(part, contract) for part in (words[:_SAMPLE], words[_SAMPLE:]))


def _midnight(words: pa.Array, contract: Contract) -> bool:
    read = read_dates(words, contract.dates.formats)
    return not (read.wall[read.timed & (read.wall != MISSING)] % DAY).any()


def read_moments(source: Source, *, date_only: bool) -> tuple[pa.Array, pa.Array]:
    """sold_at and sale_date, (n,) each, worked out once for each distinct text."""
    style, text = source.contract.dates, source.mapped("date")
    read = read_dates(text.words, style.formats)
    source.tell(~readable(text.words, read), "not-a-date", "sale_date", text, example(style.formats))
    there = read.wall != MISSING
    timed = there & read.timed if not date_only else np.zeros(len(there), np.bool_)
    local = np.where(there, read.wall, 0)
    days = np.where(timed, local - _micros(style.cutoff), local) // DAY
    sale_date = pa.array(days.astype(np.int32), mask=~there).cast(pa.date32())
    own = timed & (read.offset != MISSING)
    utc = np.where(own, local - np.where(own, read.offset, 0), 0)
    ours = np.flatnonzero(timed & ~own)
    utc[ours], gone, twice = to_utc(local[ours], style.time_zone)
    for wrong, code, detail in ((gone, "time-does-not-exist", style.time_zone), (twice, "ambiguous-time", "")):
        if wrong.any():
            source.tell(_spread(ours[wrong], len(there)), code, "sale_date", text, detail)
    timed[ours[gone]] = False
    sold_at = pa.array(utc, mask=~timed).cast(pa.timestamp("us", "UTC"))
    index = pa.array(text.index)
    return sold_at.take(index), sale_date.take(index)


def _spread(places: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.bool_]:
    mask = np.zeros(length, np.bool_)
    mask[places] = True
    return mask


def _micros(cutoff: time) -> int:
    return (cutoff.hour * 3600 + cutoff.minute * 60 + cutoff.second) * 1_000_000 + cutoff.microsecond
