"""Bands from errors, and the measures of errors."""

import numpy as np
import pytest
from histories import history
from hypothesis import given
from hypothesis import strategies as st

from tillstream.forecasting import backtest, error_bands, levels
from tillstream.forecasting.backtest import measure_accuracy
from tillstream.forecasting.models.ensemble import ForecastFit


def noise(windows: int = 6, nodes: int = 40, horizon: int = 28, seed: int = 0) -> error_bands.ScaledErrors:
    random = np.random.default_rng(seed)
    shape = (windows, nodes, horizon)
    return error_bands.scaled_errors(random.normal(100, 10, shape), np.full(shape, 100.0), np.full(shape[:2], 5.0))


def test_bands_have_eighty_percent_of_what_comes() -> None:
    past, came = noise(), noise(seed=1).of_steps
    low, _, high = error_bands.step_quantiles(past, "day", 28)
    assert ((came >= low) & (came <= high)).mean() == pytest.approx(0.8, abs=0.02)


def test_the_band_of_a_sum_is_that_of_errors_of_sums() -> None:
    past, came = noise(nodes=400), noise(nodes=400, seed=1)
    low, _, high = error_bands.sum_quantiles(past, 28)
    assert ((came.of_sums >= low) & (came.of_sums <= high))[:, :, 27].mean() == pytest.approx(0.8, abs=0.04)
    days = error_bands.step_quantiles(past, "day", 28)
    assert high[27] < days[2].sum() / 3  # quantiles of days added up are much too wide


def test_there_is_no_band_with_one_window() -> None:
    assert np.isnan(error_bands.step_quantiles(noise(windows=1), "day", 28)).all()
    assert np.isnan(error_bands.sum_quantiles(noise(windows=1), 28)).all()


def test_few_nodes_have_wider_bands_because_their_errors_depend_on_each_other() -> None:
    one, many = (error_bands.step_quantiles(noise(nodes=nodes), "day", 28) for nodes in (1, 40))
    assert (one[2] - one[0]).mean() > 1.05 * (many[2] - many[0]).mean()


def test_what_has_not_come_yet_has_no_error() -> None:
    actual = np.array([[[1.0, 2.0, np.nan, np.nan]]])
    errors = error_bands.scaled_errors(actual, np.zeros((1, 1, 4)), np.ones((1, 1)))
    assert errors.of_sums[0, 0, :2].tolist() == [1, 3]
    assert np.isnan(errors.of_sums[0, 0, 2:]).all()


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=3), st.floats(1e-3, 1e3))
def test_quantiles_are_in_order_and_never_negative(means: list[float], scale: float) -> None:
    quantiles = np.array([[0.5, -2, 1], [-3, 0, 0], [1, 2, -9]])
    around = error_bands.bands_around(np.array([means]), np.array([scale]), quantiles)
    assert (around >= 0).all()
    assert (np.diff(around, axis=0) >= 0).all()


def test_measures_of_a_forecast_worked_out_by_hand() -> None:
    actual = np.array([[10.0, 20.0, np.nan]])
    means, naive = np.array([[12.0, 16.0, 5.0]]), np.array([[14.0, 12.0, 5.0]])
    band = np.array([[[11.0, 15, 4]], [[12.0, 16, 5]], [[13.0, 21, 6]]])
    accuracy = measure_accuracy(actual, means, naive, band, np.array([2.0]))
    assert (accuracy.mae, accuracy.mase, accuracy.relative_mae) == (3, 1.5, 0.5)
    assert accuracy.rmse == pytest.approx(10**0.5)
    assert accuracy.relative_rmse == pytest.approx(0.5)
    assert accuracy.relative_sum_error == pytest.approx(2 / 4)
    assert accuracy.coverage == 0.5
    assert accuracy.bias == pytest.approx(-2 / 30)
    assert accuracy.points == 2
    low, middle, high = (0.9 * 1, 0.1 * 5), (0.5 * 2, 0.5 * 4), (0.1 * 3, 0.1 * 1)
    assert accuracy.pinball == pytest.approx(np.mean([low, middle, high]) / 2)


def test_a_product_that_was_not_sold_before_a_window_has_no_scaled_error() -> None:
    random = np.random.default_rng(3)
    values = random.poisson(4, (20, 140)).astype(np.float64)
    values[:6, :112] = np.nan
    sales = history(values, ahead=0)
    means = np.full((20, 28), 4.0)
    windows = [
        backtest.BacktestWindow(start, ForecastFit(means, means, np.ones_like(means, dtype=bool)))
        for start in (56, 84, 112)
    ]
    tested = backtest.evaluate_level(sales, windows, [means] * 3, levels.hierarchy_level("product", np.arange(20)))
    assert tested.overall.mase < 3
    assert tested.overall.pinball < 3
    assert np.nanmax(error_bands.sum_quantiles(tested.errors, 28, (0.99,))) < 60
    assert tested.overall.points == 20 * 28 + 14 * 56
