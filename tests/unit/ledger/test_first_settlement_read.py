"""A file that contains whole store-days reads the ledger from the first settlement of their sales on."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from contract.warehouse.settling_contract import staged

from tillstream.ledger.duckdb_ledger import ledger_in_memory
from tillstream.ledger.settling import SettlementRunner
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import Settlement, StagedBatch

DAYS = [date(2024, 3, 1) + timedelta(number) for number in range(4)]
CURRENT = "SELECT sale_id, sale_date, CAST(net_amount AS VARCHAR) FROM sale_versions WHERE is_current ORDER BY ALL"


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with ledger_in_memory(tuple(TABLES), "100MB") as connection:
        yield connection


def store_day(folder: Path, number: int, day: date, *sales: str, amount: str = "1.00") -> StagedBatch:
    def keep(name: str, data: bytes) -> str:
        (folder / name).write_bytes(data)
        return str(folder / name)

    rows = [(f"S1/{sale}", "P", amount) for sale in sales]
    batch = staged(keep, f"batch-{number}", rows, region="north", at=number, day=day)
    return replace(batch, replaces="store-day")


def settle(cursor: duckdb.DuckDBPyConnection, batch: StagedBatch) -> Any:
    """Settle the batch; return the settlement from which the ledger was read."""
    assert SettlementRunner(cursor).run(Settlement([batch])).batches
    return cursor.execute("SELECT getvariable('oldest')").fetchall()[0][0]


def test_new_days_read_nothing_of_earlier_settlements(cursor: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    firsts = [settle(cursor, store_day(tmp_path, number, day, f"{number}")) for number, day in enumerate(DAYS, 1)]
    assert firsts == [1, 2, 3, 4]
    assert settle(cursor, store_day(tmp_path, 5, DAYS[2], "3", "5")) == 3


def test_a_sale_that_left_the_day_is_read_from_its_first_settlement(
    cursor: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    settle(cursor, store_day(tmp_path, 1, DAYS[0], "9"))
    settle(cursor, store_day(tmp_path, 2, DAYS[1], "1"))
    settle(cursor, store_day(tmp_path, 3, DAYS[2], "1", "2", amount="2.00"))
    assert settle(cursor, store_day(tmp_path, 4, DAYS[2], "2", amount="2.00")) == 2
    assert [(sale, day) for sale, day, _ in cursor.execute(CURRENT).fetchall()] == [
        ("S1/1", DAYS[1]), ("S1/2", DAYS[2]), ("S1/9", DAYS[0]),
    ]  # fmt: skip
