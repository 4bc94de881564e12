"""Kept originals: whether their bytes are those that were received, and what is recorded if they are not."""

from dataclasses import replace
from typing import BinaryIO

from tillstream import losses
from tillstream.batches import events, packs, records
from tillstream.batches.registration import digest
from tillstream.domain.batch.record import Batch, BatchKind, State
from tillstream.domain.errors import NotFound, Rejected
from tillstream.losses import Loss, LossKind
from tillstream.ports import Ports

UNREADABLE = "It cannot be read: "
"""Start of the error of a batch whose original was lost before it was loaded."""
LOST_TWICE = "Its rows are no longer in the ledger and cannot be read again: "
"""Start of the error of a batch that both the ledger and the originals lost."""
FROM_BACKUP = "Restore it from a backup with `tillstream losses restore BACKUP`"
LOADED = frozenset({State.SETTLED, State.ANNOUNCED, State.UNDONE, State.REPLAYED})


class Unreadable(Rejected):
    """The original of `batch` is missing, or its bytes are not those that were received."""

    def __init__(self, batch: Batch, message: str, *, is_missing: bool = False) -> None:
        super().__init__(message)
        self.batch, self.is_missing = batch, is_missing


def check(ports: Ports, batch: Batch, *, trusting: bool = False) -> None:
    """Compare the original of a batch with its hash. Raises `Unreadable`, `Unavailable`.

    A record of an early version without a hash is only looked up. trusting: so is an original in a store that itself
    compares bytes with their checksum.
    """
    is_compared = bool(batch.sha256) and not (trusting and ports.objects.keeps_checksums)
    name = f"{batch.bucket}/{batch.object}"
    try:
        with packs.open_original(ports, batch) as stream:
            is_whole = not is_compared or digest(stream) == batch.sha256
    except NotFound as error:
        raise Unreadable(batch, f"The kept original {name} is missing.", is_missing=True) from error
    except Rejected as error:  # names the damaged pack
        raise Unreadable(batch, str(error)) from error
    except OSError as error:  # a part of the disk that cannot be read
        raise Unreadable(batch, f"The kept original {name} is damaged.") from error
    if not is_whole:
        raise Unreadable(batch, f"The kept original {name} is damaged.")


def open_whole(ports: Ports, batch: Batch) -> BinaryIO:
    """The original of a batch, for people and programs that must not see other bytes than were received.

    Raises `Unreadable`, `Unavailable`.
    """
    check(ports, batch, trusting=True)
    return packs.open_original(ports, batch)


def name_of(batch: Batch) -> str:
    """The name of a batch's original as a loss."""
    return f"{batch.object}@{batch.generation}"


def loss_of(error: Unreadable) -> Loss:
    """The loss of the original of a batch."""
    batch = error.batch
    if batch.state in LOADED:
        effect = "Its rows count, but they can be neither read again nor proved"
    elif batch.state is State.HELD:
        effect = "Its rows are read, but they cannot be read again"
    else:
        effect = "Its rows do not count, because they were not loaded before"
    again = "have the stores send these sales again" if batch.kind is BatchKind.STORE_SALES else "send it again"
    state = "missing" if error.is_missing else "damaged"
    stores = sorted(store for store in (batch.staged.stores or () if batch.staged else ()) if store)
    return Loss(
        LossKind.ORIGINAL,
        name_of(batch),
        f"The kept original of {batch.file} is {state}. {effect}. Batch {batch.batch_id}: {error}",
        f"{FROM_BACKUP}, {again}, or accept the loss.",
        batch.batch_id,
        (batch.region,) if batch.region else (),
        tuple(f"{batch.region}/{store}" for store in stores),
    )


def reject(ports: Ports, batch: Batch, error: Unreadable) -> Batch:
    """Reject a batch that cannot be loaded, because an original that it needs is lost, and record the loss. Idempotent.

    `accept_again` takes it back.
    """
    losses.report(ports, loss_of(error))
    reason = (
        f"{UNREADABLE}{error} {'Send the sales' if batch.kind is BatchKind.STORE_SALES else 'Send the file'} again."
    )

    def rejected(record: Batch) -> Batch:
        if record.state in LOADED or record.state in {State.REJECTED, State.CANCELLED}:
            return record
        return replace(record, state=State.REJECTED, state_at=ports.clock.now().isoformat(), error=reason)

    return records.repair(ports, batch.batch_id, rejected)


def accept_again(ports: Ports, batch: Batch) -> None:
    """Load a batch whose lost original was put back, if it was rejected for that. Idempotent.

    Raises `Unreadable`, `Unavailable`.
    """
    check(ports, batch)

    def received(record: Batch) -> Batch:
        if record.state is not State.REJECTED or not record.error.startswith((UNREADABLE, LOST_TWICE)):
            return record
        now = ports.clock.now().isoformat()
        return replace(record, state=State.RECEIVED, state_at=now, error="", staged=None, holds=(), proposed=None)

    moved = records.repair(ports, batch.batch_id, received)
    if moved.state is State.RECEIVED:
        events.publish_received(ports, moved)
