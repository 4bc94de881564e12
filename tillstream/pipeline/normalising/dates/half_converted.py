"""Dates of which a spreadsheet converted only some from text, and so swapped day and month of these.

A spreadsheet that expects the other order reads days up to the twelfth as months, and leaves other texts as they are.
"""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.sections import SERIALS, DateStyle
from tillstream.domain.dates.swapped_dates import swapped
from tillstream.pipeline.normalising.dates.formats import DAY, MISSING
from tillstream.pipeline.normalising.dates.iso_and_serial import EXCEL
from tillstream.pipeline.normalising.dates.parse import read_dates
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.text_column import data_bytes, strip_and_mask, to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask

_EPOCH = date(1970, 1, 1)
_ISO_LENGTH, _SERIAL_LENGTH = 10, 5
_SERIAL = r"^[0-9]{5}(?:[.,][0-9]+)?$"


def can_be_half_converted(style: DateStyle) -> bool:
    """Return True if a format is numeric with the year last, so that another order reads other days."""
    return any("%d" in text and "%m" in text and not text.startswith("%Y") for text in style.formats)


def are_date_cells(words: pa.Array, style: DateStyle) -> Mask:
    """bool (n,): which words are written as readers write cells that are dates: as ISO 8601, or as serials."""
    if words.null_count:
        words = pc.fill_null(words, "")
    is_iso = np.zeros(len(words), np.bool_)
    if len(words):
        _, offsets, _ = words.buffers()
        starts = np.frombuffer(offsets, np.int32)[words.offset : words.offset + len(words) + 1].astype(np.int64)
        long = np.flatnonzero(np.diff(starts) >= _ISO_LENGTH)
        first, raw = starts[long] - starts[0], data_bytes(words)
        is_iso[long] = (raw[first + 4] == ord("-")) & (raw[first + 7] == ord("-")) if len(long) else False
    if set(SERIALS) & set(style.formats):
        is_iso |= to_bool_array(pc.match_substring_regex(words, _SERIAL))
    return is_iso


def swap_days(days: Ints) -> Ints:
    """Swap day and month of days since 1970; days for which that is not a date are unchanged."""
    distinct, index = np.unique(days, return_inverse=True)
    other = [(swapped(_EPOCH + timedelta(days=day)) - _EPOCH).days for day in distinct.tolist()]
    return np.array(other, np.int64)[index] if other else days


def to_dates(days: Ints) -> frozenset[date]:
    """Return the distinct dates of days since 1970."""
    return frozenset(_EPOCH + timedelta(days=day) for day in np.unique(days).tolist())


def converted_dates(cells: pa.Table, contract: Contract) -> tuple[frozenset[date], frozenset[date]]:
    """Return the distinct dates of the cells that are dates, and of the other cells."""
    words = SourceColumns(cells, contract).mapped("date").words
    wall, is_date_cell = read_dates(words, contract.dates).wall, are_date_cells(words, contract.dates)
    is_valid = wall != MISSING
    return to_dates(wall[is_valid & is_date_cell] // DAY), to_dates(wall[is_valid & ~is_date_cell] // DAY)


def swap_date_cells(column: pa.Array, style: DateStyle) -> tuple[pa.Array, Mask]:
    """Swap day and month of the cells that are dates. Returns the column, and which rows changed, bool (n,)."""
    text = strip_and_mask(column)
    is_date_cell = are_date_cells(text.words, style)
    words = text.words.to_pylist()
    epoch = next((EXCEL[name] for name in style.formats if name in EXCEL), 0)
    result = [
        _swap(word, epoch) if is_date else word for word, is_date in zip(words, is_date_cell.tolist(), strict=True)
    ]
    changed = np.array([word != other for word, other in zip(words, result, strict=True)], np.bool_)
    repaired = pa.DictionaryArray.from_arrays(text.index, pa.array([word or "" for word in result], pa.string()))
    return repaired, changed[text.index] if len(words) else np.zeros(len(text.index), np.bool_)


def _swap(word: str, epoch: int) -> str:
    """Swap day and month of an ISO date or a serial; words that are no date are unchanged. epoch: serial of 1970."""
    try:
        if word[4:5] == "-":
            return swapped(date.fromisoformat(word[:_ISO_LENGTH])).isoformat() + word[_ISO_LENGTH:]
        serial = int(word[:_SERIAL_LENGTH])
        day = _EPOCH + timedelta(days=serial - epoch)
        return f"{serial + (swapped(day) - day).days}{word[_SERIAL_LENGTH:]}"
    except ValueError:
        return word
