"""Dates whose day and month a spreadsheet swapped: swap them back, or detect them by the order of sale numbers.

A spreadsheet that expects the other order reads days up to the twelfth as months, and leaves other texts as they are.

Sale numbers ascend with time. A date with a day above 12, or with equal day and month, cannot be swapped: sales with
such a date are anchors. A sale is flagged if its date is not between the neighbouring anchors but would be with day and
month swapped. Nothing is flagged where the anchors themselves do not ascend.
"""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.detection.values.swapped_dates import swap_day_and_month
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import SERIAL_FORMATS, DateStyle
from tillstream.pipeline.normalising.date_columns import EXCEL_EPOCHS
from tillstream.pipeline.normalising.date_formats import DAY_MICROSECONDS, MISSING_TIME
from tillstream.pipeline.normalising.parse_dates import read_dates
from tillstream.pipeline.normalising.source_columns import SourceColumns
from tillstream.pipeline.rows.row_batch import Issues
from tillstream.pipeline.rows.text_columns import (
    Ints,
    Mask,
    combine_chunks,
    data_bytes,
    encode_texts,
    strip_and_mask,
    to_bool_array,
)

_EPOCH = date(1970, 1, 1)
_ISO_LENGTH, _SERIAL_LENGTH = 10, 5
_SERIAL_TEXT = r"^[0-9]{5}(?:[.,][0-9]+)?$"

_MIN_LEAP = 20
"""Minimum distance of a swapped date, in days."""
_MAX_DISORDER = 0.25
"""Maximum share of backward steps in a file whose dates ascend."""
_MAX_STRAY = 0.005
"""Maximum share of backward steps between anchors."""
_MIN_ANCHORS = 5
"""Minimum number of anchors."""
_MAX_GAP = 31
"""Maximum distance of two anchors, in days, for checking the sales between them."""
_TOLERANCE = 2
"""Tolerance in days between a sale's date and the order of its number."""
_DIGITS = r"(?P<letters>.*?)(?P<digits>[0-9]{1,18})$"


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
    if set(SERIAL_FORMATS) & set(style.formats):
        is_iso |= to_bool_array(pc.match_substring_regex(words, _SERIAL_TEXT))
    return is_iso


def swap_days(days: Ints) -> Ints:
    """Swap day and month of days since 1970; days for which that is not a date are unchanged."""
    distinct, index = np.unique(days, return_inverse=True)
    other = [(swap_day_and_month(_EPOCH + timedelta(days=day)) - _EPOCH).days for day in distinct.tolist()]
    return np.array(other, np.int64)[index] if other else days


def days_to_dates(days: Ints) -> frozenset[date]:
    """Return the distinct dates of days since 1970."""
    return frozenset(_EPOCH + timedelta(days=day) for day in np.unique(days).tolist())


def converted_dates(cells: pa.Table, contract: Contract) -> tuple[frozenset[date], frozenset[date]]:
    """Return the distinct dates of the cells that are dates, and of the other cells."""
    words = SourceColumns(cells, contract).mapped("date").words
    wall, is_date_cell = read_dates(words, contract.dates).wall, are_date_cells(words, contract.dates)
    is_valid = wall != MISSING_TIME
    return days_to_dates(wall[is_valid & is_date_cell] // DAY_MICROSECONDS), days_to_dates(
        wall[is_valid & ~is_date_cell] // DAY_MICROSECONDS
    )


def swap_date_cells(column: pa.Array, style: DateStyle) -> tuple[pa.Array, Mask]:
    """Swap day and month of the cells that are dates. Returns the column, and which rows changed, bool (n,)."""
    text = strip_and_mask(column)
    is_date_cell = are_date_cells(text.words, style)
    words = text.words.to_pylist()
    epoch = next((EXCEL_EPOCHS[name] for name in style.formats if name in EXCEL_EPOCHS), 0)
    result = [
        _swap_word(word, epoch) if is_date else word for word, is_date in zip(words, is_date_cell.tolist(), strict=True)
    ]
    changed = np.array([word != other for word, other in zip(words, result, strict=True)], np.bool_)
    repaired = pa.DictionaryArray.from_arrays(text.index, pa.array([word or "" for word in result], pa.string()))
    return repaired, changed[text.index] if len(words) else np.zeros(len(text.index), np.bool_)


def _swap_word(word: str, epoch: int) -> str:
    """Swap day and month of an ISO date or a serial; words that are no date are unchanged. epoch: serial of 1970."""
    try:
        if word[4:5] == "-":
            return swap_day_and_month(date.fromisoformat(word[:_ISO_LENGTH])).isoformat() + word[_ISO_LENGTH:]
        serial = int(word[:_SERIAL_LENGTH])
        day = _EPOCH + timedelta(days=serial - epoch)
        return f"{serial + (swap_day_and_month(day) - day).days}{word[_SERIAL_LENGTH:]}"
    except ValueError:
        return word


