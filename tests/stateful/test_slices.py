"""A settlement on the slice of the ledger that it can read gives the same as on the whole ledger, row by row."""

from pathlib import Path

import pytest
from stateful.schedules import draw, run
from stateful.sliced import Slices


def compare(number: int, folder: Path) -> Slices:
    folder.mkdir(exist_ok=True)
    slices = Slices()
    run(draw(number), folder, slices.replace_ports)
    slices.check()
    return slices


@pytest.mark.parametrize("number", [0, 11])
def test_a_settlement_on_a_slice_adds_the_same_rows(tmp_path: Path, number: int) -> None:
    assert compare(number, tmp_path).with_pending_days > 0


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", range(100, 300, 20))
def test_settlements_of_200_random_schedules_add_the_same_rows_on_slices(tmp_path: Path, first: int) -> None:
    for number in range(first, first + 20):
        compare(number, tmp_path / str(number))
