"""The benchmark of forecasts: what it compares with, on series whose forecasts can be computed by hand."""

import numpy as np
import pytest
from histories import history, weekly_shape

from bench.forecasting import methods, trial
from bench.forecasting.data_sets import DataSet, Shown
from bench.forecasting.section import section
from tillstream.forecasting.levels import hierarchy_level
from tillstream.forecasting.models.panel import DAILY, Floats

WEEK = np.array([1.0, 2, 3, 4, 5, 6, 7])
HORIZON = 14


def data_set(values: Floats, windows: int = 2, *, has_total: bool = False) -> DataSet:
    """The last windows of daily series; the first of them only calibrates the bands."""
    series, steps = values.shape
    starts = range(steps - (windows + 1) * HORIZON, steps, HORIZON)
    shown = Shown(hierarchy_level("series", np.arange(series)), series, has_total)
    return DataSet("Shop", history(values), starts, windows, HORIZON, shown)


def test_last_year_is_at_the_recent_level() -> None:
    values = np.tile(WEEK, 104)[None] * np.array([[10.0], [100.0]])
    values[:, 600:] *= 3  # from a level of a year ago
    first, second = methods.last_year(data_set(values))
    expected = 3 * np.tile(WEEK, 2) * np.array([[10.0], [100.0]])
    np.testing.assert_allclose(first, expected)
    np.testing.assert_allclose(second, expected)


def test_a_series_without_a_year_repeats_its_last_week() -> None:
    values = np.vstack([np.tile(WEEK, 104), np.tile(5 * WEEK, 104)])
    values[1, :600] = np.nan
    for each in methods.last_year(data_set(values, has_total=True)):
        np.testing.assert_allclose(each, np.array([[1.0], [5.0], [6.0]]) * np.tile(WEEK, 2))
    assert methods.last_year(data_set(values[:, 600:])) == []


def test_weekdays_without_sales_are_left_out() -> None:
    values = np.tile(np.where(WEEK == 3, np.nan, WEEK), 20)[None]
    assert methods.open_steps(values, DAILY).tolist() == [each != 3 for each in WEEK]


def test_a_gap_has_the_values_of_the_season_before_it() -> None:
    nan = np.nan
    values = np.array([[nan, 1, 2, nan, 4, nan, nan, 7], [1, nan, 3, 4, 5, 6, nan, 8]])
    filled = methods.without_gaps(values, season=3)
    np.testing.assert_array_equal(filled, [[nan, 1, 2, 2, 4, 2, 2, 7], [1, 1, 3, 4, 5, 6, 4, 8]])
    assert np.isnan(values).sum() == 6  # the array of the caller is unchanged


def test_errors_are_relative_to_those_of_the_last_week_on_the_days_that_came() -> None:
    values = weekly_shape(steps=210)
    values[:, -3] = np.nan  # closed: no forecast of it is compared
    data = data_set(values)
    naive = [np.tile(values[:, each - 7 : each], 2) for each in data.cutoffs]
    perfect = [np.nan_to_num(each, nan=1e9) for each in data.actual()]
    outcome = trial.run(data, {"naive": lambda _: naive, "perfect": lambda _: perfect, "too young": lambda _: []})
    assert list(outcome.others) == ["naive", "perfect"]
    same, best = outcome.others.values()
    assert (same.mae, same.rmse, same.of_sums) == pytest.approx((1, 1, 1))
    assert same.windows == pytest.approx((1, 1))
    assert (best.mae, best.rmse, best.of_sums, best.windows_of_sums) == (0, 0, 0, (0, 0))
    assert 0 < outcome.ours.mae < 1
    text = section([outcome])
    assert "| Shop | naive | 1.00 | 1.00 | 1.00 | 2 of 2 |" in text
    assert "| Shop | perfect | 0.00 | 0.00 | 0.00 | 0 of 2 | 0 of 2 |" in text


@pytest.mark.long
@pytest.mark.skipif(not methods.PEER_PYTHON.exists(), reason="`make bench-forecasts` installs statsforecast")
def test_auto_ets_forecasts_the_open_days() -> None:
    values = weekly_shape(series=2, steps=210)
    values[:, 6::7] = np.nan
    values[0, 100] = np.nan
    data = data_set(values)
    forecasts = methods.auto_ets(data)
    for forecast, came in zip(forecasts, data.actual(), strict=True):
        np.testing.assert_array_equal(np.isnan(forecast), np.isnan(came))
    outcome = trial.run(data, {"AutoETS": lambda _: forecasts})
    assert outcome.others["AutoETS"].mae < 0.9
