"""Choose the batches of the next settlement: store sales do not wait for large files, and no settlement grows too long.

Batches are settled in received order, on which receipts depend. Only micro-batches of store sales overtake others, and
only those of other regions: the key of a line contains its region, and no hold applies to them, so neither current
contents nor receipts depend on the order. Files keep their order, because equal bytes hold the later of two files.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tillstream.model.batch import Batch, BatchKind

MAX_BATCHES = 500
MAX_ROWS = 2_000_000
"""Staged rows of a settlement, unless its first batch has more. Keeps the nightly files of many regions within the nine
minutes of a function, and the wait of store sales short: they go between two such settlements."""
SMALL = 100_000
"""Up to so many staged rows, all batches are settled together: files of this size delay store sales less than another
settlement would, which reads the ledger again."""


@dataclass
class SettlementBudget:
    """The most rows and batches of a settlement; one batch is allowed in any case."""

    rows: int
    batches: int

    def halve(self, batches: int, rows: int) -> None:
        """Allow half of a settlement that was refused as too large; it had more than one batch."""
        self.batches, self.rows = batches // 2, rows // 2


def whole_budget() -> SettlementBudget:
    return SettlementBudget(MAX_ROWS, MAX_BATCHES)


@dataclass(frozen=True)
class SettlementBacklog:
    """Facts of the staged batches that their records do not contain, by batch id."""

    rows: Mapping[str, int]
    """Rows that a settlement reads for the batch."""
    left: Collection[str] = frozenset()
    """Batches that another process settles: what depends on the order waits for them."""
    replaced_regions: Mapping[str, str] | None = None
    """Regions of the batches that replays replace; None: unknown, so that nothing overtakes a replay."""


def next_batches(
    staged: Iterable[Batch], backlog: SettlementBacklog, budget: SettlementBudget, *, sales_first: bool
) -> list[Batch]:
    """Return the staged batches to settle together, in received order; empty only if all are left to another process.

    sales_first: store sales overtake. Callers alternate, so that files proceed however many sales arrive.
    """
    ordered = sorted(staged, key=lambda batch: (batch.received_seq, batch.fix_number, batch.batch_id))
    until = next((place for place, batch in enumerate(ordered) if batch.batch_id in backlog.left), len(ordered))
    chosen = ordered[:until]
    if not chosen or (sales_first and sum(backlog.rows[batch.batch_id] for batch in ordered) > SMALL):
        chosen = list(_independent_sales(ordered, backlog)) or chosen
    return _within(budget, chosen, backlog.rows)


def _independent_sales(ordered: Sequence[Batch], backlog: SettlementBacklog) -> Iterator[Batch]:
    """Yield micro-batches that no earlier batch of another kind precedes in their region."""
    waiting: set[str] = set()
    for batch in ordered:
        if batch.kind is BatchKind.REPLAY:
            if backlog.replaced_regions is None:
                return  # the region of the batch that it replaces can be another
            waiting.add(backlog.replaced_regions[batch.batch_id])
        if batch.kind is not BatchKind.STORE_SALES or batch.batch_id in backlog.left:
            waiting.add(batch.region)
        elif batch.region not in waiting:
            yield batch


def _within(budget: SettlementBudget, batches: Sequence[Batch], rows: Mapping[str, int]) -> list[Batch]:
    chosen: list[Batch] = []
    total = 0
    for batch in batches[: max(budget.batches, 1)]:
        total += rows[batch.batch_id]
        if chosen and total > budget.rows:
            break
        chosen.append(batch)
    return chosen
