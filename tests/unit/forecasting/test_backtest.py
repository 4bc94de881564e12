"""The backtest: windows, the choice of the method, sums over the hierarchy, and no knowledge of the future."""

from dataclasses import replace

import numpy as np
import pytest
from histories import NO_HOLIDAYS, history, weekly_shape
from shop_of_two_stores import Here

from tillstream.forecasting import backtest
from tillstream.forecasting.backtest import BacktestWindow
from tillstream.forecasting.compute import FORECAST_PLANS, Forecast, NotEnoughData, compute_forecast, window_starts
from tillstream.forecasting.levels import hierarchy_level
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.ensemble import ForecastFit
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.forecasting.models.panel import Floats, Regressor

PLAN = replace(FORECAST_PLANS["day"], horizon=28, windows=3)


def forecast(sales_history: SeriesHistory) -> Forecast:
    series = np.arange(sales_history.series)
    levels = [
        hierarchy_level("product", series),
        hierarchy_level("pair", series // 2),
        hierarchy_level("total", series * 0),
    ]
    return compute_forecast(sales_history, levels, hierarchy_level("cell", series), Here, PLAN, lambda *_: None)


@pytest.fixture(scope="module")
def result() -> Forecast:
    return forecast(history(weekly_shape()))


def test_means_add_up_exactly_and_their_parts_too(result: Forecast) -> None:
    product, pair, total = result.levels
    assert (np.round(product.steps.means.sum(axis=0), 4) == total.steps.means[0]).all()
    assert (np.round(pair.steps.means.sum(axis=0), 4) == total.steps.means[0]).all()
    for each in result.levels:
        assert np.allclose(each.parts.sum(axis=0), each.steps.means, atol=0.01)
        assert np.allclose(each.sums.means, each.steps.means.cumsum(axis=1))


def test_weeks_begin_on_monday_and_are_sums_of_their_days(result: Forecast) -> None:
    total = result.levels[-1]
    assert total.weeks is not None
    assert {day.weekday() for day in total.weeks.days.tolist()} == {0}
    first = int((total.weeks.days[0] - total.steps.days[0]).astype(int))
    assert total.weeks.means[0, 0] == pytest.approx(total.steps.means[0, first : first + 7].sum())


def test_windows_begin_on_the_same_days_in_later_runs() -> None:
    starts = [set(_days(history(weekly_shape(steps=steps)))) for steps in (199, 200, 210)]
    assert starts[0] == starts[1]
    assert len(starts[1] & starts[2]) >= 2


def _days(sales_history: SeriesHistory) -> list[object]:
    return [sales_history.days[cutoff].item() for cutoff in window_starts(sales_history, PLAN)]


def test_fewer_than_two_windows_are_not_enough() -> None:
    with pytest.raises(NotEnoughData):
        forecast(history(weekly_shape(steps=80)))


@pytest.mark.parametrize("future", [np.nan, 1e6, 0.0])
def test_no_forecast_of_the_past_knows_the_future(future: float) -> None:
    """Changing or removing what came later, of the sales and of an outside series, changes no earlier forecast."""
    cutoff = 130
    outside = Regressor("index", np.random.default_rng(5).normal(10, 1, (1, 198)), is_planned=False)
    sales_history = history(weekly_shape(), regressors=(outside,), can_be_sparse=True)
    values, numbers = sales_history.values.copy(), outside.values.copy()
    values[:, cutoff:], numbers[:, cutoff:] = future, future
    is_open = sales_history.is_open.copy()
    is_open[:, cutoff:] = np.isfinite(future)
    changed = replace(sales_history, values=values, is_open=is_open, regressors=(replace(outside, values=numbers),))
    before, after = (ensemble.fit_history(each.until(cutoff, 28), 28) for each in (sales_history, changed))
    assert (before.means == after.means).all()
    assert (before.naive == after.naive).all()


def test_bands_of_a_window_know_earlier_windows_only(result: Forecast) -> None:
    assert np.isnan(result.levels[0].tested.windows[0].coverage)
    assert 0.5 < result.levels[0].tested.windows[-1].coverage < 1


def _window(sales_history: SeriesHistory, means: Floats, naive: Floats) -> BacktestWindow:
    return BacktestWindow(10, ForecastFit(means, naive, np.ones_like(means, dtype=bool)))


def test_a_model_that_is_only_better_by_forecasting_nothing_is_not_shown() -> None:
    """Sparse sales: zero has a smaller error on each day, and a larger one of the sum."""
    sales = np.zeros((2, 24))
    sales[:, 10::7] = 6
    sales_history = history(sales)
    nothing, some = np.zeros((2, 14)), np.full((2, 14), 6 / 7)
    naive = np.roll(np.where(np.arange(14) % 7 == 0, 6.0, 0.0), 3) * np.ones((2, 1))
    cells = hierarchy_level("cell", np.arange(2))
    assert not backtest.beats_naive(sales_history, [_window(sales_history, nothing, naive)], cells).any()
    assert backtest.beats_naive(sales_history, [_window(sales_history, some, some * 2)], cells).all()


def test_a_forecast_that_is_too_low_is_not_chosen_for_its_small_errors() -> None:
    """Sparse sales: a quarter of the mean has the smaller absolute errors on most days and in most windows."""
    sales = np.zeros((1, 80))
    sales[0, [12, 33, 40, 61, 62, 63, 64]] = 12
    sales_history = history(sales)
    mean, low = np.full((1, 14), 1.2), np.full((1, 14), 0.3)
    cells = hierarchy_level("cell", np.arange(1))
    windows = [replace(_window(sales_history, mean, low), cutoff=each) for each in (10, 24, 38, 52, 66)]
    assert backtest.beats_naive(sales_history, windows, cells).all()


def test_sparse_and_young_series_are_modelled_together_and_shared_out() -> None:
    sales = weekly_shape(series=3)
    sales[1] = np.where(np.arange(170) % 14 == 0, 2.0, 0.0)
    sales[2, :150] = np.nan
    sales_history = history(sales, can_be_sparse=True)
    sales_history = replace(sales_history, categories=np.zeros(3, dtype=np.int64), holidays=(NO_HOLIDAYS,))
    panel, grouping = group_series(sales_history)
    assert panel.series == 2
    assert grouping.shares[0] == 1
    assert grouping.shares[1] + grouping.shares[2] == pytest.approx(1)
    assert grouping.shares[2] > 0.9
    ahead = ensemble.fit_history(sales_history, 28).means
    assert ahead[1].sum() < 0.1 * ahead[2].sum()
