"""Which batches a user may see."""

from tillstream.domain.batch.record import Batch
from tillstream.domain.people import Scope


def covers(scope: Scope, login: str, batch: Batch) -> bool:
    """Whether a batch is in the scope of a user: it is of their regions and, if they are limited to stores, has rows of
    these stores only or was uploaded by them. The reason is that a receipt shows totals of all rows."""
    if not scope.covers_region(batch.region):
        return False
    return batch.received_by == login or scope.covers_stores(batch.staged.stores if batch.staged else None)
