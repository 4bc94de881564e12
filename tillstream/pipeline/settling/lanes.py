"""Choose the batches of the next settlement: store sales do not wait for large files, and no settlement grows too long.

Batches are settled in received order, on which receipts depend. Only micro-batches of store sales overtake others, and
only those of other regions: the key of a line contains its region, and no hold applies to them, so neither current
contents nor receipts depend on the order. Files keep their order, because equal bytes hold the later of two files.
"""

from collections.abc import Iterable, Iterator, Sequence

from tillstream.domain.batch.record import Batch, BatchKind

MAX_BATCHES = 500
MAX_ROWS = 2_000_000
"""Staged rows of a settlement, unless its first batch has more. Keeps the nightly files of many regions within the nine
minutes of a function, and the wait of store sales short: they go between two such settlements."""
SMALL = 100_000
"""Up to so many staged rows, all batches are settled together: files of this size delay store sales less than another
settlement would, which reads the ledger again."""


def next_batches(staged: Iterable[Batch], *, sales_first: bool) -> list[Batch]:
    """Return the staged batches to settle together, in received order; empty only if nothing is staged.

    sales_first: store sales overtake. Callers alternate, so that files proceed however many sales arrive.
    """
    ordered = sorted(staged, key=lambda batch: (batch.received_seq, batch.fix_number, batch.batch_id))
    if sales_first and sum(map(_rows, ordered)) > SMALL:
        ordered = list(_independent_sales(ordered)) or ordered
    return _within_limits(ordered)


def _independent_sales(ordered: Sequence[Batch]) -> Iterator[Batch]:
    """Yield micro-batches that no earlier batch of another kind precedes in their region."""
    waiting: set[str] = set()
    for batch in ordered:
        if batch.kind is BatchKind.REPLAY:
            return  # the region of the batch that it replaces can be another
        if batch.kind is not BatchKind.STORE_SALES:
            waiting.add(batch.region)
        elif batch.region not in waiting:
            yield batch


def _within_limits(ordered: Sequence[Batch]) -> list[Batch]:
    chosen: list[Batch] = []
    rows = 0
    for batch in ordered[:MAX_BATCHES]:
        rows += _rows(batch)
        if chosen and rows > MAX_ROWS:
            break
        chosen.append(batch)
    return chosen


def _rows(batch: Batch) -> int:
    return batch.staged.rows_read if batch.staged else 0
