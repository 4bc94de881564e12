"""Detect dates whose day and month a spreadsheet swapped, by the order of the sale numbers.

Sale numbers ascend with time. A date with a day above 12, or with equal day and month, cannot be swapped: sales with
such a date are anchors. A sale is flagged if its date is not between the neighbouring anchors but would be with day and
month swapped. Nothing is flagged where the anchors themselves do not ascend.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.normalising.dates.half_converted import swap_days
from tillstream.pipeline.rows.issues import Issues
from tillstream.pipeline.rows.text_column import combined, encoded, to_bool_array
from tillstream.pipeline.rows.types import Ints, Mask

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


def flag_swapped_dates(table: pa.Table, issues: Issues) -> None:
    """Flag dates with swapped day and month. table: `NORMALISED` rows of one file, in file order.

    Files whose dates ascend without leaps, or do not ascend at all, are skipped early.
    """
    dates = combined(table.column("sale_date"))
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
    stores = encoded(table.column("store_id"))
    changes = np.flatnonzero(np.diff(pc.fill_null(stores.indices, -1).to_numpy()))
    # If the rows are grouped by store, leaps between stores are not evidence.
    return len(changes) > len(stores.dictionary) or not np.isin(leaps, changes).all()


def sale_numbers(table: pa.Table) -> tuple[Ints, Ints, Mask]:
    """Return each row's sale number, its series (store and letter prefix) and whether it has a number."""
    sale, store = encoded(table.column("sale_id")), encoded(table.column("store_id"))
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
