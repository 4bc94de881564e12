"""Marts of BigQuery's emulator are exported as those of DuckDB, and read again when a settlement comes between."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from sample_ledger import SAMPLE_LEDGER
from sample_warehouse import sample_warehouse

from devtools.emulators import Emulator
from tillstream.adapters.google.bigquery.tables import arrow_schema
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.local.files.destination_folders import LocalExportFolder
from tillstream.marts.export import Exported, export_to_folder
from tillstream.marts.mart_files import MANIFEST
from tillstream.marts.tables import chosen_tables
from tillstream.model.tables.warehouse_tables import TABLES

sys.path.append(str(Path(__file__).parents[2] / "spec"))
from duck import Duck, exact

LAST = max(row[0] for row in SAMPLE_LEDGER["settlements"])


@pytest.fixture
def warehouse(bigquery: Emulator) -> Iterator[BigQueryWarehouse]:
    with sample_warehouse(bigquery, "marts") as warehouse:
        yield warehouse


class SettledMeanwhile:
    """The warehouse, in which another process notes a settlement before the facts of the first month are read."""

    def __init__(self, warehouse: BigQueryWarehouse) -> None:
        self._warehouse = warehouse
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._warehouse, name)

    def snapshot(self) -> Any:
        return nullcontext(self)

    def stream(self, text: str, params: Mapping[str, Any] | None = None) -> Iterator[pa.RecordBatch]:
        self.reads += 1
        if self.reads == 1:
            rows = self._warehouse.query(f"SELECT * FROM settlements WHERE settlement_no = {LAST}")
            later = rows.set_column(0, "settlement_no", pa.array([LAST + 1]))
            self._warehouse.upsert("settlements", later.cast(arrow_schema(TABLES["settlements"])), ["settlement_no"])
        return self._warehouse.stream(text, params)


def _export(warehouse: Any, folder: Path) -> Exported:
    return export_to_folder(warehouse, LocalExportFolder(folder / "marts", MANIFEST))


def test_the_exported_rows_are_those_of_duckdb(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    exported = _export(warehouse, tmp_path)
    assert exported.manifest.state.settlement_no == LAST
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    with duckdb.connect() as connection:
        connection.execute((tmp_path / "marts" / "statements" / "duckdb.sql").read_text(encoding="utf-8"))
        for table in chosen_tables(()):
            columns, key = ", ".join(table.names), ", ".join(table.key)
            _, expected = duck.answer(f"SELECT {columns} FROM {table.name} ORDER BY {key}", {})
            rows = connection.execute(f"SELECT {columns} FROM tillstream.{table.name} ORDER BY {key}").fetchall()
            assert rows
            assert [tuple(map(exact, row)) for row in rows] == [tuple(map(exact, row)) for row in expected], table.name
    again = _export(warehouse, tmp_path)
    assert (again.written, again.removed) == (0, 0)


def test_a_settlement_during_the_export_is_in_it(warehouse: BigQueryWarehouse, tmp_path: Path) -> None:
    meanwhile = SettledMeanwhile(warehouse)
    exported = _export(meanwhile, tmp_path)
    assert exported.manifest.state.settlement_no == LAST + 1
    assert meanwhile.reads > len(chosen_tables(()))
