"""Waves: groups of batches that one settlement writes to the ledger together."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Protocol, TypeVar

from tillstream.model.batch import BatchKind


class BatchLike(Protocol):
    @property
    def batch_id(self) -> str: ...
    @property
    def kind(self) -> str: ...


AnyBatch = TypeVar("AnyBatch", bound=BatchLike)


def group_adjacent(batches: Iterable[AnyBatch]) -> Iterator[list[AnyBatch]]:
    """Group batches that can form one wave if they share no sale: adjacent micro-batches. Other batches are alone."""
    for is_micro, adjacent in groupby(batches, key=lambda batch: batch.kind == BatchKind.STORE_SALES):
        if is_micro:
            yield list(adjacent)
        else:
            yield from ([batch] for batch in adjacent)


def split_on_shared_sales(
    batches: Sequence[AnyBatch], sales: Callable[[AnyBatch], Collection[str]]
) -> list[list[AnyBatch]]:
    """Split a group into as few waves as possible, so that no two batches of a wave share a sale.

    Batches that share one keep their order; the others are independent of each other, whichever wave they are in.
    sales: the sales of a batch.
    """
    waves: list[list[AnyBatch]] = []
    latest: dict[str, int] = {}
    for batch in batches:
        own = sales(batch)
        number = 1 + max((latest[sale] for sale in own if sale in latest), default=-1)
        if number == len(waves):
            waves.append([])
        waves[number].append(batch)
        latest |= dict.fromkeys(own, number)
    return waves
