"""Days out of stock: forecasts expect the demand, and not what was sold when there was nothing to sell."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from histories import history, weekly_shape

from tillstream.forecasting import backtest
from tillstream.forecasting.backtest import BacktestWindow
from tillstream.forecasting.levels import hierarchy_level
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.forecasting.models.panel import DAILY, WEEKLY, Bools, Floats
from tillstream.forecasting.regressors import LONGEST_SPAN, steps_out_of_stock
from tillstream.forecasting.sales_series import SeriesKey, TimeAxis

STEPS = 280
HORIZON = 28


def stretches(series: int, steps: int = STEPS, *, seed: int = 5) -> Bools:
    """Out of stock on a third of the days, in stretches of two to five weeks; the last series also now."""
    random = np.random.default_rng(seed)
    is_out = np.zeros((series, steps), dtype=bool)
    for row in range(series):
        start = 60 + int(random.integers(0, 40))
        while start < steps - 30:
            length = int(random.integers(14, 36))
            is_out[row, start : start + length] = True
            start += length + int(random.integers(30, 60))
    is_out[-1, -40:] = True
    return is_out


def masked(demand: Floats, is_out: Bools, *, can_be_sparse: bool = True) -> SeriesHistory:
    """The demand is sold on days in stock; the others are not observed."""
    return replace(
        history(np.where(is_out, np.nan, demand), can_be_sparse=can_be_sparse),
        is_open=np.ones((1, demand.shape[1]), dtype=bool),
        is_out=is_out,
    )


def bias(forecast: Floats, expected: Floats) -> Floats:
    """(Forecast − expected) ÷ expected of the sums of each series."""
    return np.asarray(forecast.sum(axis=1) / expected - 1)


def test_forecasts_expect_the_demand_and_not_what_was_sold_without_stock() -> None:
    demand = weekly_shape(series=6, steps=STEPS)
    is_out = stretches(6)
    expected = HORIZON * 20.0 * (1 + np.arange(6)) * (2 * 1.8 + 5 * 0.7) / 7
    sold = history(np.where(is_out, 0.0, demand), can_be_sparse=True)
    without, with_mask = (
        bias(ensemble.fit_history(each, HORIZON).means, expected) for each in (sold, masked(demand, is_out))
    )
    assert np.abs(with_mask).max() < 0.12, with_mask
    assert abs(with_mask.mean()) < 0.05
    assert without.mean() < -0.15, without
    assert without[-1] < -0.6, "nothing was sold in the last weeks"


def test_sparse_products_are_shared_out_by_their_demand() -> None:
    demand = np.random.default_rng(2).poisson(0.12, (20, STEPS)).astype(float)
    is_out = np.zeros(demand.shape, dtype=bool)
    is_out[:10, -60:] = True
    together = replace(masked(demand, is_out), categories=np.zeros(20, dtype=np.int64))
    assert group_series(together)[0].series == 1
    unlimited = ensemble.fit_history(replace(together, values=demand, is_out=None), HORIZON).means
    sold = ensemble.fit_history(replace(together, values=np.where(is_out, 0.0, demand), is_out=None), HORIZON).means
    with_mask = ensemble.fit_history(together, HORIZON).means
    assert with_mask.sum() == pytest.approx(unlimited.sum(), rel=0.15)
    assert with_mask[:10].sum() / with_mask.sum() == pytest.approx(0.5, abs=0.1)
    assert sold.sum() < 0.7 * with_mask.sum()
    assert sold[:10].sum() < 0.5 * with_mask[:10].sum()


def test_a_history_without_days_out_of_stock_has_the_same_forecasts() -> None:
    demand = weekly_shape(series=5, steps=STEPS)
    plain = history(demand, can_be_sparse=True)
    none = replace(plain, is_out=np.zeros(demand.shape, dtype=bool))
    assert np.array_equal(ensemble.fit_history(plain, HORIZON).means, ensemble.fit_history(none, HORIZON).means)


def test_sums_with_products_out_of_stock_are_compared_without_them() -> None:
    demand = np.full((2, 120), 10.0)
    is_out = np.zeros((2, 120), dtype=bool)
    is_out[0, 95:105] = True
    sold = masked(demand, is_out)
    fit = ensemble.fit_history(sold.until(92, HORIZON), HORIZON)
    means = np.full((2, HORIZON), 10.0)
    windows = [BacktestWindow(92, fit)]
    total = backtest.evaluate_level(sold, windows, [means], hierarchy_level("total", np.zeros(2, dtype=np.int64)))
    assert (total.overall.mae, total.overall.bias) == (0, 0)
    assert total.sums[0, 92:].tolist() == [20.0] * 28
    products = backtest.evaluate_level(sold, windows, [means], hierarchy_level("product", np.arange(2)))
    assert products.overall.points == 2 * 28 - 10
    assert np.isnan(products.sums[0, 95:105]).all()


def spans(*rows: tuple[str, date, date | None]) -> pa.Table:
    named: list[dict[str, Any]] = [
        {"region": "UK", "store_id": "S", "product": product, "first_day": first, "next_day": following}
        for product, first, following in rows
    ]
    texts = [(name, pa.string()) for name in ("region", "store_id", "product")]
    return pa.Table.from_pylist(named, pa.schema([*texts, ("first_day", pa.date32()), ("next_day", pa.date32())]))


KEYS = [
    SeriesKey("UK", "S", "Toys"),
    SeriesKey("UK", "S", "Toys", "A"),
    SeriesKey("UK", "S", "Food", "A"),
    SeriesKey("UK", "T", "Toys", "A"),
]


def test_spans_are_steps_of_the_series_of_a_product_in_a_store() -> None:
    axis = TimeAxis(DAILY, date(2024, 1, 1), 10, 28)
    is_out = steps_out_of_stock(
        spans(("A", date(2024, 1, 3), date(2024, 1, 5)), ("A", date(2024, 1, 9), None)), KEYS, axis
    )
    assert is_out is not None
    assert np.flatnonzero(is_out[1]).tolist() == np.flatnonzero(is_out[2]).tolist() == [2, 3, 8, 9]
    assert not is_out[[0, 3]].any()
    assert steps_out_of_stock(spans(("B", date(2024, 1, 3), None)), KEYS, axis) is None


def test_a_week_is_out_of_stock_if_all_of_its_days_are() -> None:
    axis = TimeAxis(WEEKLY, date(2024, 1, 7), 4, 13)  # weeks from 1, 8, 15 and 22 January
    is_out = steps_out_of_stock(spans(("A", date(2024, 1, 6), date(2024, 1, 24))), KEYS, axis)
    assert is_out is not None
    assert np.flatnonzero(is_out[1]).tolist() == [1, 2]


def test_a_product_that_is_out_of_stock_for_long_is_no_longer_sold() -> None:
    axis = TimeAxis(DAILY, date(2024, 1, 1), 200, 28)
    is_out = steps_out_of_stock(spans(("A", date(2023, 12, 22), None)), KEYS, axis)
    assert is_out is not None
    assert is_out[1].sum() == LONGEST_SPAN - 10
    assert not is_out[1, LONGEST_SPAN - 10 :].any()
