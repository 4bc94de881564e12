"""Random files of three regions that share sales: held alike on a slice and on the whole ledger, and by the rule."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from contract.warehouse.settling_contract import staged
from stateful.sliced import SlicedWarehouse

from examples import in_long_proofs
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.model.batch import HoldCode
from tillstream.ports.warehouse import Settlement, StagedBatch

REGIONS = ("north", "south", "east")
FIRST = date(2024, 3, 1)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Any]:
    local = DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1)
    yield SlicedWarehouse(local)
    local.close()


def some_file(rng: Random, number: int, folder: Path) -> StagedBatch:
    """A few sales of up to four days; the same number is nearly always the same sale, whichever region it is in."""

    def keep(name: str, data: bytes) -> str:
        (folder / name).write_bytes(data)
        return str(folder / name)

    shift = rng.randrange(2)

    def day(row: tuple[str, str, str]) -> date:
        return FIRST + timedelta(shift + int(row[0].partition("/")[2]) // 5)

    first = rng.randrange(0, 12, 4)
    rows = [
        (f"S1/{sale}", product, f"{sale + shift + (rng.random() < 0.03)}.50")
        for sale in range(first, first + rng.choice([3, 5, 8, 12]))
        for product in ("P", "Q")[: 1 + sale % 2]
    ]
    batch = staged(keep, f"batch-{number}", rows, region=rng.choice(REGIONS), at=number, day=day)
    own_numbers = (HoldCode.OTHER_SALES,) if number % 5 else ()
    return replace(batch, confirmed=(*own_numbers, HoldCode.OTHER_REGION) if rng.random() < 0.1 else own_numbers)


@pytest.mark.parametrize("seed", [1, *in_long_proofs(3, 4)])
def test_random_files_are_held_alike_on_a_slice(warehouse: Any, tmp_path: Path, seed: int) -> None:
    rng, holds, settled = Random(seed), set(), []
    for number in range(0, 30, 3):
        files = [some_file(rng, number + each, tmp_path) for each in range(rng.randint(1, 3))]
        undo = [rng.choice(settled)] if settled and rng.random() < 0.3 else []
        result = warehouse.settle(Settlement(files, undo))
        settled += [file.batch_id for file in files if file.batch_id in result.batches]
        held = {(batch, hold.code) for batch, hold in result.holds.items()}
        holds |= {code for _, code in held}
        assert not held & {(file.batch_id, code) for file in files for code in file.confirmed}
    assert warehouse.differences == []
    assert HoldCode.OTHER_REGION in holds <= {HoldCode.OTHER_REGION, HoldCode.OTHER_SALES}
