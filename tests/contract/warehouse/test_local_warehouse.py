"""DuckDB keeps the Warehouse contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import copy_empty_warehouse
from warehouse_contract import WarehouseContract

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse


class TestDuckDBWarehouse(WarehouseContract):
    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[DuckDBWarehouse]:
        warehouse = DuckDBWarehouse(copy_empty_warehouse(tmp_path), threads=2)  # several, as in use
        yield warehouse
        warehouse.close()
