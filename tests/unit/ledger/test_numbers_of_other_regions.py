"""The same lines of other regions are found as by comparing every line with every sampled one."""

import random
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from tillstream.ledger import other_regions
from tillstream.ledger.duckdb_ledger import ledger_in_memory

DAY = date(2024, 3, 1)
IDS = (
    "7", "47", "0047", "0", "x-00", "247", "0247", "10247", "x-247", "x/0247", "S1-é7", "é7", "S2 é7",
    "12-", "3/12-", "-", "A247", "B9",
)  # fmt: skip
LINES = "CREATE TABLE drawn (region VARCHAR, sale BIGINT, sale_id VARCHAR, net_amount DECIMAL(38, 9))"

ADD = "INSERT INTO sampled_lines (region, sale, number, sale_date, net_amount) VALUES (?, ?, ?, ?, ?)"


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with ledger_in_memory(("sale_versions",), "100MB") as connection:
        connection.execute(other_regions.EMPTY_SAMPLE)
        connection.execute("CREATE TEMP TABLE sampled_days AS SELECT ? AS day", [DAY])
        yield connection


def number(sale_id: str) -> str:
    """The last part of an ID, without leading zeros."""
    match = re.search(r"[^\W_]+$", sale_id)
    return match.group().lstrip("0") or "0" if match else sale_id


@pytest.mark.parametrize("seed", range(6))
def test_numbers_of_any_length_are_found(cursor: duckdb.DuckDBPyConnection, seed: int) -> None:
    rng = random.Random(seed)
    ids = rng.sample(IDS, 4 + seed)

    def draw(region: str, first: int) -> list[tuple[str, int, str, Decimal]]:
        return [(region, first + n, rng.choice(ids), Decimal(rng.randrange(1, 4))) for n in range(40)]

    other, own = [*draw("south", 100), *draw("east", 200), *draw("north", 300)], draw("north", 0)
    cursor.execute(LINES)
    cursor.executemany("INSERT INTO drawn VALUES (?, ?, ?, ?)", other)
    cursor.execute("INSERT INTO sale_versions BY NAME SELECT *, ? AS sale_date, TRUE AS is_current FROM drawn", [DAY])
    sampled = [(region, sale, number(sale_id), DAY, amount) for region, sale, sale_id, amount in own]
    cursor.executemany(ADD, sampled)
    expected = {
        ("north", sale, region, other_sale, None)
        for _, sale, own_id, amount in own
        for region, other_sale, sale_id, other_amount in other
        if region != "north" and amount == other_amount and number(own_id) == number(sale_id)
    }
    assert set(other_regions.find_matches(cursor, other_regions.SIMILAR_LINES)) == expected
    assert expected


def test_the_last_part_of_an_id_is_found_for_similar_lines_only(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.executemany(ADD, [("north", 1, "247", DAY, 1), ("north", 2, "248", DAY, 2)])
    cursor.execute(
        "INSERT INTO sale_versions (region, sale, sale_id, net_amount, sale_date, is_current) "
        "VALUES ('south', 3, 'x-247', 1, ?, TRUE), ('south', 4, 'x-249', 3, ?, TRUE)",
        [DAY, DAY],
    )
    cursor.execute("SET VARIABLE tail = 3")
    plans = cursor.execute(f"EXPLAIN (FORMAT json) {other_regions.SIMILAR_LINES}").fetchall()
    assert "sale_versions" in str(plans)
    assert "regexp" not in str(plans)
    matches = other_regions.find_matches(cursor, other_regions.SIMILAR_LINES)
    assert matches == [("north", 1, "south", 3, None)]
