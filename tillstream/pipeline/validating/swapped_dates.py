"""Days and months that a spreadsheet turned round in silence, seen by the numbers of the sales.

Sale numbers ascend with time. A day over the twelfth, or one that is its own month, cannot have been turned round: such
sales are anchors. A sale whose day does not lie between the anchors around it, but would with day and month the other
way round, is told. Nothing is told where the anchors themselves do not ascend.
"""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.pipeline.rows.issues import Findings
from tillstream.pipeline.rows.text_column import encoded, flags, whole

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LEAP = 20
"""A day turned round lies further away than this many days."""
_DISORDER = 0.25
"""Where more of the steps from day to day go back, the file does not ascend with time."""
_STRAY = 0.005
"""So many steps between anchors may go back."""
_ANCHORS = 5
"""Fewer prove nothing."""
_WIDEST = 31
"""Anchors further apart, in days, prove nothing of what lies between them."""
_LATE = 2
"""A sale may be booked so many days before or after its number."""
_DIGITS = r"(?P<letters>.*?)(?P<digits>[0-9]{1,18})$"


def tell_swapped_days(table: pa.Table, findings: Findings) -> None:
    """table: `NORMALISED` rows of one file in its order. Most files ascend, or do not at all: both are seen at once."""
    dates = whole(table.column("sale_date"))
    if not _leaps(table, dates):
        return
    days = pc.fill_null(pc.cast(dates, pa.int32()), 0).to_numpy().astype(np.int64)
    number, series, numbered = _numbers(table)
    known = np.flatnonzero(numbered & flags(pc.is_valid(dates)))
    if not len(known):  # nothing that could ascend
        return
    # stable, so that rows of one number stay together in the order of the file
    order = known[np.lexsort((number[known], series[known]))]
    turned = np.array(_turned(days[order]), np.int64)
    swapped = np.zeros(table.num_rows, np.bool_)
    fits = np.zeros(table.num_rows, np.int64)
    starts = np.flatnonzero(np.diff(series[order], prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        rows = order[start:end]
        swapped[rows] = _suspects(days[rows], turned[start:end])
        fits[rows] = turned[start:end]
    detail = pa.array(fits.astype(np.int32)).cast(pa.date32()).cast(pa.string())
    findings.add_where(swapped, "day-month-swapped", "sale_date", dates, detail)


def _leaps(table: pa.Table, dates: pa.Array) -> bool:
    """Whether the rows mostly ascend, and now and then leap as far as a day turned round does."""
    days = pc.cast(dates, pa.int32())
    if days.null_count == len(days):
        return False
    if days.null_count:
        days = pc.fill_null_backward(pc.fill_null_forward(days))
    steps = np.diff(days.to_numpy())
    leaps = np.flatnonzero(np.abs(steps) >= _LEAP)
    if not len(leaps) or (steps < 0).sum() > _DISORDER * np.count_nonzero(steps):
        return False
    stores = encoded(table.column("store_id"))
    changes = np.flatnonzero(np.diff(pc.fill_null(stores.indices, -1).to_numpy()))
    # Where each store stands in one piece, the leaps between them say nothing.
    return len(changes) > len(stores.dictionary) or not np.isin(leaps, changes).all()


def _numbers(table: pa.Table) -> tuple[Ints, Ints, Mask]:
    """The number of each row's sale, which series it belongs to (a store's, with its letters), and whether it has
    one."""
    sale, store = encoded(table.column("sale_id")), encoded(table.column("store_id"))
    parts = pc.extract_regex(sale.dictionary, _DIGITS)
    digits = pc.cast(pc.struct_field(parts, "digits"), pa.int64())
    letters = pc.fill_null(pc.struct_field(parts, "letters").dictionary_encode().indices, -1)
    there = flags(pc.is_valid(sale.indices))
    place = pc.fill_null(sale.indices, 0).to_numpy()
    if not len(sale.dictionary):
        return np.zeros(len(there), np.int64), np.zeros(len(there), np.int64), there
    numbered = there & flags(pc.is_valid(digits))[place]
    shop = pc.fill_null(store.indices, len(store.dictionary)).to_numpy().astype(np.int64)
    series = letters.to_numpy().astype(np.int64)[place] * (len(store.dictionary) + 1) + shop
    return pc.fill_null(digits, 0).to_numpy()[place], series, numbered


def _turned(days: Ints) -> list[int]:
    """Each day with its day and month the other way round, itself where that is no day."""
    known: dict[int, int] = {}
    for number in np.unique(days).tolist():
        day = date(1970, 1, 1) + timedelta(days=number)
        known[number] = (day.replace(month=day.day, day=day.month) - date(1970, 1, 1)).days if day.day <= 12 else number
    return [known[number] for number in days.tolist()]


def _suspects(days: Ints, turned: Ints) -> Mask:
    """Of one series in the order of its numbers."""
    suspect = np.zeros(len(days), np.bool_)
    anchor = np.flatnonzero(days == turned)
    steps = np.diff(days[anchor])
    if len(anchor) < _ANCHORS or (steps < 0).sum() > _STRAY * len(steps):
        return suspect
    # Before the first anchor and after the last one a sale is near it, where anchors are near each other.
    reach = _WIDEST if steps.max() <= _WIDEST else -1
    bounds = np.concatenate([[days[anchor[0]] - reach], days[anchor], [days[anchor[-1]] + reach]])
    others = np.flatnonzero(days != turned)
    after = np.searchsorted(anchor, others)
    low, high = bounds[after], bounds[after + 1]
    proves = (low <= high) & (high - low <= _WIDEST)
    outside = (days[others] < low - _LATE) | (days[others] > high + _LATE)
    fits = (turned[others] >= low) & (turned[others] <= high)
    suspect[others[proves & outside & fits]] = True
    return suspect
