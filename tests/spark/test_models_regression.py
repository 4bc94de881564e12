"""A regression on Spark compared with the forecasts: its numbers are those of an independent calculation."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shop_of_two_stores
from shop_of_two_stores import Here
from spark_command import run_on_spark

from tillstream.app import App
from tillstream.forecasting import method_comparison
from tillstream.forecasting.feature_files import daily_sales
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.method_comparison import METHOD_COLUMNS
from tillstream.forecasting.regression import regression_design, sample_forecasts

HORIZON = 14


@pytest.mark.long
def test_the_numbers_are_those_of_the_predictions(spark_python: Path, tmp_path: Path) -> None:
    here = shop_of_two_stores.app(tmp_path / "shop")
    run_forecast(here.ports, Here(), HORIZON)
    published = accuracy(here)
    rows = rows_before(here)
    home, now = here.settings.home, here.ports.clock.now()
    here.close()
    out = tmp_path / "out"
    options = {"horizon": HORIZON, "out": str(out), "master": "local[2]"}
    report = run_on_spark(spark_python, home, now, "forecast-compare", **options)
    predictions = pq.read_table(out / method_comparison.PREDICTIONS_FILE)
    cutoffs = sorted({row["cutoff_date"] for row in report["windows"] if row["cutoff_date"]})
    assert len(cutoffs) == 4
    for row in report["windows"]:
        errors = errors_of(predictions, row)
        measures = (np.abs(errors).mean(), (errors**2).mean() ** 0.5)
        assert (row["mae"], row["rmse"]) == pytest.approx(measures, rel=1e-9), row
        assert row["points"] == len(errors)
        if row["method"] == "forecast":
            assert {name: pytest.approx(row[name], abs=1e-6) for name in ("mae", "rmse", "bias")} == published[
                row["level"], row["cutoff_date"]
            ]
    overall = {row["method"]: row for row in report["windows"] if (row["level"], row["cutoff_date"]) == ("store", None)}
    assert overall["regression"]["relative_mae"] < 0.9
    assert [rows(date.fromisoformat(each)) for each in cutoffs] == report["training_rows"], "only earlier rows are used"
    assert report["importance"][0]["feature"] == "weekday"
    assert sum(each["share"] for each in report["importance"]) == pytest.approx(1)
    assert report["settings"] == min(report["tried"], key=lambda each: each["error"])["values"]


def errors_of(predictions: pa.Table, row: dict[str, Any]) -> np.ndarray:
    """Errors of the sums of a level, days and cutoffs."""
    if row["cutoff_date"]:
        chosen = pa.compute.equal(predictions["cutoff_date"], date.fromisoformat(row["cutoff_date"]))
        predictions = predictions.filter(chosen)
    predictions = predictions.filter(pa.compute.is_valid(predictions["actual"]))
    keys = {
        "total": (), "region": ("region",), "store": ("region", "store_id"), "category": ("category",),
        "store_category": ("region", "store_id", "category"), "product": ("region", "store_id", "category", "product"),
    }[row["level"]]  # fmt: skip
    method = METHOD_COLUMNS[row["method"]]
    sums = predictions.group_by(["cutoff_date", "day", *keys]).aggregate([("actual", "sum"), (method, "sum")])
    return sums["actual_sum"].to_numpy() - sums[f"{method}_sum"].to_numpy()


def accuracy(opened: App) -> dict[tuple[str, str | None], dict[str, float]]:
    """What the forecast run stored of units, by level and cutoff."""
    text = "SELECT * FROM forecast_accuracy WHERE target = 'units' AND measure IN ('mae', 'rmse', 'bias')"
    stored: dict[tuple[str, str | None], dict[str, float]] = {}
    for row in opened.ports.warehouse.query(text).to_pylist():
        day = row["cutoff_date"].isoformat() if row["cutoff_date"] else None
        stored.setdefault((row["level"], day), {})[row["measure"]] = float(row["value"])
    return stored


def rows_before(opened: App) -> Callable[[date], int]:
    """Number of the past forecasts whose days are not after a cutoff."""
    history = daily_sales(opened.ports, "units", HORIZON)[1].history
    rows = regression_design(history, *sample_forecasts(history, HORIZON, 10**6, 0))
    days = history.days[rows.targets][np.isfinite(rows.values)]
    return lambda cutoff: int((days <= np.datetime64(cutoff)).sum())
