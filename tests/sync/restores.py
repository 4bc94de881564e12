"""Random steps of a home and its head office, between unsteady syncs and restores of either side."""

import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

from sync.test_two_homes import restored, saved
from sync.two_homes import Pair, head_office


def play(
    two: Pair, folder: Path, rng: Random, steps: int, act: Callable[[], object], reopened: Callable[[], object] = tuple
) -> None:
    """Act, then sometimes sync, copy a side, or put its copy back. folder: that of `pair`.

    reopened: called after the head office was changed.
    """
    copies = {side: folder / f"copy-{side}" for side in ("home", "office")}
    for _ in range(steps):
        act()
        drawn = rng.random()
        if drawn < 0.3:
            two.sync_until_done(rng)
        elif drawn < 0.4:
            shutil.rmtree(copies["home"], ignore_errors=True)
            saved(two, copies["home"])
        elif drawn < 0.5 and copies["home"].exists():
            restored(two, copies["home"])
        elif drawn < 0.6:
            _change_office(two, folder / "office", copies["office"], rng)
            reopened()


def _change_office(two: Pair, home: Path, copy: Path, rng: Random) -> None:
    """Copy the folder of the head office, or put a copy back."""
    two.office.close()
    if copy.exists() and rng.random() < 0.5:
        shutil.rmtree(home)
        shutil.copytree(copy, home)
    else:
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(home, copy)
    two.office = head_office(home, two.clock)