def flag_swapped_dates(table: pa.Table, issues: Issues) -> None:
    """Flag dates with swapped day and month. table: `NORMALISED` rows of one file, in file order.

    Files whose dates ascend without leaps, or do not ascend at all, are skipped early.
    """
    dates = combine_chunks(table.column("sale_date"))
    if not _has_leaps(table, dates):
        return
    days = pc.fill_null(pc.cast(dates, pa.int32()), 0).to_numpy().astype(np.int64)
    number, series, numbered = sale_numbers(table)
    dated = np.flatnonzero(numbered & to_bool_array(pc.is_valid(dates)))
    if not len(dated):
        return
    # stable, so that rows of one number stay together in the order of the file
    order = dated[np.lexsort((number[dated], series[dated]))]
    swapped = swap_days(days[order])
    is_suspect = np.zeros(table.num_rows, np.bool_)
    corrected = np.zeros(table.num_rows, np.int64)
    starts = np.flatnonzero(np.diff(series[order], prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        rows = order[start:end]
        is_suspect[rows] = _find_swapped(days[rows], swapped[start:end])
        corrected[rows] = swapped[start:end]
    detail = pa.array(corrected.astype(np.int32)).cast(pa.date32()).cast(pa.string())
    issues.add_where(is_suspect, "day-month-swapped", "sale_date", dates, detail)


def _has_leaps(table: pa.Table, dates: pa.Array) -> bool:
    """Return True if the dates mostly ascend, with some leaps as large as those of swapped dates."""
    days = pc.cast(dates, pa.int32())
    if days.null_count == len(days):
        return False
    if days.null_count:
        days = pc.fill_null_backward(pc.fill_null_forward(days))
    steps = np.diff(days.to_numpy())
    leaps = np.flatnonzero(np.abs(steps) >= _MIN_LEAP)
    if not len(leaps) or (steps < 0).sum() > _MAX_DISORDER * np.count_nonzero(steps):
        return False
    stores = encode_texts(table.column("store_id"))
    changes = np.flatnonzero(np.diff(pc.fill_null(stores.indices, -1).to_numpy()))
    # If the rows are grouped by store, leaps between stores are not evidence.
    return len(changes) > len(stores.dictionary) or not np.isin(leaps, changes).all()


def sale_numbers(table: pa.Table) -> tuple[Ints, Ints, Mask]:
    """Return each row's sale number, its series (store and letter prefix) and whether it has a number."""
    sale, store = encode_texts(table.column("sale_id")), encode_texts(table.column("store_id"))
    parts = pc.extract_regex(sale.dictionary, _DIGITS)
    digits = pc.cast(pc.struct_field(parts, "digits"), pa.int64())
    letters = pc.fill_null(pc.struct_field(parts, "letters").dictionary_encode().indices, -1)
    has_id = to_bool_array(pc.is_valid(sale.indices))
    index = pc.fill_null(sale.indices, 0).to_numpy()
    if not len(sale.dictionary):
        return np.zeros(len(has_id), np.int64), np.zeros(len(has_id), np.int64), has_id
    numbered = has_id & to_bool_array(pc.is_valid(digits))[index]
    store_number = pc.fill_null(store.indices, len(store.dictionary)).to_numpy().astype(np.int64)
    series = letters.to_numpy().astype(np.int64)[index] * (len(store.dictionary) + 1) + store_number
    return pc.fill_null(digits, 0).to_numpy()[index], series, numbered


def _find_swapped(days: Ints, swapped: Ints) -> Mask:
    """Return the swapped dates of one series, sorted by sale number."""
    suspect = np.zeros(len(days), np.bool_)
    anchors = np.flatnonzero(days == swapped)
    steps = np.diff(days[anchors])
    if len(anchors) < _MIN_ANCHORS or (steps < 0).sum() > _MAX_STRAY * len(steps):
        return suspect
    # If all anchors are close together, sales before the first and after the last one must be close to it.
    reach = _MAX_GAP if steps.max() <= _MAX_GAP else -1
    bounds = np.concatenate([[days[anchors[0]] - reach], days[anchors], [days[anchors[-1]] + reach]])
    candidates = np.flatnonzero(days != swapped)
    next_anchor = np.searchsorted(anchors, candidates)
    low, high = bounds[next_anchor], bounds[next_anchor + 1]
    is_checkable = (low <= high) & (high - low <= _MAX_GAP)
    is_outside = (days[candidates] < low - _TOLERANCE) | (days[candidates] > high + _TOLERANCE)
    fits_swapped = (swapped[candidates] >= low) & (swapped[candidates] <= high)
    suspect[candidates[is_checkable & is_outside & fits_swapped]] = True
    return suspect
