"""Which batches a user may see, and which they may change."""

from collections.abc import Iterable

from tillstream.domain.batch.record import Batch
from tillstream.domain.people import Scope
from tillstream.domain.write_scope import Extent, may_change


def covers(scope: Scope, login: str, batch: Batch) -> bool:
    """Whether a batch is in the scope of a user: it is of their regions and, if they are limited to stores, has rows of
    these stores only or was uploaded by them. The reason is that a receipt shows totals of all rows.

    A file without a data source has no region yet; its sender sees it."""
    if not batch.contract and batch.received_by == login:
        return True
    if not scope.covers_region(batch.region):
        return False
    return batch.received_by == login or scope.covers_stores(batch.staged.stores if batch.staged else None)


def is_changeable(scope: Scope, batch: Batch, corrections: Iterable[Batch] = ()) -> bool:
    """Whether a user who sees a batch may decide about it as a whole: it changes only sales that they see.

    That is so if it has only rows of their stores, or if its writer was bound to these when it was received, because
    then its rows of other stores do not count. corrections: those that the decision also concerns.
    """
    return all(_is_changeable(scope, one) for one in (batch, *corrections))


def _is_changeable(scope: Scope, batch: Batch) -> bool:
    of_rows = batch.staged.stores if batch.staged else None
    return any(may_change(scope, Extent((batch.region,), stores)) for stores in (of_rows, batch.stores))
