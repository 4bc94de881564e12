"""DuckDB keeps the Warehouse contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from warehouse_contract import WarehouseContract

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse


class TestDuckDBWarehouse(WarehouseContract):
    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[DuckDBWarehouse]:
        warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=2)  # several, as in use
        yield warehouse
        warehouse.close()
