"""The course of a home of which files are torn: it sells or stands still, starts, and does what the product says."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from faults.torn.play import ROUNDS, Moment, Torn
from faults.torn.tears import Tear

from tillstream.model.errors import TillstreamError

SOLD, COPIED_AFTER, WORKED_AFTER, TORN_AFTER = 6, 1, (0, 4), 3
"""Sales of a running server; after which its files are copied, its worker works, and a file is torn."""


def play(torn: Torn, tears: Mapping[str, Tear]) -> None:
    """Tear files of a home, by their paths, and follow the product until nothing is left to be done.

    Raises `NothingToTear` if no file is there that its tear changes.
    """
    if torn.moment is Moment.SELLING:
        torn.start()
        _sell(torn, tears)
        torn.turn()
        _look_while_running(torn)
        torn.stop()
    else:
        torn.tear(tears)
    for _ in range(ROUNDS):
        try:
            torn.start()
            torn.turn()
            torn.turn()
            torn.lines()
            torn.is_green()
            torn.raise_broken()
        except TillstreamError as error:
            torn.stop()
            torn.follow(error)
        else:
            return
    raise AssertionError(f"what the product said did not help: {torn.sentences}")


def _sell(torn: Torn, tears: Mapping[str, Tear]) -> None:
    for number in range(SOLD):
        if number == COPIED_AFTER:
            torn.earlier = Path(shutil.copytree(torn.home, torn.home.with_name("earlier")))
        if number == TORN_AFTER:
            torn.tear(tears)
        torn.sell(number)
        if number in WORKED_AFTER:
            torn.tried(torn.worker.run_until_idle)


def _look_while_running(torn: Torn) -> None:
    """A running server never shows a green light over a difference, nor more than was sold."""
    try:
        missing = torn.missing()
        assert not missing or not torn.is_green(), f"while it runs: everything is working, without {missing}"
    except TillstreamError as error:
        torn.sentences.append(str(error))
