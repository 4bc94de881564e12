"""Past days on which stores were open: those with a sale, and those on which a sale was not certain."""

import numpy as np

from tillstream.forecasting.models.panel import Bools, Floats

LONG_GAP = 28
"""Days without a sale from which on a store was closed."""
WINDOW = 13
"""Occurrences of a weekday before and after a day that are compared with it."""
USUALLY = 0.9
"""Share of days of a weekday with a sale from which on a day without one is an exception: the store was closed. With a
lower share above 0, a sale on the day was not certain, and nothing was sold."""


def open_days(sold: Bools, is_holiday: Bools, step: int) -> Bools:
    """Return on which steps each store was open.

    `sold` and `is_holiday` have the shape (stores, steps); a step has `step` days, 1 or 7. A store is closed before its
    first sale, in long gaps, and on holidays without a sale.
    """
    season = 7 if step == 1 else 1
    may_be_open = ~is_holiday & ~_in_long_gap(sold, LONG_GAP // step)
    result = sold.copy()
    for first in range(season):
        weekday = slice(first, None, season)
        counted = may_be_open[:, weekday]
        days = _around(counted)
        shares = np.divide(_around(sold[:, weekday] & counted), days, out=np.zeros_like(days), where=days > 0)
        result[:, weekday] |= counted & (shares > 0) & (shares < USUALLY)
    return result


def _in_long_gap(sold: Bools, longest: int) -> Bools:
    """Steps without a sale in a row of at least `longest`, and all before the first sale."""
    steps = np.arange(sold.shape[1])
    before = np.maximum.accumulate(np.where(sold, steps, -1), axis=1)
    after = np.minimum.accumulate(np.where(sold, steps, len(steps))[:, ::-1], axis=1)[:, ::-1]
    result: Bools = ~sold & ((before < 0) | (after - before > longest))
    return result


def _around(days: Bools) -> Floats:
    """Number of true days among those up to `WINDOW` before and after each."""
    sums = np.pad(days.cumsum(axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    place = np.arange(days.shape[1])
    end = np.minimum(place + WINDOW + 1, days.shape[1])
    return np.asarray(sums[:, end] - sums[:, np.maximum(place - WINDOW, 0)])
