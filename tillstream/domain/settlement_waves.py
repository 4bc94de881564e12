"""The waves in which the batches of one settlement enter the ledger."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol, TypeVar


class Entering(Protocol):
    @property
    def batch_id(self) -> str: ...
    @property
    def kind(self) -> str: ...


B = TypeVar("B", bound=Entering)


def neighbours(batches: Iterable[B]) -> Iterator[list[B]]:
    """Batches that may be one wave if they share no sale: micro-batches side by side; any other stands alone."""
    for is_micro, side_by_side in groupby(batches, key=lambda batch: batch.kind == "messages"):
        if is_micro:
            yield list(side_by_side)
        else:
            yield from ([batch] for batch in side_by_side)


def apart(batches: Sequence[B], last_sharing: Mapping[str, str]) -> Iterator[list[B]]:
    """Such neighbours as waves. last_sharing: batch → the last one before it that tells one of its sales."""
    wave: list[B] = []
    for batch in batches:
        if last_sharing.get(batch.batch_id) in {one.batch_id for one in wave}:
            yield wave
            wave = []
        wave.append(batch)
    yield wave
