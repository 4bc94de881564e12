"""One scan of the ledger finds the lines of the sales of many files."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from contract.warehouse.settling_contract import staged

from tillstream.ledger import current_lines
from tillstream.ledger.current_lines import SaleLookup
from tillstream.ledger.duckdb_ledger import KEY, ScriptRunner, ledger_in_memory
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import StagedBatch

ADD = f"""
INSERT INTO sale_versions BY NAME
SELECT {KEY} AS key, s.content, TRUE AS is_current, s.sale, s.sale_date, $settlement_no AS settlement_no
FROM read_parquet($addresses) AS s
"""
LINES = "SELECT key, content, is_current, sale, sale_date, settlement_no FROM known_lines ORDER BY ALL"
SETTLEMENTS = """
SELECT MIN(settlement_no), MAX(settlement_no)
FROM sale_versions SEMI JOIN found_lines ON found_lines.line = sale_versions.rowid
"""
EXPECTED = """
SELECT key, content, is_current, sale, sale_date, settlement_no FROM sale_versions
WHERE sale IN (SELECT sale FROM read_parquet(?)) ORDER BY ALL
"""


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with ledger_in_memory(tuple(TABLES), "100MB") as connection:
        yield connection


def some_files(folder: Path) -> list[StagedBatch]:
    """Four files of a region; each has two sales of the one before it."""

    def keep(name: str, data: bytes) -> str:
        (folder / name).write_bytes(data)
        return str(folder / name)

    def rows(first: int) -> list[tuple[str, str, str]]:
        return [(f"S1/{sale}", product, "1.50") for sale in range(first, first + 4) for product in ("P", "Q")]

    return [staged(keep, f"batch-{number}", rows(2 * number), region="north", at=number) for number in range(4)]


def add(cursor: duckdb.DuckDBPyConnection, file: StagedBatch, settlement_no: int) -> None:
    cursor.execute(ADD, {"addresses": list(file.accepted), "settlement_no": settlement_no})


def look_up(cursor: duckdb.DuckDBPyConnection, sales: SaleLookup, file: StagedBatch) -> tuple[list[Any], list[Any]]:
    sales.read([file])
    expected = cursor.execute(EXPECTED, [list(file.accepted)]).fetchall()
    return cursor.execute(LINES).fetchall(), expected


@pytest.mark.parametrize("together", [1, 8, 20, 500])
def test_the_lines_of_each_wave_are_those_of_the_ledger_as_it_is(
    cursor: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(current_lines, "ROWS_TOGETHER", together)
    files = some_files(tmp_path)
    add(cursor, files[0], 1)
    sales = SaleLookup(ScriptRunner(cursor), 2)
    sales.expect(files)
    for file in files:
        actual, expected = look_up(cursor, sales, file)
        assert actual == expected
        assert actual
        add(cursor, file, 2)
        cursor.execute("UPDATE sale_versions SET is_current = NOT is_current WHERE settlement_no = 1")


def test_files_share_a_scan_until_they_have_many_rows(
    cursor: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(current_lines, "ROWS_TOGETHER", 20)
    files = some_files(tmp_path)
    for number, file in enumerate(files, 1):
        add(cursor, file, number)
    sales = SaleLookup(ScriptRunner(cursor), 9)
    sales.expect(files)
    scans = []
    for file in files:
        sales.read([file])
        scans.append(cursor.execute(SETTLEMENTS).fetchone())
    assert scans == [(1, 3), (1, 3), (2, 4), (2, 4)]


def test_a_batch_that_is_not_expected_is_looked_up_by_itself(cursor: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    files = some_files(tmp_path)
    add(cursor, files[0], 1)
    actual, expected = look_up(cursor, SaleLookup(ScriptRunner(cursor), 2), files[1])
    assert actual == expected


def test_an_empty_ledger_and_a_batch_without_rows_have_no_lines(
    cursor: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    files = some_files(tmp_path)
    sales = SaleLookup(ScriptRunner(cursor), 1)
    assert look_up(cursor, sales, files[0]) == ([], [])
    add(cursor, files[0], 1)
    sales.read([replace(files[0], accepted=())])
    assert cursor.execute(LINES).fetchall() == []
