"""Random stock movements between unsteady syncs and restores of either side: in the end, both sides agree."""

import shutil
from pathlib import Path
from random import Random

import pytest
from sync.stock_acts import act
from sync.test_two_homes import restored, saved
from sync.two_homes import NAME, Pair, head_office, pair, stock_of

from examples import examples
from tillstream.inventory import comparison

STEPS = 12


def play(folder: Path, seed: int) -> int:
    """Play a schedule; returns the number of lines that both sides have in the end."""
    rng = Random(seed)
    with pair(folder) as two:
        copies = {side: folder / f"copy-{side}" for side in ("home", "office")}
        for _ in range(STEPS):
            act(two.home, rng)
            drawn = rng.random()
            if drawn < 0.3:
                two.sync_until_done(rng)
            elif drawn < 0.4:
                shutil.rmtree(copies["home"], ignore_errors=True)
                saved(two, copies["home"])
            elif drawn < 0.5 and copies["home"].exists():
                restored(two, copies["home"])
            elif drawn < 0.6:
                change_office(two, folder / "office", copies["office"], rng)
        two.check_agreement(two.sync_until_done(rng))
        assert two.sync().movements == 0
        assert comparison.differences(two.office.ports) == []
        return len(stock_of(two.office, NAME))


def change_office(two: Pair, home: Path, copy: Path, rng: Random) -> None:
    """Copy the folder of the head office, or put a copy back."""
    two.office.close()
    if copy.exists() and rng.random() < 0.5:
        shutil.rmtree(home)
        shutil.copytree(copy, home)
    else:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy)
    two.office = head_office(home, two.clock)


@pytest.mark.parametrize("seed", range(examples(6)))
def test_random_movements_end_in_agreement(tmp_path: Path, seed: int) -> None:
    assert play(tmp_path, seed) > 0


@pytest.mark.long
def test_hundreds_of_random_schedules_of_stock_end_in_agreement(tmp_path: Path) -> None:
    assert all(play(tmp_path / str(seed), seed) > 0 for seed in range(1000, 1100))
