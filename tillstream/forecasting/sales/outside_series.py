"""Outside series as regressors: known at each step only as far as they were known then."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints, Regressor
from tillstream.forecasting.outside import OutsideValue
from tillstream.forecasting.sales.places import Axis, number
from tillstream.forecasting.sales.series import Key

FEWEST = 56
"""Days with a value from which on a series is used: with fewer there is little to learn from."""


def regressors(keys: Sequence[Key], series: Mapping[str, Sequence[OutsideValue]], axis: Axis) -> tuple[Regressor, ...]:
    """Return a regressor of the latest known value of each series, and one of the values that are known ahead."""
    made: list[Regressor] = []
    for name, values in sorted(series.items()):
        made += _of_series(f"outside_{name}", keys, values, axis)
    return tuple(made)


def _of_series(name: str, keys: Sequence[Key], values: Sequence[OutsideValue], axis: Axis) -> Iterator[Regressor]:
    regions = sorted({key.region for key in keys})
    own = {region: [one for one in values if one.region in {"", region}] for region in regions}
    rows = np.array([regions.index(key.region) for key in keys], dtype=np.int64)
    latest = np.array([_latest(own[region], axis) for region in regions])
    if np.isfinite(latest[:, : axis.steps]).sum(axis=1).max(initial=0) < FEWEST:
        return
    yield Regressor(name, latest[rows], is_planned=False)
    ahead = {region: [one for one in each if one.published_on < one.day] for region, each in own.items()}
    if any(ahead.values()):
        planned = [_ahead(ahead[region], axis) for region in regions]
        numbers, available = (np.array(part)[rows] for part in zip(*planned, strict=True))
        yield Regressor(f"{name}_ahead", numbers, is_planned=True, available=available)


def _latest(values: Sequence[OutsideValue], axis: Axis) -> Floats:
    """The value of the latest day that was known at each step, by an as-of join on the day of knowledge."""
    ends = _ends(axis)
    latest = np.full(len(ends), np.nan)
    newest = np.full(len(ends), -1, dtype=np.int64)
    for one in sorted(values, key=lambda each: (each.published_on, each.day)):
        day = number(one.day)
        is_later = (ends >= number(one.published_on)) & (ends >= day) & (newest <= day)
        latest[is_later], newest[is_later] = one.value, day
    return latest


def _ahead(values: Sequence[OutsideValue], axis: Axis) -> tuple[Floats, Ints]:
    """The mean of the values of each step, and the step from which on all of them were known."""
    ends = _ends(axis)
    sums, counts = np.zeros(len(ends)), np.zeros(len(ends))
    available = np.zeros(len(ends), dtype=np.int64)
    for one in values:
        step = int(axis.step(np.array([number(one.day)]))[0])
        if 0 <= step < len(ends):
            sums[step] += one.value
            counts[step] += 1
            available[step] = max(available[step], int(np.searchsorted(ends, number(one.published_on))))
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), available


def _ends(axis: Axis) -> Ints:
    """The last day of each step, as number since 1970."""
    return (axis.days + axis.grain.to_last).astype(np.int64)
