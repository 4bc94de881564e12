"""Exports of the marts: other engines read the same totals, only changed months are written, and a torn export leaves
the one before."""

import hashlib
import shutil
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.marts.exported_shop import (
    FIRST,
    FolderOfAKilledProcess,
    Killed,
    earlier_version,
    export,
    files,
    line,
    manifest,
    open_shop,
    read,
    sell,
    set_rates,
    shop,
)
from tillstream.adapters.local.files.destination_folders import LocalExportFolder
from tillstream.analytics import queries
from tillstream.app import App
from tillstream.marts import mart_files
from tillstream.marts.export import export_to_folder as export_to
from tillstream.marts.mart_files import MANIFEST
from tillstream.marts.tables import TABLES
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.ports.files import ExportDraft

__all__ = ["shop"]


def test_duckdb_reads_the_totals_of_the_product(shop: App, tmp_path: Path) -> None:
    result = export(shop, tmp_path)
    (row,) = queries.run_query(shop.ports.warehouse, "kpis", UNRESTRICTED).to_pylist()
    facts = read(
        tmp_path,
        "SELECT COUNT(*), CAST(SUM(revenue) AS DECIMAL(38, 9)), COUNT(DISTINCT order_id) FILTER (counts_as_order)"
        " FROM tillstream.fact_sales",
    )
    assert facts == [(row["lines"], row["revenue"], row["orders"])] == [(3, Decimal(390), 3)]
    joined = read(
        tmp_path,
        "SELECT COUNT(*) FROM tillstream.fact_sales JOIN tillstream.dim_store USING (store_key)"
        " JOIN tillstream.dim_product USING (product_key) JOIN tillstream.dim_customer USING (customer_key)"
        " JOIN tillstream.dim_salesperson USING (salesperson_key) JOIN tillstream.dim_date USING (sale_date)"
        " JOIN tillstream.dim_channel USING (channel_key) JOIN tillstream.dim_currency USING (currency_key)",
    )
    assert joined == [(3,)]
    assert [table["name"] for table in result["tables"]] == [table.name for table in TABLES]


def test_an_inner_join_with_days_has_the_sales_of_every_year(shop: App, tmp_path: Path) -> None:
    sell(shop, tmp_path, line(4, "03-05-1998"), line(5, "29-02-0024"), line(6, "01-06-2026"), line(7, "01-01-2040"))
    export(shop, tmp_path)
    joined = "SELECT COUNT(*) FROM tillstream.fact_sales JOIN tillstream.dim_date USING (sale_date)"
    assert read(tmp_path, joined) == [(7,)]
    assert list(files(tmp_path)) == ["0024-02", "1998-05", "2026-05", "2026-06", "2040-01"]


