"""Notes the sales of pending days in the sale index after the settlements that left them pending.

A pending day is done once the sales of its settlement were read from the ledger after its epoch had passed, and noted:

- An attempt to settle commits only in its own epoch. If it did, its rows are read here.
- If it did not, it never will, because epochs only rise, in a restore too. A repeated attempt is based on a later
  epoch, and leaves its days pending again, before it commits.

Days whose epoch has not passed are left to a later call: their settlement may be about to commit. Days are removed with
their settlement and epoch, so those that another settlement adds meanwhile remain.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date

from tillstream.adapters.google.bigquery import read
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.fields import EPOCH
from tillstream.adapters.google.bigquery.literals import literal
from tillstream.ports.sale_index import PendingDay, SaleIndex

SECONDS = 1_500.0
"""Of a call, after which it stops; the next one continues. Cloud Scheduler waits for 1,800."""
_SALES = "SELECT DISTINCT sale FROM sightings WHERE sale_date = {day} AND settlement_no = {settlement_no}"


class _TimeIsUpError(Exception):
    pass


def note_pending_days(
    dataset: Dataset, index: SaleIndex, seconds: float = SECONDS, monotonic: Callable[[], float] = time.monotonic
) -> int:
    """Note the sales of pending days for so many seconds; return the number of days that are still pending. Idempotent.

    The account must see all rows of the ledger. Raises `Unavailable`.
    """
    pending = sorted(index.pending())
    if not pending:
        return 0
    until = monotonic() + seconds
    (row,) = dataset.ask(f"SELECT MAX(number) AS epoch FROM {EPOCH}", work="index")
    passed = [each for each in pending if each.epoch < (row["epoch"] or 0)]

    def pairs(each: PendingDay) -> Iterator[tuple[int, date]]:
        for sale in _in_time(_sales(dataset, each), until, monotonic):
            yield sale, each.day

    with suppress(_TimeIsUpError):
        index.note_pending(passed, pairs)
    return len(index.pending())


def _sales(dataset: Dataset, pending: PendingDay) -> Iterator[int]:
    text = _SALES.format(day=literal(pending.day), settlement_no=pending.settlement_no)
    answer = dataset.ask(text, work="index")
    with dataset.errors("The ledger"):
        for batch in read.batches(dataset.reader, dataset.answer(answer)):
            yield from batch.column("sale").to_pylist()


def _in_time(sales: Iterable[int], until: float, monotonic: Callable[[], float]) -> Iterator[int]:
    for sale in sales:
        if monotonic() > until:
            raise _TimeIsUpError
        yield sale
