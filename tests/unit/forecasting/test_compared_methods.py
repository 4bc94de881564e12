"""Comparisons of the forecasts with a regression: the rows that it is trained with, its scores and files."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from histories import history, weekly_shape

from tillstream.forecasting import method_comparison
from tillstream.forecasting.compute import NotEnoughData
from tillstream.forecasting.models import ensemble
from tillstream.forecasting.models.ensemble import ExplainedFit, ForecastFit
from tillstream.forecasting.models.history import SeriesHistory, group_series
from tillstream.forecasting.models.panel import Regressor
from tillstream.forecasting.regression import (
    WEEKDAY_INPUTS,
    Regression,
    RegressionSetting,
    forecasts_after,
    input_families,
    input_names,
    regression_design,
    sample_forecasts,
)
from tillstream.forecasting.sales_series import SalesSeries, SeriesKey
from tillstream.model.errors import Rejected

STEPS, AHEAD, HORIZON = 170, 28, 14


class WithoutTrees:
    """A fitter of the simple members only."""

    def fit(self, own: SeriesHistory, horizon: int) -> ForecastFit:
        panel, grouping = group_series(own)
        return ensemble.combine_members(panel, horizon, None).of_series(grouping)

    def fit_and_explain(self, own: SeriesHistory, horizon: int, newest_cutoff: int) -> ExplainedFit:
        raise AssertionError("a comparison makes no newest forecast")


def mean_of_weekdays(own: SeriesHistory, cutoffs: Sequence[int], horizon: int) -> Regression:
    """The mean of the last four values of the weekday, of all series but the last."""
    means = {}
    for cutoff in cutoffs:
        weeks = own.values[:, cutoff - 28 : cutoff].reshape(own.series, 4, 7)
        means[cutoff] = np.tile(weeks.mean(axis=1), (1, 13))[:, :horizon].copy()
        means[cutoff][-1] = np.nan
    return Regression(
        means, {"size": 4.0}, (RegressionSetting({"size": 4.0}, 0.1),), (("weekday", 1.0),), (1,) * len(cutoffs)
    )


def shop() -> SalesSeries:
    values = weekly_shape(steps=STEPS)
    keys = tuple(SeriesKey("UK", f"S{number // 2}", "Toys", f"TO-{number}") for number in range(4))
    own = replace(
        history(values, ahead=AHEAD),
        stores=np.array([0, 0, 1, 1]),
        categories=np.zeros(4, dtype=np.int64),
        is_open=np.ones((2, STEPS), dtype=bool),
    )
    return SalesSeries(keys, own, ("",) * 4, np.ones(4))


def compared() -> method_comparison.MethodComparison:
    return method_comparison.compare_methods(shop(), "units", "USD", HORIZON, WithoutTrees(), mean_of_weekdays)


def test_rows_are_ratios_to_the_level() -> None:
    own = shop().history
    rows = regression_design(own, np.array([0, 2]), np.array([100, 110]), np.array([103, 118]))
    levels = [own.values[series, origin - 27 : origin + 1].mean() for series, origin in ((0, 100), (2, 110))]
    assert rows.levels == pytest.approx(levels)
    assert rows.values == pytest.approx([own.values[0, 103] / levels[0], own.values[2, 118] / levels[1]])
    columns = dict(zip(input_names(own), rows.inputs.T, strict=True))
    assert columns["lag_1"] == pytest.approx([own.values[0, 100] / levels[0], own.values[2, 110] / levels[1]])
    assert columns["lag_7"] == pytest.approx([own.values[0, 96] / levels[0], own.values[2, 104] / levels[1]])
    assert columns["days_ahead"].tolist() == [3, 8]
    assert [columns[name].tolist() for name in WEEKDAY_INPUTS] == [
        [float(day == step % 7) for step in (103, 118)] for day in range(7)
    ]
    assert input_families(own).count("weekday") == 7


def test_no_row_has_anything_after_its_origin() -> None:
    own = replace(shop().history, regressors=(Regressor("index", np.arange(STEPS)[None] * 1.0, is_planned=False),))
    cutoff = 120
    changed = replace(own, values=np.where(np.arange(STEPS) < cutoff, own.values, 7777.0))
    for rows in (forecasts_after(own, cutoff, HORIZON), forecasts_after(own, 60, 91)):
        expected, other = (regression_design(each, *rows).inputs for each in (own, changed))
        assert np.array_equal(expected, other)


def test_a_series_without_a_level_has_no_rows() -> None:
    own = shop().history
    values = own.values.copy()
    values[1, :90] = np.nan
    rows = regression_design(replace(own, values=values), *forecasts_after(own, 80, HORIZON))
    assert sorted(set(rows.rows.tolist())) == [0, 2, 3]


def test_a_sample_has_all_past_forecasts_or_as_many_as_it_may() -> None:
    own = shop().history
    rows, origins, targets = sample_forecasts(own, HORIZON, 10**6, 0)
    assert len(set(zip(rows, origins, targets, strict=True))) == len(rows)
    assert (origins.min(), origins.max(), targets.max()) == (27, STEPS - 2, STEPS - 1)
    few = sample_forecasts(own, HORIZON, 500, 0)
    assert 400 < len(few[0]) <= 500
    assert all(np.array_equal(*pair) for pair in zip(few, sample_forecasts(own, HORIZON, 500, 0), strict=True))
    assert not np.array_equal(few[1], sample_forecasts(own, HORIZON, 500, 1)[1])


def test_all_methods_are_scored_on_the_same_values() -> None:
    result = compared()
    assert len(result.cutoffs) == 3
    for level in ("total", "store", "product"):
        for day in {row["cutoff_date"] for row in result.windows}:
            rows = [row for row in result.windows if (row["level"], row["cutoff_date"]) == (level, day)]
            assert [row["method"] for row in rows] == list(method_comparison.METHODS)
            assert len({row["points"] for row in rows}) == 1
            assert rows[-1]["relative_mae"] == 1


def test_a_series_that_the_regression_leaves_out_has_last_week() -> None:
    result = compared()
    for of_regression, naive in zip(
        result.means[method_comparison.REGRESSION], result.means[method_comparison.NAIVE], strict=True
    ):
        assert np.array_equal(of_regression[-1], naive[-1])
        assert not np.array_equal(of_regression[0], naive[0])


def test_the_files_have_the_forecasts_that_the_numbers_are_computed_from(tmp_path: Path) -> None:
    result = compared()
    for _ in range(2):  # the second time they are replaced
        method_comparison.write_comparison(str(tmp_path / "out"), {"windows": len(result.windows)}, shop(), result)
    assert {each.name for each in (tmp_path / "out").iterdir()} == {
        method_comparison.REPORT_FILE,
        method_comparison.PREDICTIONS_FILE,
    }
    assert json.loads((tmp_path / "out" / method_comparison.REPORT_FILE).read_text()) == {
        "windows": len(result.windows)
    }
    table = pq.read_table(tmp_path / "out" / method_comparison.PREDICTIONS_FILE)
    errors = {
        name: np.abs(table["actual"].to_numpy() - table[name].to_numpy())
        for name in method_comparison.METHOD_COLUMNS.values()
    }
    for row in result.windows:
        if (row["level"], row["cutoff_date"]) == ("product", None):
            error = errors[method_comparison.METHOD_COLUMNS[row["method"]]]
            error = error[np.isfinite(error)]
            assert (row["mae"], row["rmse"]) == pytest.approx((error.mean(), (error**2).mean() ** 0.5))
            assert row["points"] == len(error)


def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(Rejected, match="/proc/out cannot be written"):
        method_comparison.write_comparison("/proc/out", {}, shop(), compared())


def test_too_few_weeks() -> None:
    series = shop()
    short = replace(series, history=series.history.until(70, AHEAD))
    with pytest.raises(NotEnoughData):
        method_comparison.compare_methods(short, "units", "USD", HORIZON, WithoutTrees(), mean_of_weekdays)
