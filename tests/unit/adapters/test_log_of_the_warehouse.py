"""The log of the local warehouse, which DuckDB does not empty while somebody reads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tillstream.adapters.local.duckdb import database
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse

COUNT = "SELECT COUNT(*) AS n FROM product_codes"
KEY = ("region", "code")


def codes(first: int, count: int) -> pa.Table:
    numbers = [str(number) for number in range(first, first + count)]
    return pa.table({"region": ["*"] * count, "code": numbers, "product_id": numbers})


def count(source: Any) -> int:
    return int(source.query(COUNT).column("n")[0].as_py())


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(database, "LARGE_LOG", 300_000)
    return tmp_path / "warehouse.duckdb.wal"


def test_the_log_of_a_warehouse_that_is_read_stays_small(log: Path) -> None:
    warehouse, sizes = DuckDBWarehouse(log.with_suffix("")), []
    warehouse.upsert("product_codes", codes(0, 20_000), KEY)
    with warehouse.snapshot() as snapshot:
        before = count(snapshot)
        for number in range(40):
            warehouse.upsert("product_codes", codes(500 * number, 2_000), KEY)
            sizes.append(log.stat().st_size if log.exists() else 0)
        assert count(snapshot) == before
    assert max(sizes) < 1_000_000
    assert sum(later < earlier for earlier, later in pairwise(sizes)) >= 2
    assert count(warehouse) == 21_500
    warehouse.close()


def test_writers_and_readers_of_all_threads_continue_meanwhile(log: Path) -> None:
    warehouse, ended = DuckDBWarehouse(log.with_suffix("")), threading.Event()

    def write(first: int) -> None:
        for number in range(15):
            warehouse.upsert("product_codes", codes(first + 1_000 * number, 1_000), KEY)

    def read() -> None:
        while not ended.is_set():
            with warehouse.snapshot() as snapshot:
                assert count(snapshot) == count(snapshot)

    def refresh() -> None:
        while not ended.is_set():
            warehouse.refresh_totals()

    with ThreadPoolExecutor() as threads:
        others = [threads.submit(work) for work in (read, read, refresh)]
        writers = [threads.submit(write, first) for first in (0, 100_000)]
        try:
            assert [each.result() for each in writers] == [None, None]
        finally:
            ended.set()
        assert [each.result() for each in others] == [None, None, None]
    assert count(warehouse) == 30_000
    warehouse.close()


def test_a_log_that_cannot_be_emptied_now_does_not_fail_the_write(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "LARGE_LOG", 0)
    warehouse = DuckDBWarehouse(log.with_suffix(""))
    warehouse.upsert("product_codes", codes(0, 3), KEY)
    other = warehouse._database._new_cursor()
    other.execute("BEGIN")
    other.execute("DELETE FROM product_codes")
    ended = threading.Thread(target=warehouse.upsert, args=("product_codes", codes(10, 2), KEY))
    ended.start()
    ended.join(1)
    other.execute("ROLLBACK")
    ended.join()
    assert count(warehouse) == 5
    warehouse.close()
