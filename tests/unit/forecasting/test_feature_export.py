"""Feature tables of a shop as Parquet files, and why there are none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from app_factory import build
from shop_of_two_stores import LAST, app

from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    opened = app(tmp_path_factory.mktemp("shop"))
    yield opened
    opened.close()


def features(opened: App, folder: Path, **options: Any) -> dict[str, Any]:
    data: dict[str, Any] = COMMANDS["forecast-features"](opened, quiet, out=str(folder), **options).data
    return data


def test_units_are_those_of_the_ledger(shop: App, tmp_path: Path) -> None:
    result = features(shop, tmp_path / "new" / "folder")
    read = pq.read_table(tmp_path / "new" / "folder")
    assert (result["rows"], result["columns"]) == read.shape
    assert (result["series"], result["last_day"]) == (6, LAST)
    text = "SELECT store_id, product, SUM(units) AS units FROM line_facts GROUP BY store_id, product"
    sold = {(row["store_id"], row["product"]): row["units"] for row in shop.ports.warehouse.query(text).to_pylist()}
    sums = read.group_by(["store_id", "product"]).aggregate([("units", "sum")]).to_pylist()
    assert {(row["store_id"], row["product"]): row["units_sum"] for row in sums} == sold


def test_revenue_by_category(shop: App, tmp_path: Path) -> None:
    result = features(shop, tmp_path, target="revenue", days_ahead=14)
    read = pq.read_table(tmp_path)
    assert result["series"] == 4
    assert read["product"].null_count == read.num_rows
    assert read["revenue"].type == pa.float64()
    assert pa.compute.max(read["day"]).as_py() > LAST


def test_files_of_another_day_are_kept(shop: App, tmp_path: Path) -> None:
    features(shop, tmp_path)
    before = [each.stat().st_mtime_ns for each in tmp_path.iterdir()]
    with pytest.raises(Rejected, match=r"has Parquet files\. Choose an empty folder"):
        features(shop, tmp_path)
    assert [each.stat().st_mtime_ns for each in tmp_path.iterdir()] == before


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"target": "margin"}, "The targets are units and revenue"),
        ({"days_ahead": 0}, "from 1 to 91"),
        ({"engine": "dask"}, "The engines are local and spark"),
        ({"master": "spark://here:7077"}, "add --engine spark"),
        ({"out": "gs://bucket/features"}, "Only Spark writes to such an address"),
        ({"out": "/proc/features"}, "/proc/features is in a folder of the operating system"),
    ],
)
def test_what_is_refused(shop: App, tmp_path: Path, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        COMMANDS["forecast-features"](shop, quiet, **({"out": str(tmp_path)} | options))


def test_a_file_in_place_of_the_folder_is_named(shop: App, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Rejected, match="file/features cannot be written: Not a directory"):
        features(shop, tmp_path / "file" / "features")


def test_an_empty_shop_has_no_features(tmp_path: Path) -> None:
    opened = build(Settings(home=tmp_path / "home", samples=False))
    with pytest.raises(Rejected, match="no sales before today"):
        features(opened, tmp_path / "out")
    opened.close()
