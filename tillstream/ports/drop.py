"""Drop: a place where people and programs leave files: a watched folder, and later a mailbox or a partner's server."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class Dropped:
    """A file taken out of its sender's reach. `claim` names the taking for ever, in digits."""

    claim: str
    path: str
    """Below the place, with `/` between folders, as the place spells it."""
    name: str
    """The same as people spell it."""
    size: int
    modified: int
    """As the place tells it; another number means that it was written to since."""


class Drop(Protocol):
    """Raises `Unavailable`. One taker at a time: everything is done within `turn`."""

    @property
    def keeps(self) -> bool:
        """Whether files stay somewhere after they were put away."""

    def turn(self) -> AbstractContextManager[object]:
        """The right to take files; waits for whoever has it."""

    def claim(self) -> list[Dropped]:
        """Files that are whole, each claimed once; those claimed before and not put away come first, again.

        A file is whole once it was seen twice, a settle time apart, with the same size and time of change.
        """

    def watched(self) -> int:
        """How many files were there at the last `claim` and may still be being written."""

    def open(self, dropped: Dropped) -> BinaryIO: ...

    def changed(self, dropped: Dropped) -> bool:
        """Whether somebody wrote to it after it was claimed."""

    def let_go(self, dropped: Dropped) -> None:
        """Give it back to the place it came from, to be claimed another time."""

    def place_for(self, dropped: Dropped) -> str:
        """Where it will lie once it is put away; nothing else lies there. Only where files are kept."""

    def put_away(self, dropped: Dropped, place: str) -> None:
        """Out of the way, to that place. Repeatable."""

    def note(self, place: str, words: str) -> None:
        """A short text beside the file that was put away; empty words take it away. Repeatable."""
