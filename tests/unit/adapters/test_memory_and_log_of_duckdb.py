"""The local warehouse: its log, which DuckDB writes to the file at a commit, and the memory that it keeps."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.app import build
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings

COUNT = "SELECT COUNT(*) AS n FROM product_codes"
KEY = ("region", "code")
ROWS = 20_000


def codes(count: int) -> pa.Table:
    numbers = [str(number) for number in range(count)]
    return pa.table({"region": ["*"] * count, "code": numbers, "product_id": numbers})


def count(source: Any) -> int:
    return int(source.query(COUNT).column("n")[0].as_py())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Of a file that an earlier process wrote."""
    path = tmp_path / "warehouse.duckdb"
    DuckDBWarehouse(path).close()
    return path


@pytest.fixture
def warehouse(path: Path) -> Iterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(path)
    warehouse.upsert("product_codes", codes(ROWS), KEY)
    warehouse._database.cursor().execute("SET GLOBAL checkpoint_threshold = '300KB'")
    yield warehouse
    warehouse.close()


def sizes(warehouse: DuckDBWarehouse, path: Path) -> list[int]:
    """Of the log, after each of many updates of rows, as those of settlements are."""
    log, bytes_of_log = Path(f"{path}.wal"), []
    for number in range(40):
        with warehouse._database.transaction() as cursor:
            cursor.execute("UPDATE product_codes SET product_id = code || ?", [str(number)])
        assert count(warehouse) == ROWS
        warehouse.refresh_totals()
        bytes_of_log.append(log.stat().st_size if log.exists() else 0)
    return bytes_of_log


def test_the_log_stays_small(warehouse: DuckDBWarehouse, path: Path) -> None:
    assert max(sizes(warehouse, path)) < 2_000_000


def test_the_log_is_small_again_after_the_last_reader_ends(warehouse: DuckDBWarehouse, path: Path) -> None:
    with warehouse.snapshot() as snapshot:
        assert count(snapshot) == ROWS
        assert sizes(warehouse, path)[-1] > 2_000_000
    assert sizes(warehouse, path)[-1] < 2_000_000


def test_a_reader_who_stops_early_leaves_nothing_open(warehouse: DuckDBWarehouse, path: Path) -> None:
    for _ in warehouse.stream("SELECT * FROM product_codes"):
        break
    assert sizes(warehouse, path)[-1] < 2_000_000


def _kept(settings: Settings) -> str:
    app = build(settings)
    assert isinstance(app.ports.warehouse, DuckDBWarehouse)
    with app.ports.warehouse._database.transaction() as cursor:
        row = cursor.execute("SELECT current_setting('block_allocator_memory')").fetchone()
    app.close()
    assert row
    return str(row[0])


def test_a_server_keeps_less_freed_memory_than_a_command(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", samples=False)
    assert _kept(settings) == "953.6 MiB"
    assert _kept(with_server_memory(settings)) == "61.0 MiB"
