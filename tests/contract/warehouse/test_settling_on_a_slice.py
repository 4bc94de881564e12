"""The suite of settlements on a slice of the ledger, which must add the same rows and hold the same files."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from contract.warehouse.settling_contract import Keep, SettlingContract, staged
from stateful.sliced import SlicedWarehouse

from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.batch import HoldCode
from tillstream.ports.warehouse import Settlement

SPELLINGS = ("S1/{:04}", "S1/{}", "S1/R-{}", "S1/{}.0", "S1/#{:04}")


@pytest.fixture(scope="module")
def sliced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlicedWarehouse]:
    local = DuckDBWarehouse(tmp_path_factory.mktemp("sliced") / "warehouse.duckdb", threads=1)
    yield SlicedWarehouse(local)
    local.close()


class OnASlice:
    """Settles on the shared warehouse, and compares each settlement on a slice of it."""

    @pytest.fixture
    def warehouse(self, sliced: SlicedWarehouse) -> Iterator[Any]:
        yield sliced
        assert sliced.differences == []

    @pytest.fixture
    def keep(self, tmp_path: Path) -> Keep:
        def write(name: str, data: bytes) -> str:
            (tmp_path / name).write_bytes(data)
            return str(tmp_path / name)

        return write


@pytest.mark.long
class TestSettlingOnASlice(OnASlice, SettlingContract):
    """The whole suite, with the ledger that the tests before have filled."""

    @pytest.mark.parametrize("seed", [1, 2, 3])
    def test_random_spellings_are_held_alike_in_many_files(self, warehouse: Any, keep: Keep, seed: int) -> None:
        random_spellings_are_held_alike(warehouse, keep, seed, count=24)


class TestOnASlice(OnASlice):
    """What enters, changes, is undone and is held."""

    test_a_bound_writer = SettlingContract.test_a_bound_writer_leaves_the_lines_of_other_stores
    test_an_undo = SettlingContract.test_an_undo_restores_the_earlier_lines
    test_a_preview = SettlingContract.test_a_preview_shows_the_result_and_stores_nothing

    def test_random_spellings_are_held_alike(self, warehouse: Any, keep: Keep) -> None:
        random_spellings_are_held_alike(warehouse, keep, seed=14, count=4)


def random_spellings_are_held_alike(warehouse: Any, keep: Keep, seed: int, count: int) -> None:
    rng, holds, name = Random(seed), set(), f"random-{seed}-of-{count}"
    for number in range(0, count, 2):
        files = [
            staged(keep, f"{name}-{at}", some_rows(rng), region=name, at=at, day=date(2024, 7, seed))
            for at in (number, number + 1)
        ]
        holds |= {hold.code for hold in warehouse.settle(Settlement(files)).holds.values()}
    assert HoldCode.OTHER_SPELLING in holds
    assert holds <= {HoldCode.OTHER_SPELLING, HoldCode.OTHER_PRODUCTS}


def some_rows(rng: Random) -> list[tuple[str, str, str]]:
    """Lines of a few sales, whose numbers and products are spelled in one of several ways."""
    spelling, products = rng.choice(SPELLINGS[: 1 + 4 * (rng.random() < 0.3)]), rng.choice(("PQ", "PQ", "pQ"))
    first = rng.randrange(0, 16, 4)
    return [
        (spelling.format(sale), product, f"{sale}.5")
        for sale in range(first, first + rng.choice([4, 8]))
        for product in products
    ]
