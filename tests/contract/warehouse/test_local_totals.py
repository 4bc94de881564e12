"""Refreshes on DuckDB compute only the regions to which settlements added lines."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from settling_contract import Keep
from totals_contract import DAYS, Batches, assert_totals

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.ports.warehouse import Settlement

ROWS = "SELECT rowid FROM {} WHERE region = 'south' ORDER BY rowid"


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    warehouse = DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1)
    yield warehouse
    warehouse.close()


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    return write


def rows_of_south(warehouse: DuckDBWarehouse) -> list[Any]:
    return [warehouse.query(ROWS.format(table)).to_pylist() for table in ROLLUPS]


def test_rows_of_other_regions_stay_if_lines_are_only_added(warehouse: DuckDBWarehouse, keep: Keep) -> None:
    north, south = (Batches(keep, region, Random(1)) for region in ("north", "south"))
    for batches in (south, north):
        warehouse.settle(batches.new(DAYS[0]))
    warehouse.refresh_totals()
    before = rows_of_south(warehouse)
    added = north.new(DAYS[0])
    warehouse.settle(added)
    assert warehouse.refresh_totals() == 1
    assert rows_of_south(warehouse) == before
    assert_totals(warehouse)
    warehouse.settle(Settlement(undo=[added.staged[0].batch_id]))
    assert warehouse.refresh_totals() == 1
    assert rows_of_south(warehouse) != before
    assert_totals(warehouse)


@pytest.mark.parametrize(
    ("seed", "rounds"), [(7, 3), *(pytest.param(seed, 8, marks=pytest.mark.long) for seed in range(7, 14))]
)
def test_totals_of_two_regions_are_those_of_their_lines(
    warehouse: DuckDBWarehouse, keep: Keep, seed: int, rounds: int
) -> None:
    regions = [Batches(keep, region, Random(f"{seed} {region}")) for region in ("north", "south")]
    rng = Random(seed)
    for _ in range(rounds):
        for batches in rng.sample(regions, rng.randint(1, 2)):
            warehouse.settle(batches.new(rng.choice(DAYS)) if rng.random() < 0.6 else batches.next())
        warehouse.refresh_totals()
        assert_totals(warehouse)