def test_files_have_the_declared_types_and_are_what_the_manifest_lists(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    content = manifest(tmp_path)
    assert content["settlement_no"] == 1
    listed = set()
    for table, described in zip(TABLES, content["tables"], strict=True):
        assert [(column["name"], column["type"]) for column in described["columns"]] == [
            (column.name, column.type) for column in table.columns
        ]
        for file in described["files"]:
            path = tmp_path / "marts" / file["path"]
            listed.add(path)
            data = path.read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
            assert pq.ParquetFile(path).schema_arrow == mart_files.arrow_schema(table)
            assert pq.ParquetFile(path).metadata.num_rows == file["rows"]
    assert listed == set((tmp_path / "marts").rglob("*.parquet"))
    assert list(files(tmp_path)) == ["2026-05", "2026-06"]


def test_files_hold_nothing_personal(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    assert read(tmp_path, "SELECT LENGTH(customer_key) FROM tillstream.dim_customer") == [(64,)]
    for path in (tmp_path / "marts").rglob("*.parquet"):
        texts = {str(value) for column in pq.read_table(path).to_pydict().values() for value in column}
        assert not texts & {"Asha Rao", "C1", "S1"}


def test_only_months_that_changed_are_written_again(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    before = files(tmp_path)
    assert export(shop, tmp_path)["written"] == 0
    sell(shop, tmp_path, line(4, "12-06-2026"), line(5, "01-07-2026"))
    assert export(shop, tmp_path)["written"] == 4, "two months, and the last days of the customer and the salesperson"
    after = files(tmp_path)
    assert after["2026-05"] == before["2026-05"]
    assert after["2026-06"] != before["2026-06"]
    assert not (tmp_path / "marts" / before["2026-06"]).exists()
    assert read(tmp_path, "SELECT COUNT(*) FROM tillstream.fact_sales") == [(5,)]


def test_a_month_without_lines_has_no_file(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    sell(shop, tmp_path, line(3, "11-05-2026", 40))  # a corrected day: June is empty now
    export(shop, tmp_path)
    assert list(files(tmp_path)) == ["2026-05"]
    assert not list((tmp_path / "marts").glob("fact_sales/month=2026-06/*"))


def test_months_that_a_restored_ledger_lacks_are_removed(tmp_path: Path) -> None:
    with closing(open_shop(tmp_path)) as app:
        sell(app, tmp_path, *FIRST)
    shutil.copytree(tmp_path / "home", tmp_path / "saved")
    with closing(open_shop(tmp_path)) as app:
        sell(app, tmp_path, line(9, "01-07-2026"))
        export(app, tmp_path)
    shutil.rmtree(tmp_path / "home")
    (tmp_path / "saved").rename(tmp_path / "home")
    with closing(open_shop(tmp_path)) as app:
        export(app, tmp_path)
    assert list(files(tmp_path)) == ["2026-05", "2026-06"]
    assert read(tmp_path, "SELECT COUNT(*) FROM tillstream.fact_sales") == [(3,)]


def test_changed_rates_are_followed_where_they_change_rows(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    before = files(tmp_path)
    shop.ports.warehouse.replace_table("reporting", pa.table({"currency": ["USD"]}))
    factor = pa.array([Decimal("0.5")], pa.decimal128(38, 9))
    rate = pa.table({"sale_date": [date(2026, 5, 3)], "currency": ["INR"], "factor": factor})
    shop.ports.warehouse.replace_table("reporting_rates", rate)
    export(shop, tmp_path)
    assert not set(files(tmp_path).values()) & set(before.values())
    totals = "SELECT SUM(revenue), COUNT(*) FILTER (is_unconverted) FROM tillstream.fact_sales"
    assert read(tmp_path, totals) == [(Decimal(50), 2)]
    before = files(tmp_path)
    more = pa.table({"sale_date": [date(2026, 6, 10)], "currency": ["INR"], "factor": factor})
    shop.ports.warehouse.replace_table("reporting_rates", pa.concat_tables([rate, more]))
    export(shop, tmp_path)
    assert files(tmp_path)["2026-05"] == before["2026-05"]
    assert read(tmp_path, totals) == [(Decimal(70), 1)]


@pytest.mark.parametrize(
    ("factors", "revenue"),
    [
        ({"INR": ("0.25", "0.5"), "GBP": ("1.5", "1.25")}, Decimal(45)),
        ({"INR": ("1.5", "1.25"), "GBP": ("0.5", "0.25")}, Decimal(200)),
    ],
    ids=["days", "currencies"],
)
def test_exchanged_rates_are_followed(
    shop: App, tmp_path: Path, factors: dict[str, tuple[str, str]], revenue: Decimal
) -> None:
    set_rates(shop, INR=("0.5", "0.25"), GBP=("1.5", "1.25"))
    export(shop, tmp_path)
    set_rates(shop, **factors)
    export(shop, tmp_path)
    assert read(tmp_path, "SELECT SUM(revenue) FROM tillstream.fact_sales") == [(revenue,)]


def test_chosen_tables_stay_chosen(shop: App, tmp_path: Path) -> None:
    chosen = ["fact_sales", "dim_store"]
    assert [table["name"] for table in export(shop, tmp_path, only=chosen)["tables"]] == chosen
    assert [table["name"] for table in export(shop, tmp_path)["tables"]] == chosen
    with pytest.raises(Rejected, match=r"no table dim_stor to export\. Did you mean dim_store"):
        export(shop, tmp_path, only=["dim_stor"])


def test_a_table_with_a_new_column_is_written_again(shop: App, tmp_path: Path) -> None:
    with earlier_version():
        exported = export(shop, tmp_path)
    before = files(tmp_path)
    updated = export(shop, tmp_path)
    assert [table["name"] for table in updated["tables"]] == [table["name"] for table in exported["tables"]]
    assert (updated["written"], updated["removed"]) == (2, 2), "two months of facts"
    assert not set(files(tmp_path).values()) & set(before.values())
    assert read(tmp_path, "SELECT COUNT(is_unconverted) FROM tillstream.fact_sales") == [(3,)]
    assert export(shop, tmp_path)["written"] == 0


def test_an_export_that_ends_while_it_reads_leaves_the_one_before(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    content = manifest(tmp_path)
    sell(shop, tmp_path, line(4, "12-06-2026"))

    def end(count: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        export_to(shop.ports.warehouse, LocalExportFolder(tmp_path / "marts", MANIFEST), progress=end)
    assert manifest(tmp_path) == content
    _check_files(tmp_path, content)


def test_an_export_that_ends_before_its_manifest_leaves_the_one_before(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    content = manifest(tmp_path)
    sell(shop, tmp_path, line(4, "12-06-2026"))
    with pytest.raises(Killed):
        export_to(shop.ports.warehouse, FolderOfAKilledProcess(tmp_path / "marts", MANIFEST))
    assert manifest(tmp_path) == content
    _check_files(tmp_path, content)
    assert read(tmp_path, "SELECT COUNT(*) FROM tillstream.fact_sales") == [(3,)]
    export(shop, tmp_path)
    assert read(tmp_path, "SELECT COUNT(*) FROM tillstream.fact_sales") == [(4,)]
    assert len(list((tmp_path / "marts" / "fact_sales").rglob("*.parquet"))) == 2


def test_a_first_export_that_ended_is_repeated(shop: App, tmp_path: Path) -> None:
    with pytest.raises(Killed):
        export_to(shop.ports.warehouse, FolderOfAKilledProcess(tmp_path / "marts", MANIFEST))
    export(shop, tmp_path)
    _check_files(tmp_path, manifest(tmp_path))


def test_a_lost_file_is_written_again(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    (tmp_path / "marts" / files(tmp_path)["2026-05"]).unlink()
    assert export(shop, tmp_path)["written"] == 1
    _check_files(tmp_path, manifest(tmp_path))


def test_a_folder_with_other_files_is_not_touched(shop: App, tmp_path: Path) -> None:
    (tmp_path / "marts").mkdir()
    (tmp_path / "marts" / "letter.txt").write_text("Dear Sir")
    with pytest.raises(Rejected, match="has other files"):
        export(shop, tmp_path)
    assert {path.name for path in (tmp_path / "marts").iterdir()} == {"letter.txt", ".lock"}


def test_two_exports_to_one_folder_are_refused(shop: App, tmp_path: Path) -> None:
    with LocalExportFolder(tmp_path / "marts", MANIFEST).locked(), pytest.raises(Rejected, match="Another export"):
        export(shop, tmp_path)


def test_settlements_during_an_export_are_left_to_the_next(shop: App, tmp_path: Path) -> None:
    def settle(drafts: Mapping[str, ExportDraft] | int) -> None:
        sell(shop, tmp_path, line(9 + len(list(tmp_path.glob("*.csv"))), "12-06-2026", 500))

    folder = LocalExportFolder(tmp_path / "marts", MANIFEST)
    exported = export_to(shop.ports.warehouse, folder, progress=settle)
    assert exported.manifest.state.settlement_no == 1
    assert read(tmp_path, "SELECT COUNT(*), MAX(net_amount) FROM tillstream.fact_sales") == [(3, Decimal(250))]


def _check_files(folder: Path, content: dict[str, Any]) -> None:
    listed = [file for table in content["tables"] for file in table["files"]]
    for file in listed:
        assert hashlib.sha256((folder / "marts" / file["path"]).read_bytes()).hexdigest() == file["sha256"]
