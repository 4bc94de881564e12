"""Regressors of series: list prices, promotions and outside series, and steps on which products were out of stock."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import log
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.forecasting.models.panel import DAY, Bools, Floats, Ints, Regressor
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.forecasting.sales_series import SeriesKey, TimeAxis, day_number

LONGEST_SPAN = 91
"""Days after which a product that is out of stock counts as no longer sold: from then on, it has sales of 0."""
PRICE = "price"
"""Name of the regressor."""
PROMOTION = "promotion"
"""Name of the regressor."""
FEWEST_VALUES = 56
"""Days with a value from which on a series is used: with fewer there is little to learn from."""


def spans_needed_from(start: date) -> date:
    """Return the day before which spans may begin later than they did: none of them has a day from `start` on."""
    return start - timedelta(days=LONGEST_SPAN)


def steps_out_of_stock(spans: pa.Table, keys: Sequence[SeriesKey], axis: TimeAxis) -> Bools | None:
    """Return on which steps each series was out of stock on all days, shape (series, steps); None: on none.

    spans: region, store_id, product, first_day, and next_day: the first day with stock again, or NULL.
    """
    series: dict[tuple[str, str, str], list[int]] = {}
    for code, key in enumerate(keys):
        if key.product:
            series.setdefault((key.region, key.store_id, key.product), []).append(code)
    result = np.zeros((len(keys), axis.steps), dtype=bool)
    starts, ends = span_bounds(spans, axis.days[0].item(), axis.steps, axis.grain.days)
    names = zip(*(spans.column(name).to_pylist() for name in ("region", "store_id", "product")), strict=True)
    for name, begin, end in zip(names, starts.tolist(), ends.tolist(), strict=True):
        for code in series.get(name, ()):
            result[code, begin:end] = True
    return result if result.any() else None


def span_bounds(spans: pa.Table, start: date, steps: int, length: int = 1) -> tuple[Ints, Ints]:
    """Return the first step of each span on which all days are without stock, and the step after its last one.

    start: first day of the steps. length: days of a step. A span without such a step does not end after its beginning.
    """
    last = day_number(start) + steps * length
    first, following = (
        spans.column(name).cast(pa.int32()).fill_null(last).to_numpy().astype(np.int64)
        for name in ("first_day", "next_day")
    )
    starts = np.clip(-(-(first - day_number(start)) // length), 0, steps)
    ends = np.clip((np.minimum(following, first + LONGEST_SPAN) - day_number(start)) // length, 0, steps)
    return starts, ends


def price_regressors(
    keys: Sequence[SeriesKey], prices: Sequence[Mapping[str, Any]], currencies: Mapping[str, str], axis: TimeAxis
) -> tuple[Regressor, ...]:
    """Return the logarithm of the list price of each series on the last day of each step; NaN without a price.

    `prices` are ordered as in `forecasts/list_prices`: a later row replaces an earlier one. `currencies` are those of
    regions; prices in others are left out. Nothing if no price changed in the past: then there is nothing to learn.
    """
    products: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        if key.product:
            products.setdefault(key.product, []).append(index)
    last_days = axis.days + axis.grain.to_last
    values = np.full((len(keys), len(last_days)), np.nan)
    for row in prices:
        start, end = np.searchsorted(last_days, np.array([row["first_day"], row["next_day"]], dtype="datetime64[D]"))
        for index in products.get(row["product_id"], ()):
            region = keys[index].region
            if row["region"] in {"*", region} and row["currency"] == currencies.get(region):
                values[index, start:end] = log(row["amount"])
    past = values[:, : axis.steps]
    if not (np.abs(np.diff(past, axis=1)) > 0).any():
        return ()
    return (Regressor(PRICE, values, is_planned=True, is_relative=True),)


def promotion_regressors(
    keys: Sequence[SeriesKey], promotions: Sequence[Mapping[str, Any]], axis: TimeAxis
) -> tuple[Regressor, ...]:
    """Return the highest discount of each series and step, as a fraction of the price.

    Nothing if there was no promotion in the past: then there is nothing to learn from.
    """
    days = axis.days
    rates = np.zeros((len(keys), len(days)))
    for each in promotions:
        applies = np.array([_is_in(key, each) for key in keys], dtype=bool)
        start = np.datetime64(each["valid_from"] or days[0], "D")
        end = np.datetime64(each["valid_to"] or days[-1] + axis.grain.days * DAY, "D")
        is_valid = (days + axis.grain.to_last >= start) & (days < end)
        rates = np.where(applies[:, None] & is_valid, np.maximum(rates, float(each["rate"])), rates)
    if not rates[:, : axis.steps].any():
        return ()
    return (Regressor(PROMOTION, rates, is_planned=True),)


def _is_in(key: SeriesKey, promotion: Mapping[str, Any]) -> bool:
    product, category = promotion["product_id"], promotion["category"]
    return (
        promotion["region"] in {"*", key.region}
        and promotion["store_id"] in {None, key.store_id}
        and (key.product == product if product else key.category == category)
    )


def outside_regressors(
    keys: Sequence[SeriesKey], series: Mapping[str, Sequence[OutsideValue]], axis: TimeAxis
) -> tuple[Regressor, ...]:
    """Return a regressor of the latest known value of each series, and one of the values that are known ahead."""
    made: list[Regressor] = []
    for name, values in sorted(series.items()):
        made += _of_series(f"outside_{name}", keys, values, axis)
    return tuple(made)


def _of_series(
    name: str, keys: Sequence[SeriesKey], values: Sequence[OutsideValue], axis: TimeAxis
) -> Iterator[Regressor]:
    regions = sorted({key.region for key in keys})
    own = {region: [one for one in values if one.region in {"", region}] for region in regions}
    rows = np.array([regions.index(key.region) for key in keys], dtype=np.int64)
    latest = np.array([_latest(own[region], axis) for region in regions])
    if np.isfinite(latest[:, : axis.steps]).sum(axis=1).max(initial=0) < FEWEST_VALUES:
        return
    yield Regressor(name, latest[rows], is_planned=False)
    ahead = {region: [one for one in each if one.published_on < one.day] for region, each in own.items()}
    if any(ahead.values()):
        planned = [_ahead(ahead[region], axis) for region in regions]
        numbers, available = (np.array(part)[rows] for part in zip(*planned, strict=True))
        yield Regressor(f"{name}_ahead", numbers, is_planned=True, available=available)


def _latest(values: Sequence[OutsideValue], axis: TimeAxis) -> Floats:
    """The value of the latest day that was known at each step, by an as-of join on the day of knowledge."""
    ends = _ends(axis)
    latest = np.full(len(ends), np.nan)
    newest = np.full(len(ends), -1, dtype=np.int64)
    for one in sorted(values, key=lambda each: (each.published_on, each.day)):
        day = day_number(one.day)
        is_later = (ends >= day_number(one.published_on)) & (ends >= day) & (newest <= day)
        latest[is_later], newest[is_later] = one.value, day
    return latest


def _ahead(values: Sequence[OutsideValue], axis: TimeAxis) -> tuple[Floats, Ints]:
    """The mean of the values of each step, and the step from which on all of them were known."""
    ends = _ends(axis)
    sums, counts = np.zeros(len(ends)), np.zeros(len(ends))
    available = np.zeros(len(ends), dtype=np.int64)
    for one in values:
        step = int(axis.step(np.array([day_number(one.day)]))[0])
        if 0 <= step < len(ends):
            sums[step] += one.value
            counts[step] += 1
            available[step] = max(available[step], int(np.searchsorted(ends, day_number(one.published_on))))
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan), available


def _ends(axis: TimeAxis) -> Ints:
    """The last day of each step, as number since 1970."""
    return (axis.days + axis.grain.to_last).astype(np.int64)
