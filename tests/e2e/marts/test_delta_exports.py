"""Exports as Delta tables: each version has the rows of a settlement, and a torn export leaves whole tables."""

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from tests.e2e.marts.exported_shop import (
    FolderOfAKilledProcess,
    Killed,
    earlier_version,
    export,
    files,
    line,
    manifest,
    read,
    sell,
    shop,
)
from tillstream.app import App
from tillstream.app.mart_destinations import delta_log
from tillstream.marts import mart_files
from tillstream.marts.export import export_to_folder as export_to
from tillstream.marts.mart_files import MANIFEST
from tillstream.marts.tables import TABLES, MartTable
from tillstream.model.errors import Rejected
from tillstream.ports.files import LoggedTable

__all__ = ["shop"]


def delta(folder: Path, table: str = "fact_sales") -> DeltaTable:
    return DeltaTable(folder / "marts" / table)


def sums(folder: Path) -> list[tuple[Any, ...]]:
    """Rows and revenue by month, of DuckDB on what the log lists."""
    with duckdb.connect() as connection:
        connection.register("facts", delta(folder).to_pyarrow_dataset())
        return connection.execute(
            "SELECT month, COUNT(*), CAST(SUM(revenue) AS DECIMAL(38, 9)) FROM facts GROUP BY month ORDER BY month"
        ).fetchall()


def actions(folder: Path, table: str = "fact_sales") -> list[list[dict[str, Any]]]:
    """The actions of each commit in the log of a table."""
    commits = sorted((folder / "marts" / table / "_delta_log").glob("*.json"))
    return [[json.loads(action) for action in commit.read_text(encoding="utf-8").splitlines()] for commit in commits]


def check_log(folder: Path, table: str = "fact_sales") -> None:
    """A commit has each path once: engines may apply its actions in any order."""
    for commit in actions(folder, table):
        paths = [action[kind]["path"] for action in commit for kind in ("add", "remove") if kind in action]
        assert len(paths) == len(set(paths))


def test_duckdb_reads_the_rows_of_the_tables(shop: App, tmp_path: Path) -> None:
    assert export(shop, tmp_path, format="delta")["format"] == "delta"
    assert sums(tmp_path) == [("2026-05", 2, Decimal(350)), ("2026-06", 1, Decimal(40))]
    for table in TABLES:
        rows = delta(tmp_path, table.name).to_pyarrow_dataset().to_table()
        assert rows.num_rows == read(tmp_path, f"SELECT COUNT(*) FROM tillstream.{table.name}")[0][0]
        assert rows.select(table.names).schema.equals(mart_files.arrow_schema(table))


def test_tables_have_descriptions_and_their_settlement(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path, format="delta")
    table = delta(tmp_path)
    assert table.metadata().description.startswith("One row per current sale line")
    assert table.metadata().partition_columns == ["month"]
    (first, *_) = table.schema().fields
    assert first.metadata["comment"] == "Business day of the line; the key of dim_date"
    assert table.history(1)[0]["settlement_no"] == "1"


def test_a_version_replaces_the_months_that_changed(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path, format="delta")
    export(shop, tmp_path)
    assert {delta(tmp_path, table.name).version() for table in TABLES} == {0}
    sell(shop, tmp_path, line(4, "12-06-2026"), line(5, "01-07-2026"))
    assert export(shop, tmp_path)["format"] == "delta", "as the export before"
    assert (delta(tmp_path).version(), delta(tmp_path, "dim_store").version()) == (1, 0)
    assert sums(tmp_path) == [("2026-05", 2, 350), ("2026-06", 2, 140), ("2026-07", 1, 100)]
    assert {Path(uri).name for uri in delta(tmp_path).file_uris()} == {
        Path(path).name for path in files(tmp_path).values()
    }


def test_a_month_without_lines_is_removed(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path, format="delta")
    sell(shop, tmp_path, line(3, "11-05-2026", 40))
    export(shop, tmp_path)
    assert sums(tmp_path) == [("2026-05", 3, 390)]


