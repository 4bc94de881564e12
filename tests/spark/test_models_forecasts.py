"""Forecasts that are made on Spark: their tables are those of a forecast in one process."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import shop_of_two_stores
from app_factory import build
from shop_of_two_stores import Here
from spark_command import run_on_spark

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.forecasting.forecast_run import run_forecast
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.stored_fits import FOLDER
from tillstream.model.events import STAGING

TABLES = ("forecasts", "forecast_accuracy", "price_effects")


def tables(opened: App) -> dict[str, pa.Table]:
    read = {name: opened.ports.warehouse.query(f"SELECT * FROM {name}") for name in TABLES}
    return {name: table.sort_by([(each, "ascending") for each in table.column_names]) for name, table in read.items()}


@pytest.mark.long
def test_the_tables_are_those_of_the_local_engine(spark_python: Path, tmp_path: Path) -> None:
    opened = shop_of_two_stores.app(tmp_path / "spark")
    settings, now = opened.settings, opened.ports.clock.now()
    opened.close()
    options = {"horizon": 14, "engine": "spark", "master": "local[2]"}
    ended = run_on_spark(spark_python, settings.home, now, "forecast", **options)
    assert ended["reason"] == ""
    here = shop_of_two_stores.app(tmp_path / "here")
    run_forecast(here.ports, Here(), 14)
    on_spark = build(settings, ManualClock(now))
    assert tables(on_spark)["forecasts"].num_rows
    assert tables(on_spark) == tables(here)
    assert kept(on_spark) == kept(here)
    for each in (on_spark, here):
        each.close()


def kept(opened: App) -> list[str]:
    return sorted(each.name for each in opened.ports.objects.list(STAGING, FOLDER))


def test_fits_that_are_kept_are_not_made_again(tmp_path: Path) -> None:
    calls = list[list[int]]()

    class AtOnce(Here):
        """A fitter that makes the fits of all windows at once, as the one on Spark."""

        def make(self, history: SeriesHistory, cutoffs: Sequence[int], horizon: int, newest_cutoff: int) -> None:
            calls.append(list(cutoffs))

    opened = shop_of_two_stores.app(tmp_path)
    run_forecast(opened.ports, Here(), 7)
    first = tables(opened)
    run_forecast(opened.ports, AtOnce(), 7)
    assert calls == [[], []], "only the newest fits are made"
    assert tables(opened) == first
    opened.close()
