"""Random stock movements between unsteady syncs and restores of either side: in the end, both sides agree."""

from pathlib import Path
from random import Random

import pytest
from sync import restores
from sync.stock_acts import act
from sync.two_homes import NAME, pair, stock_of
from turns import one_in_turns

from examples import examples, one_in
from tillstream.stock import stored_levels

STEPS = 12


def play(folder: Path, seed: int) -> int:
    """Play a schedule; returns the number of lines that both sides have in the end."""
    rng = Random(seed)
    with pair(folder) as two:
        restores.play(two, folder, rng, STEPS, lambda: act(two.home, rng))
        two.check_agreement(two.sync_until_done(rng))
        assert two.sync().movements == 0
        assert stored_levels.level_differences(two.office.ports) == []
        return len(stock_of(two.office, NAME))


@pytest.mark.parametrize("seed", one_in(2, range(examples(6))))
def test_random_movements_end_in_agreement(tmp_path: Path, seed: int) -> None:
    assert play(tmp_path, seed) > 0


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 1100, 10))
def test_a_hundred_random_schedules_of_stock_end_in_agreement(tmp_path: Path, first: int) -> None:
    """Of every second schedule; of the others with another commit."""
    assert all(play(tmp_path / str(seed), seed) > 0 for seed in one_in_turns(2, range(first, first + 10)))
