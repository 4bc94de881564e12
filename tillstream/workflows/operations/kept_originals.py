"""Verification of kept originals against their hashes, so that damage is found before they are needed.

Each sweep reads a share: it continues where the last one ended, and begins again a day after the last beginning. It
reports a loss for what is missing or damaged, and resolves the losses of what is whole again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial

from tillstream.analytics import reference
from tillstream.model.batch import Batch, BatchKind, BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import INBOX
from tillstream.model.file_names import PACK_NAME, PACKABLE_NAME
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.records import batch_originals, batch_records, losses
from tillstream.records.batch_originals import UnreadableOriginal
from tillstream.records.losses import Loss, LossKind, LossRecord
from tillstream.workflows.operations import maintenance_log
from tillstream.workflows.operations.loss_decisions import CHECKS

VERIFIED = "originals"
"""Document of the maintenance log: when the round began, and the last pack and batch that it has read."""
EVERY = timedelta(days=1)
"""Least time between the starts of two rounds of schedules."""
PAGE = 100
OF_ORIGINALS = frozenset({LossKind.ORIGINAL, LossKind.PACK})
MOST_AGAIN = 20
"""Open losses that one sweep looks at again."""
UNSETTLED = (BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED, BatchState.HELD, BatchState.FAILED)
UNUSED = frozenset({BatchState.REJECTED, BatchState.CANCELLED})
"""States in which nothing reads the original again."""


@dataclass(frozen=True)
class Share:
    """What one sweep may read."""

    files: int = 200
    bytes: int = 64 << 20


IN_SERVER, IN_FUNCTION, IN_COMMAND = Share(), Share(40, 64 << 20), Share(20_000, 2 << 30)


@dataclass
class _Round:
    """began: ISO 8601; pack, batch: the ids of the last ones read; "~" when all were."""

    began: str = ""
    pack: str = ""
    batch: str = ""

    @property
    def is_over(self) -> bool:
        return (self.pack, self.batch) == (_END, _END)


_END = "~"


def verify(ports: Ports, share: Share = IN_SERVER, *, again: bool = False) -> list[str]:
    """Read the next share; return a sentence about each loss that was not known. Idempotent. Raises `Unavailable`.

    again: begin now if the last round is over, instead of a day after its start; for a person who asks.
    """
    _look_again(ports)
    now = ports.clock.now()
    document = ports.documents.get(maintenance_log.COLLECTION, VERIFIED)
    before = _Round(**document.data) if document else _Round()
    current = _Round(now.isoformat(timespec="seconds")) if _is_due(before, now, again=again) else before
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
        ports.documents.put(maintenance_log.COLLECTION, VERIFIED, vars(current))
    return [*sentences, *(f"{one.loss.message} {one.loss.remedy}" for one in new)]


def verify_all(ports: Ports) -> list[str]:
    """Read all originals; return a sentence about each that is lost and that nobody has dealt with.

    Idempotent. Raises `Unavailable`.
    """
    _look_again(ports)
    for _, _, loss in _in_order(ports, _Round()):
        if loss:
            losses.report_losses(ports, loss)
    return [one.loss.message for one in losses.open_losses(ports) if one.loss.kind in OF_ORIGINALS]


def _is_due(last: _Round, now: datetime, *, again: bool) -> bool:
    if not last.began:
        return True
    began = datetime.fromisoformat(last.began)
    return last.is_over and (again or not began <= now < began + EVERY)


def _in_order(ports: Ports, place: _Round) -> Iterator[tuple[_Round, int, Loss | None]]:
    """Read what follows in the round; yield where it is then, the bytes, and the loss, if there is one."""
    of_pack = cache(partial(_of_pack, ports))
    for pack in _packs(ports, place.pack):
        loss = of_pack(pack.data["object"])
        place = replace(place, pack=pack.id)
        yield place, pack.data["bytes"], loss
    place = replace(place, pack=_END)
    for batch in _batches(ports, place.batch):
        loss = _of_batch(ports, batch, of_pack)
        place = replace(place, batch=batch.batch_id)
        yield place, batch.size, loss
    yield replace(place, batch=_END), 0, None


def _packs(ports: Ports, after: str) -> Iterator[Document]:
    while documents := ports.documents.find(batch_originals.PACKS, limit=PAGE, above=after):
        yield from documents
        after = documents[-1].id


def _batches(ports: Ports, after: str) -> Iterator[Batch]:
    while documents := ports.documents.find(batch_records.BATCHES, limit=PAGE, above=after):
        yield from (Batch.from_json(one.data) for one in documents)
        after = documents[-1].id


def _of_batch(ports: Ports, batch: Batch, of_pack: Callable[[str], Loss | None]) -> Loss | None:
    """The loss of the original of a batch, if it is lost. A replay has the original of its parent."""
    if batch.state in UNUSED or batch.kind is BatchKind.REPLAY:
        return None
    try:
        batch_originals.check_original(ports, batch)
    except UnreadableOriginal as error:
        return None if any(map(of_pack, _packs_of(ports, batch))) else batch_originals.loss_of_original(error)
    return None


def _of_pack(ports: Ports, name: str) -> Loss | None:
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
    checked = [one for one in losses.open_losses(ports) if one.loss.kind in CHECKS]
    for one in checked[:MOST_AGAIN]:
        try:
            CHECKS[one.loss.kind](ports, one.loss)
        except Rejected:
            continue
        losses.resolve_recovered(ports, one.loss.kind, one.loss.name)


def damaged(ports: Ports) -> list[str]:
    """Read all originals, and return a sentence about each that is lost, unless somebody has dealt with that.

    Writes nothing. Raises `Unavailable`.
    """
    settled = {one.id for one in losses.all_losses(ports) if one.resolution in losses.FINAL}
    return [loss.message for _, _, loss in _in_order(ports, _Round()) if loss and loss.id not in settled]


def unread(ports: Ports) -> list[str]:
    """A sentence about each batch that waits to be settled, and of which something is lost or damaged."""
    sentences = []
    for state in UNSETTLED:
        for upload in batch_records.find_batches(ports, state=state, kind=None, limit=None):
            name = f"{upload.file} (batch {upload.batch_id}), which is {upload.state},"
            if expiry.damaged(ports, upload):
                sentences.append(f"{name} has damaged staged rows. Run `sweep`.")
            try:
                batch_originals.check_original(ports, upload, trusting=True)
            except UnreadableOriginal as error:
                sentences.append(f"{name} cannot be read: {error}")
    return sentences
