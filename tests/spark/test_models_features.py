"""Feature tables that are computed on Spark: their columns and rows are those of the local engine."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shop_of_two_stores
from spark_command import run_on_spark

from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.forecasting.feature_table import KEY_NAMES


def features(folder: Path) -> pa.Table:
    """The rows of a folder in the order of their keys, without the metadata of the program that wrote them."""
    table = pq.read_table(folder).replace_schema_metadata(None)
    return table.sort_by([(name, "ascending") for name in (*KEY_NAMES, "day")])


@pytest.mark.long
def test_the_features_are_those_of_the_local_engine(spark_python: Path, tmp_path: Path) -> None:
    here = shop_of_two_stores.app(tmp_path / "shop")
    COMMANDS["series-import"](here, quiet, name="footfall", file=str(footfall(tmp_path)))
    options: dict[str, Any] = {"days_ahead": 9}
    local = COMMANDS["forecast-features"](here, quiet, out=str(tmp_path / "local"), **options).data
    home, now = here.settings.home, here.ports.clock.now()
    here.close()
    on_spark = {"out": str(tmp_path / "spark"), "engine": "spark", "master": "local[2]"}
    written = run_on_spark(spark_python, home, now, "forecast-features", **(options | on_spark))
    assert written == local | {"folder": str(tmp_path / "spark"), "last_day": local["last_day"].isoformat()}
    expected = features(tmp_path / "local")
    assert expected["outside_footfall_before"].null_count < expected.num_rows
    assert features(tmp_path / "spark").schema == expected.schema
    assert features(tmp_path / "spark") == expected
    again = options | on_spark | {"out": f"file://{tmp_path}/spark"}
    with pytest.raises(AssertionError, match=r"has Parquet files\. Choose an empty folder"):
        run_on_spark(spark_python, home, now, "forecast-features", **again)
    assert features(tmp_path / "spark") == expected, "no row is written twice"


def footfall(folder: Path) -> Path:
    """An outside series that is known two days later."""
    path = folder / "footfall.csv"
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 7) for day in range(1, 27)]
    rows = [f"{day},{100 + number},{day[:-2]}{int(day[-2:]) + 2:02}" for number, day in enumerate(days)]
    path.write_text("\n".join(["date,value,published_on", *rows]), encoding="utf-8")
    return path
