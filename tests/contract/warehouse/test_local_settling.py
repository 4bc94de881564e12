"""DuckDB settles by the contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import copy_empty_warehouse
from settling_contract import Keep, SettlingContract
from totals_contract import TotalsContract

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.ledger import settling


class TestDuckDBSettling(SettlingContract, TotalsContract):
    @pytest.fixture
    def warehouse(self, tmp_path: Path) -> Iterator[DuckDBWarehouse]:
        warehouse = DuckDBWarehouse(copy_empty_warehouse(tmp_path), threads=1)
        yield warehouse
        warehouse.close()

    @pytest.fixture
    def keep(self, tmp_path: Path) -> Keep:
        def write(name: str, data: bytes) -> str:
            (tmp_path / name).write_bytes(data)
            return str(tmp_path / name)

        return write


@pytest.mark.system
class TestDuckDBSettlingOfMany(TestDuckDBSettling):
    """The same where a wave has too many rows to keep them while it enters."""

    @pytest.fixture(autouse=True)
    def _many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(settling, "FEW", 0)
