"""What a person decides about a loss. That something is restored is checked first."""

from collections.abc import Callable, Mapping
from typing import Protocol

from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.file_names import PACKABLE_NAME
from tillstream.ports import Ports
from tillstream.records import batch_originals, batch_records, losses
from tillstream.records.losses import Loss, LossKind, LossRecord, Resolution

UNCHECKED = {
    LossKind.STORE_SALES: "Nobody knows which sales are missing, so this cannot be checked. Compare the day closes of "
    "the stores. If the sales were sent again, choose that; otherwise accept the loss.",
    LossKind.STATE: "This happened once, so no check can find it undone. Do what its message says, then accept the "
    "loss with a note of what you did.",
}
"""Kind → why a loss of which nothing can be looked at cannot be declared restored."""
NOT_SENT = "A file of the home is not sent to it again. Correct or restore the file, or accept the loss."


class HomeFiles(Protocol):
    """Checks of the files of a home."""

    def looks_at(self, name: str) -> bool:
        """Whether a check finds by itself that a loss with this name is whole again."""

    def damage(self, name: str) -> str:
        """Check now what has this name; return what is found, empty if it is whole. Raises `Unavailable`."""


def choices(loss: Loss, home: HomeFiles | None) -> frozenset[Resolution]:
    """How a person can deal with a loss. home: None for a project, whose services check their own files."""
    if loss.kind is LossKind.STATE and home and home.looks_at(loss.name):
        return frozenset({Resolution.RESTORED, Resolution.ACCEPTED})
    if loss.kind in CHECKS and (loss.kind is not LossKind.STORE_SALES or PACKABLE_NAME.fullmatch(loss.name)):
        return frozenset(Resolution)
    return frozenset({Resolution.SENT_AGAIN, Resolution.ACCEPTED})


def decide(
    ports: Ports, id: str, resolution: Resolution, reason: str, *, by: str, home: HomeFiles | None = None
) -> LossRecord:
    """Resolve a loss. A batch that was rejected because of it is loaded when its original is restored.

    home: None for a project. Idempotent. Raises `NotFound`, `Unavailable`, and `Rejected` if what should be restored is
    not whole or cannot be checked, or without the reason for accepting a loss.
    """
    loss = losses.get_loss(ports, id).loss
    if resolution not in choices(loss, home):
        raise Rejected(NOT_SENT if resolution is Resolution.SENT_AGAIN else UNCHECKED[loss.kind])
    if resolution is Resolution.RESTORED:
        if loss.kind in CHECKS:
            CHECKS[loss.kind](ports, loss)
        elif home and (damage := home.damage(loss.name)):
            raise Rejected(f"It is not restored. {damage}")
    return losses.resolve_loss(ports, id, resolution, reason, by=by)


def check_original(ports: Ports, loss: Loss) -> None:
    """Raise `Rejected` unless the original of the loss is whole; then load its batch, if it was rejected for that."""
    batch_originals.accept_restored(ports, batch_records.get_batch(ports, loss.batch))


def check_pack(ports: Ports, loss: Loss) -> None:
    """Raise `Rejected` unless every original in the pack is whole."""
    try:
        batch_originals.check_pack(ports, ports.objects.stat(INBOX, loss.name))
    except NotFound as error:
        raise Rejected(f"The kept originals in {INBOX}/{loss.name} are missing.") from error


def check_store_sales(ports: Ports, loss: Loss) -> None:
    """Raise `Rejected` unless the loss is a file of store sales without a record, and the file is whole."""
    if not PACKABLE_NAME.fullmatch(loss.name):
        raise Rejected(UNCHECKED[LossKind.STORE_SALES])
    try:
        stored = ports.objects.stat(INBOX, loss.name)
        with batch_originals.open_stored(ports, stored.bucket, stored.name, stored.generation) as stream:
            is_whole = batch_originals.PackedOriginal(stored, stream.read()).is_whole
    except NotFound as error:
        raise Rejected(f"The store sales in {INBOX}/{loss.name} are missing.") from error
    if not is_whole:
        raise Rejected(f"The store sales in {INBOX}/{loss.name} are still damaged.")


CHECKS: Mapping[LossKind, Callable[[Ports, Loss], None]] = {
    LossKind.ORIGINAL: check_original,
    LossKind.PACK: check_pack,
    LossKind.STORE_SALES: check_store_sales,
}
"""Kind → what raises `Rejected` if such a thing is not whole. Files of the home are checked by `HomeFiles`."""
