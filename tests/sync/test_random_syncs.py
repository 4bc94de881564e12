"""Random schedules in a home that syncs over an unsteady connection: in the end, both ledgers say the same of it."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from stateful.operations import OPERATIONS
from stateful.schedules import draw
from sync import stock_acts
from sync.two_homes import pair
from turns import one_in_turns

from examples import examples, one_in
from tillstream.model.errors import Rejected

MANY = 300


def play(folder: Path, seed: int) -> int:
    """Play a schedule, with syncs between its steps; returns the number of entries of the last sync."""
    schedule, rng = draw(seed, crashes=False), Random(seed)
    people = Random(seed) if schedule.bound else None
    with pair(folder, numbered=schedule.numbered, people=people) as two:
        for name, number in schedule.steps:
            with suppress(Rejected):
                OPERATIONS[name][1](two.home, Random(number))
            two.home.clock.advance(1)
            if rng.random() < 0.2:
                stock_acts.act(two.home, rng)
            if rng.random() < 0.25:
                two.sync_until_done(rng)
        two.home.wait()
        result = two.sync_until_done(rng)
        two.check_agreement(result)
        assert two.sync().entries == 0
        return result.number


@pytest.mark.parametrize("seed", one_in(2, range(examples(6))))
def test_random_schedules_end_in_agreement(tmp_path: Path, seed: int) -> None:
    assert play(tmp_path, seed) > 0


@pytest.mark.long
@pytest.mark.parametrize("first", range(1000, 1000 + MANY, 10))
def test_hundreds_of_random_schedules_end_in_agreement(tmp_path: Path, first: int) -> None:
    """Of every second schedule; of the others with another commit."""
    assert all(play(tmp_path / str(seed), seed) for seed in one_in_turns(2, range(first, first + 10)))
