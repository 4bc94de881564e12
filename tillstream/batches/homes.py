"""Batches of other homes: what a home sent to this one is decided there."""

from tillstream.domain.batch.record import Batch
from tillstream.domain.errors import Rejected


def check_own(upload: Batch) -> None:
    """Raise `Rejected` if the batch was synced from another home."""
    if upload.home:
        raise Rejected(
            f"{upload.file} is a batch of the home {upload.home}. Undo, correct or replay it there; the change arrives "
            "with the next sync."
        )
