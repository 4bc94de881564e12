"""Forecasts that are made on Spark: their tables are those of a forecast in one process."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from shop_of_two_stores import Here, app

from tillstream.app import App
from tillstream.domain.events import STAGING
from tillstream.forecasting.kept_fits import FOLDER
from tillstream.forecasting.run import run
from tillstream.spark.forecasts import SparkFitter
from tillstream.spark.process import SparkProcess

for needed in ("pandas", "pyspark"):
    pytest.importorskip(needed, reason="Spark needs pyspark and pandas")
TABLES = ("forecasts", "forecast_accuracy", "price_effects")


@pytest.fixture(scope="module")
def process() -> Iterator[SparkProcess]:
    if not shutil.which("java"):
        pytest.skip("Spark needs Java")
    with SparkProcess("local[2]") as started:
        yield started


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[App]:
    opened = app(tmp_path)
    yield opened
    opened.close()


def tables(opened: App) -> dict[str, pa.Table]:
    read = {name: opened.ports.warehouse.query(f"SELECT * FROM {name}") for name in TABLES}
    return {name: table.sort_by([(each, "ascending") for each in table.column_names]) for name, table in read.items()}


def test_the_tables_are_those_of_the_local_engine(shop: App, process: SparkProcess) -> None:
    run(shop.ports, SparkFitter(process), 14)
    on_spark = tables(shop)
    assert on_spark["forecasts"].num_rows
    for each in list(shop.ports.objects.list(STAGING, FOLDER)):
        shop.ports.objects.delete(STAGING, each.name)
    run(shop.ports, Here(), 14)
    assert tables(shop) == on_spark


def test_fits_that_are_kept_are_not_made_again(shop: App, process: SparkProcess) -> None:
    run(shop.ports, Here(), 7)
    first = tables(shop)
    calls = []

    class Counted(SparkFitter):
        def make(self, history, cutoffs, horizon, newest_cutoff) -> None:  # type: ignore[no-untyped-def]
            calls.append(list(cutoffs))
            super().make(history, cutoffs, horizon, newest_cutoff)

    run(shop.ports, Counted(process), 7)
    assert calls == [[], []], "only the newest fits are made"
    assert tables(shop) == first
