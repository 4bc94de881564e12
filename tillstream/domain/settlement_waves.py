"""Waves: groups of batches that one settlement writes to the ledger together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Protocol, TypeVar

from tillstream.domain.batch.record import BatchKind


class BatchLike(Protocol):
    @property
    def batch_id(self) -> str: ...
    @property
    def kind(self) -> str: ...


B = TypeVar("B", bound=BatchLike)


def group_adjacent(batches: Iterable[B]) -> Iterator[list[B]]:
    """Group batches that can form one wave if they share no sale: adjacent micro-batches. Other batches are alone."""
    for is_micro, adjacent in groupby(batches, key=lambda batch: batch.kind == BatchKind.STORE_SALES):
        if is_micro:
            yield list(adjacent)
        else:
            yield from ([batch] for batch in adjacent)


def split_on_shared_sales(batches: Sequence[B], last_sharing: Mapping[str, str]) -> Iterator[list[B]]:
    """Split a group into waves whose batches share no sale.

    last_sharing: batch → the last earlier batch that contains one of its sales.
    """
    wave: list[B] = []
    for batch in batches:
        if last_sharing.get(batch.batch_id) in {earlier.batch_id for earlier in wave}:
            yield wave
            wave = []
        wave.append(batch)
    yield wave
