"""Outliers by the Hampel identifier: values far from the median of the same weekday in the weeks before.

A single large sale hardly changes the median and its scale (Hampel, The influence curve, 1974). Where most values are
equal, as those of products that rarely sell, the scale is the mean absolute deviation (Iglewicz and Hoaglin, 1993).
"""

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints, divide

WEEKS = 13
"""Number of earlier values that a value is compared with."""
FEWEST = 5
"""A value with fewer observed ones before it is no outlier."""
K = 3.0
"""Standard deviations from the median beyond which a value is an outlier."""
MAD, MEAN_DEVIATION = 1.4826, 1.2533
"""A standard deviation of normal values, by their median and their mean absolute deviation."""


def outliers(values: Floats, season: int) -> Floats:
    """Return 1 for an outlier, 0 for other observed values, NaN for those that are not observed.

    values: shape (series, steps), as the result. season: number of steps of a week. A flag depends on its own value and
    on earlier ones only.
    """
    earlier = _earlier(values, season)
    count = np.isfinite(earlier).sum(axis=2)
    median = _median(earlier, count)
    deviations = np.abs(earlier - median[:, :, None])
    means = divide(np.where(np.isfinite(deviations), deviations, 0.0).sum(axis=2), count.astype(np.float64))
    mad = _median(deviations, count)
    scale = np.where(mad > 0, MAD * mad, MEAN_DEVIATION * means)
    is_outlier = (count >= FEWEST) & (scale > 0) & (np.abs(values - median) > K * scale)
    return np.where(np.isfinite(values), is_outlier.astype(np.float64), np.nan)


def _earlier(values: Floats, season: int) -> Floats:
    """Values of the same step of the last `WEEKS` seasons; shape (series, steps, WEEKS)."""
    series, steps = values.shape
    result = np.full((series, steps, WEEKS), np.nan)
    for number in range(WEEKS):
        back = season * (number + 1)
        result[:, back:, number] = values[:, : max(steps - back, 0)]
    return result


def _median(values: Floats, count: Ints) -> Floats:
    """Medians of the observed values of the last axis; NaN if there are none."""
    ordered = np.sort(values, axis=2)  # NaN last
    lower = np.maximum(count - 1, 0) // 2
    middle = [np.take_along_axis(ordered, each[:, :, None], axis=2)[:, :, 0] for each in (lower, count // 2)]
    return np.where(count > 0, (middle[0] + middle[1]) / 2, np.nan)