def test_files_of_an_earlier_export_become_delta_tables(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path)
    before = files(tmp_path)
    assert export(shop, tmp_path, format="delta")["written"] == 0
    assert files(tmp_path) == before
    assert len(sums(tmp_path)) == 2
    with pytest.raises(Rejected, match="tables of the format delta"):
        export(shop, tmp_path, format="parquet")


def test_a_table_that_is_no_longer_exported_is_empty(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path, format="delta")
    export(shop, tmp_path, only=["fact_sales"])
    assert delta(tmp_path, "dim_store").to_pyarrow_dataset().to_table().num_rows == 0
    assert len(sums(tmp_path)) == 2


def test_a_changed_declaration_replaces_the_table(shop: App, tmp_path: Path) -> None:
    export(shop, tmp_path, format="delta")
    other = LoggedTable("dim_store", "", pa.schema([("store_key", pa.string())]), {})
    delta_log(str(tmp_path / "marts")).commit(other, (), 1)
    assert len(delta(tmp_path, "dim_store").schema().fields) == 1
    export(shop, tmp_path)
    assert delta(tmp_path, "dim_store").to_pyarrow_dataset().to_table().column("active").to_pylist() == [True]


def test_changed_descriptions_leave_the_files(shop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(MartTable, "description", "Earlier")
        earlier.setattr(MartTable, "descriptions", property(lambda table: dict.fromkeys(table.names, "Earlier")))
        export(shop, tmp_path, only=["fact_sales"], format="delta")
    export(shop, tmp_path)
    facts, described = TABLES[0], delta(tmp_path)
    assert described.metadata().description == facts.description
    comments = {column.name: column.metadata["comment"] for column in described.schema().fields}
    assert comments == facts.descriptions | {"month": ""}
    kinds = {kind for commit in actions(tmp_path)[1:] for action in commit for kind in action}
    assert kinds == {"commitInfo", "metaData"}
    sell(shop, tmp_path, line(4, "12-06-2026"))
    export(shop, tmp_path)
    assert sums(tmp_path) == [("2026-05", 2, 350), ("2026-06", 2, 140)]
    check_log(tmp_path)


def test_a_new_column_replaces_the_files_of_a_table(shop: App, tmp_path: Path) -> None:
    with earlier_version():
        export(shop, tmp_path, format="delta")
    export(shop, tmp_path)
    assert len(sums(tmp_path)) == 2
    assert "is_unconverted" in {column.name for column in delta(tmp_path).schema().fields}
    check_log(tmp_path)


def test_a_table_of_an_earlier_version_that_is_no_longer_exported_is_empty(shop: App, tmp_path: Path) -> None:
    with earlier_version():
        export(shop, tmp_path, format="delta")
    export(shop, tmp_path, only=["dim_store"])
    assert sums(tmp_path) == []


@pytest.mark.parametrize("is_first", [True, False])
def test_an_export_that_ends_after_the_logs_is_completed_by_the_next(
    shop: App, tmp_path: Path, *, is_first: bool
) -> None:
    if not is_first:
        export(shop, tmp_path, format="delta")
        sell(shop, tmp_path, line(4, "12-06-2026"))
    folder = FolderOfAKilledProcess(tmp_path / "marts", MANIFEST)
    with pytest.raises(Killed):
        export_to(shop.ports.warehouse, folder, log=delta_log(folder.path))
    expected = [("2026-05", 2, 350), ("2026-06", 1 if is_first else 2, 40 if is_first else 140)]
    assert sums(tmp_path) == expected
    export(shop, tmp_path, format="delta")
    assert sums(tmp_path) == expected
    assert manifest(tmp_path)["table_format"] == "delta"


def test_a_missing_library_is_reported(shop: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deltalake", None)
    monkeypatch.delitem(sys.modules, "tillstream.adapters.delta.table_log", raising=False)
    with pytest.raises(Rejected, match=r"tillstream\[lake\]"):
        export(shop, tmp_path, format="delta")
