"""Verification of kept originals against their hashes, and what a person decides about a loss.

Each sweep reads a share: it continues where the last one ended, and begins again a day after the last beginning. It
reports a loss for what is missing or damaged, and resolves the losses of what is whole again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Protocol

from tillstream.analytics import reference
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.object_names import PACK_NAME, PACKABLE_NAME
from tillstream.operations import maintenance_status
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.records import batch_originals, batch_records, losses
from tillstream.records.batch_originals import UnreadableOriginal
from tillstream.records.losses import Loss, LossKind, LossRecord, Resolution

UNCHECKED_KINDS = {
    LossKind.STORE_SALES: "Nobody knows which sales are missing, so this cannot be checked. Compare the day closes of "
    "the stores. If the sales were sent again, choose that; otherwise accept the loss.",
    LossKind.STATE: "This happened once, so no check can find it undone. Do what its message says, then accept the "
    "loss with a note of what you did.",
}
"""Kind → why a loss of which nothing can be looked at cannot be declared restored."""
NOT_SENT_AGAIN = "A file of the home is not sent to it again. Correct or restore the file, or accept the loss."

ORIGINALS_DOCUMENT = "originals"
"""Document of the maintenance log: when the round began, and the last pack and batch that it has read."""
ROUND_INTERVAL = timedelta(days=1)
"""Least time between the starts of two rounds of schedules."""
ORIGINALS_PAGE = 100
ORIGINAL_LOSSES = frozenset({LossKind.ORIGINAL, LossKind.PACK})
MAX_LOSSES_CHECKED = 20
"""Open losses that one sweep looks at again."""
UNSETTLED_STATES = (BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.HELD, BatchState.FAILED)
UNUSED_STATES = frozenset({BatchState.REJECTED, BatchState.CANCELLED})
"""States in which nothing reads the original again."""

_ROUND_END = "~"


class HomeFiles(Protocol):
    """Checks of the files of a home."""

    def looks_at(self, name: str) -> bool:
        """Whether a check finds by itself that a loss with this name is whole again."""

    def damage(self, name: str) -> str:
        """Check now what has this name; return what is found, empty if it is whole. Raises `Unavailable`."""


def loss_choices(loss: Loss, home: HomeFiles | None) -> frozenset[Resolution]:
    """How a person can deal with a loss. home: None for a project, whose services check their own files."""
    if loss.kind is LossKind.STATE and home and home.looks_at(loss.name):
        return frozenset({Resolution.RESTORED, Resolution.ACCEPTED})
    if loss.kind in LOSS_CHECKS and (loss.kind is not LossKind.STORE_SALES or PACKABLE_NAME.fullmatch(loss.name)):
        return frozenset(Resolution)
    return frozenset({Resolution.SENT_AGAIN, Resolution.ACCEPTED})


def decide_loss(
    ports: Ports, id: str, resolution: Resolution, reason: str, *, by: str, home: HomeFiles | None = None
) -> LossRecord:
    """Resolve a loss. A batch that was rejected because of it is loaded when its original is restored.

    home: None for a project. Idempotent. Raises `NotFound`, `Unavailable`, and `Rejected` if what should be restored is
    not whole or cannot be checked, or without the reason for accepting a loss.
    """
    loss = losses.get_loss(ports, id).loss
    if resolution not in loss_choices(loss, home):
        raise Rejected(NOT_SENT_AGAIN if resolution is Resolution.SENT_AGAIN else UNCHECKED_KINDS[loss.kind])
    if resolution is Resolution.RESTORED:
        if loss.kind in LOSS_CHECKS:
            LOSS_CHECKS[loss.kind](ports, loss)
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
        raise Rejected(UNCHECKED_KINDS[LossKind.STORE_SALES])
    try:
        stored = ports.objects.stat(INBOX, loss.name)
        with batch_originals.open_stored(ports, stored.bucket, stored.name, stored.generation) as stream:
            is_whole = batch_originals.PackedOriginal(stored, stream.read()).is_whole
    except NotFound as error:
        raise Rejected(f"The store sales in {INBOX}/{loss.name} are missing.") from error
    if not is_whole:
        raise Rejected(f"The store sales in {INBOX}/{loss.name} are still damaged.")


LOSS_CHECKS: Mapping[LossKind, Callable[[Ports, Loss], None]] = {
    LossKind.ORIGINAL: check_original,
    LossKind.PACK: check_pack,
    LossKind.STORE_SALES: check_store_sales,
}
"""Kind → what raises `Rejected` if such a thing is not whole. Files of the home are checked by `HomeFiles`."""


@dataclass(frozen=True)
class ReadingShare:
    """What one sweep may read."""

    files: int = 200
    bytes: int = 64 << 20


SERVER_SHARE, FUNCTION_SHARE, COMMAND_SHARE = ReadingShare(), ReadingShare(40, 64 << 20), ReadingShare(20_000, 2 << 30)


@dataclass
class _VerificationRound:
    """began: ISO 8601; pack, batch: the ids of the last ones read; "~" when all were."""

    began: str = ""
    pack: str = ""
    batch: str = ""

    @property
    def is_over(self) -> bool:
        return (self.pack, self.batch) == (_ROUND_END, _ROUND_END)


def verify_originals(ports: Ports, share: ReadingShare = SERVER_SHARE, *, again: bool = False) -> list[str]:
    """Read the next share; return a sentence about each loss that was not known. Idempotent. Raises `Unavailable`.

    again: begin now if the last round is over, instead of a day after its start; for a person who asks.
    """
    _look_again(ports)
    now = ports.clock.now()
    document = ports.documents.get(maintenance_status.UPKEEP_COLLECTION, ORIGINALS_DOCUMENT)
    before = _VerificationRound(**document.data) if document else _VerificationRound()
    current = _VerificationRound(now.isoformat(timespec="seconds")) if _is_due(before, now, again=again) else before
    sentences = reference.repair_kept_rates(ports) if current.began != before.began else []
    new: list[LossRecord] = []
    files, size = share.files, share.bytes
    for place, read, loss in _in_order(ports, current):
        current = place
        new += losses.report_losses(ports, loss) if loss else []
        files, size = files - 1, size - read
        if files <= 0 or size <= 0:
            break
    if current != before:
        ports.documents.put(maintenance_status.UPKEEP_COLLECTION, ORIGINALS_DOCUMENT, vars(current))
    return [*sentences, *(f"{one.loss.message} {one.loss.remedy}" for one in new)]


def verify_all_originals(ports: Ports) -> list[str]:
    """Read all originals; return a sentence about each that is lost and that nobody has dealt with.

    Idempotent. Raises `Unavailable`.
    """
    _look_again(ports)
    for _, _, loss in _in_order(ports, _VerificationRound()):
        if loss:
            losses.report_losses(ports, loss)
    return [one.loss.message for one in losses.open_losses(ports) if one.loss.kind in ORIGINAL_LOSSES]


def _is_due(last: _VerificationRound, now: datetime, *, again: bool) -> bool:
    if not last.began:
        return True
    began = datetime.fromisoformat(last.began)
    return last.is_over and (again or not began <= now < began + ROUND_INTERVAL)


def _in_order(ports: Ports, place: _VerificationRound) -> Iterator[tuple[_VerificationRound, int, Loss | None]]:
    """Read what follows in the round; yield where it is then, the bytes, and the loss, if there is one."""
    of_pack = cache(partial(_loss_of_pack, ports))
    for pack in _packs(ports, place.pack):
        loss = of_pack(pack.data["object"])
        place = replace(place, pack=pack.id)
        yield place, pack.data["bytes"], loss
    place = replace(place, pack=_ROUND_END)
    for batch in _batches(ports, place.batch):
        loss = _loss_of_batch(ports, batch, of_pack)
        place = replace(place, batch=batch.batch_id)
        yield place, batch.size, loss
    yield replace(place, batch=_ROUND_END), 0, None


def _packs(ports: Ports, after: str) -> Iterator[Document]:
    while documents := ports.documents.find(batch_originals.PACKS, limit=ORIGINALS_PAGE, above=after):
        yield from documents
        after = documents[-1].id


def _batches(ports: Ports, after: str) -> Iterator[Batch]:
    while documents := ports.documents.find(batch_records.BATCHES, limit=ORIGINALS_PAGE, above=after):
        yield from (Batch.from_json(one.data) for one in documents)
        after = documents[-1].id


def _loss_of_batch(ports: Ports, batch: Batch, of_pack: Callable[[str], Loss | None]) -> Loss | None:
    """The loss of the original of a batch, if it is lost. A replay has the original of its parent."""
    if batch.state in UNUSED_STATES or batch.kind is BatchKind.REPLAY:
        return None
    try:
        batch_originals.check_original(ports, batch)
    except UnreadableOriginal as error:
        return None if any(map(of_pack, _packs_of(ports, batch))) else batch_originals.loss_of_original(error)
    return None


def _loss_of_pack(ports: Ports, name: str) -> Loss | None:
    try:
        batch_originals.check_pack(ports, ports.objects.stat(INBOX, name))
    except Rejected as error:
        return _lost_pack(name, is_missing=isinstance(error, NotFound))
    return None


def _lost_pack(name: str, *, is_missing: bool) -> Loss:
    match = PACK_NAME.fullmatch(name)
    folder = match["folder"] if match else ""
    region = folder.partition("/")[2]
    state = "missing" if is_missing else "damaged"
    return Loss(
        LossKind.PACK,
        name,
        f"The kept originals of store sales in {INBOX}/{name} are {state}. The sales count, but they can be neither "
        "read again nor proved.",
        f"{batch_originals.FROM_BACKUP}, or accept the loss.",
        regions=(region,) if region else (),
    )


def _packs_of(ports: Ports, batch: Batch) -> Iterator[str]:
    """The names of the packs that may contain an original; a lost one is then a loss for all its originals.

    None while the original is an object of its own: a damaged one is not packed.
    """
    match = PACKABLE_NAME.fullmatch(batch.object)
    if not match or _exists(ports, batch):
        return
    for document in _packs(ports, ""):
        pack = PACK_NAME.fullmatch(document.data["object"])
        if pack and pack["folder"] == match["folder"] and int(pack["first"]) <= int(match["time"]) <= int(pack["last"]):
            yield document.data["object"]


def _exists(ports: Ports, batch: Batch) -> bool:
    try:
        ports.objects.stat(batch.bucket, batch.object)
    except NotFound:
        return False
    return True


def _look_again(ports: Ports) -> None:
    """Resolve the losses whose original or pack was put back."""
    checked = [one for one in losses.open_losses(ports) if one.loss.kind in LOSS_CHECKS]
    for one in checked[:MAX_LOSSES_CHECKED]:
        try:
            LOSS_CHECKS[one.loss.kind](ports, one.loss)
        except Rejected:
            continue
        losses.resolve_recovered(ports, one.loss.kind, one.loss.name)


def damaged_originals(ports: Ports) -> list[str]:
    """Read all originals, and return a sentence about each that is lost, unless somebody has dealt with that.

    Writes nothing. Raises `Unavailable`.
    """
    settled = {one.id for one in losses.all_losses(ports) if one.resolution in losses.FINAL}
    return [loss.message for _, _, loss in _in_order(ports, _VerificationRound()) if loss and loss.id not in settled]


def unread_originals(ports: Ports) -> list[str]:
    """A sentence about each batch that waits to be settled, and of which something is lost or damaged."""
    sentences = []
    for state in UNSETTLED_STATES:
        for upload in batch_records.find_batches(ports, state=state, kind=None, limit=None):
            name = f"{upload.file} (batch {upload.batch_id}), which is {upload.state},"
            if expiry.damaged(ports, upload):
                sentences.append(f"{name} has damaged staged rows. Run `sweep`.")
            try:
                batch_originals.check_original(ports, upload, trusting=True)
            except UnreadableOriginal as error:
                sentences.append(f"{name} cannot be read: {error}")
    return sentences
