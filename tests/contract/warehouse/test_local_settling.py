"""DuckDB settles by the contract."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from settling_contract import Keep, SettlingContract
from totals_contract import TotalsContract

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.ledger import settling


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse with its tables and views, which take longer to create than most tests."""
    path = tmp_path_factory.mktemp("empty") / "warehouse.duckdb"
    DuckDBWarehouse(path, threads=1).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("CHECKPOINT")
    return path


class TestDuckDBSettling(SettlingContract, TotalsContract):
    @pytest.fixture
    def warehouse(self, tmp_path: Path, empty_file: Path) -> Iterator[DuckDBWarehouse]:
        shutil.copy(empty_file, tmp_path)
        warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1)
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
