"""Batches of other homes: what a home sent to this one is decided there, until it is removed here."""

from tillstream.domain.batch.record import Batch
from tillstream.domain.errors import Rejected
from tillstream.ports import Ports

COLLECTION = "sync_homes"
"""The homes that sync to this one, by name."""


def is_removed(ports: Ports, home: str) -> bool:
    """Whether a home syncs to this one no longer, so that its batches are undone and corrected here."""
    document = ports.documents.get(COLLECTION, home)
    return document is not None and bool(document.data["removed_at"])


def check_changeable(ports: Ports, upload: Batch) -> None:
    """Raise `Rejected` if the batch can be undone or corrected in its home only."""
    if upload.home and not is_removed(ports, upload.home):
        raise Rejected(
            f"{upload.file} is a batch of the home {upload.home}. Undo, correct or replay it there; the change arrives "
            "with the next sync."
        )


def check_own(ports: Ports, upload: Batch) -> None:
    """Raise `Rejected` if the batch was synced from another home."""
    check_changeable(ports, upload)
    if upload.home:
        raise Rejected(
            f"{upload.file} is a batch of the home {upload.home}, which was removed. It can only be undone or "
            "corrected. To read its file in another way, undo it and upload the file here."
        )
