"""A settlement on the slice of the ledger that it can read gives the same as on the whole ledger, row by row."""

from pathlib import Path

import pytest
from stateful.schedules import draw, run
from stateful.sliced import Slices


@pytest.mark.parametrize("number", range(4))
def test_a_settlement_on_a_slice_adds_the_same_rows(tmp_path: Path, number: int) -> None:
    slices = Slices()
    assert run(draw(number), tmp_path, slices.replace_ports).operations.total() > 3
    slices.check()
