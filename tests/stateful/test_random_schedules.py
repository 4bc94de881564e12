"""Random schedules over a real local app agree with the model, whatever crashes in between.

Each schedule follows from its number: `python -c "from stateful.schedules import *; run(draw(17))"` in `tests` plays
number 17 again, and a failure shows the shortest part of it that still fails.
"""

import multiprocessing
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor

import pytest
from stateful.crashes import POINTS
from stateful.schedules import OPERATIONS, Schedule, Tally, draw, run, smallest

from examples import PROFILE, in_long_proofs

FEW = 4 if PROFILE == "thorough" else 1
MANY = 540
OFTEN = 20
OFTEN_TOO = [14]


def play(numbers: Iterable[int]) -> Tally:
    tally = Tally()
    for number in numbers:
        try:
            tally += run(draw(number))
        except AssertionError as error:
            shortest = smallest(draw(number), _fails)
            raise AssertionError(f"schedule {number}: {error}\nshortest: {shortest}") from error
    return tally


def _fails(schedule: Schedule) -> bool:
    try:
        run(schedule)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("first", [0, *(OFTEN_TOO if PROFILE == "thorough" else in_long_proofs(*OFTEN_TOO))])
def test_random_schedules_agree_with_the_model(first: int) -> None:
    tally = play(range(first, first + FEW))
    assert tally.operations.total() > 5 * FEW
    assert FEW == 1 or tally.crashes.total() > 1  # one schedule may have none


@pytest.mark.long
def test_hundreds_of_random_schedules_agree_and_meet_every_operation_and_crash() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(os.cpu_count() or 1, 8), context) as pool:
        tally = Tally()
        for part in pool.map(play, [range(at, at + 10) for at in range(1000, 1000 + MANY, 10)]):
            tally += part
    rare = {name: tally.operations[name] for name in OPERATIONS if tally.operations[name] < OFTEN}
    missed = {point: tally.crashes[point] for point in POINTS if tally.crashes[point] < OFTEN}
    assert not rare, rare
    assert not missed, missed
