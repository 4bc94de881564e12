"""What a person decides about a loss. That something is restored is checked first."""

from collections.abc import Callable, Mapping

from tillstream import losses
from tillstream.batches import originals, packs, records
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.events import INBOX
from tillstream.losses import Loss, LossKind, LossRecord, Resolution
from tillstream.ports import Ports


def decide(ports: Ports, id: str, resolution: Resolution, reason: str, *, by: str) -> LossRecord:
    """Resolve a loss. A batch that was rejected because of it is loaded when its original is restored.

    Idempotent. Raises `NotFound`, `Unavailable`, and `Rejected` if what should be restored is not whole, or without
    the reason for accepting a loss.
    """
    loss = losses.get(ports, id).loss
    if resolution is Resolution.RESTORED:
        if loss.kind not in CHECKS:
            raise Rejected("A check finds by itself that this is restored. Start the server again, or run `sweep`.")
        CHECKS[loss.kind](ports, loss)
    return losses.resolve(ports, id, resolution, reason, by=by)


def check_original(ports: Ports, loss: Loss) -> None:
    """Raise `Rejected` unless the original of the loss is whole; then load its batch, if it was rejected for that."""
    originals.accept_again(ports, records.get(ports, loss.batch))


def check_pack(ports: Ports, loss: Loss) -> None:
    """Raise `Rejected` unless every original in the pack is whole."""
    try:
        packs.check(ports, ports.objects.stat(INBOX, loss.name))
    except NotFound as error:
        raise Rejected(f"The kept originals in {INBOX}/{loss.name} are missing.") from error


CHECKS: Mapping[LossKind, Callable[[Ports, Loss], None]] = {
    LossKind.ORIGINAL: check_original,
    LossKind.PACK: check_pack,
}
"""Kind → what raises `Rejected` if such a thing is not whole. Without one, a check of its own resolves the loss."""
