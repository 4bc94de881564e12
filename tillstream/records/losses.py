"""Losses: what was acknowledged or kept and is missing or damaged, one record each, until somebody has dealt with it.

A check that finds a loss calls `report_losses`; the status page, `/healthz/ready`, `tillstream status` and the alert
`data-lost` show what `open_losses` returns. A check that finds the thing whole again calls `resolve_recovered`. People
decide with `resolve_loss`, and take that back with `reopen_loss`; both are audited.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from hashlib import sha256

from tillstream.model.audit import AuditAction
from tillstream.model.document_json import JsonObject, from_json, to_json
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records.collection import Collection

SYSTEM = "tillstream"
"""Who resolved a loss that a check found whole again."""
MAX_REASON = 500
"""Characters of a reason."""


class LossKind(StrEnum):
    """What is lost. Stored, and part of the public names."""

    ORIGINAL = "original"
    """The kept original of a batch."""
    PACK = "pack"
    """A pack of originals of store sales."""
    STORE_SALES = "store-sales"
    """Sales whose receipt was acknowledged to a till or form."""
    STATE = "state"
    """A state file of the home, such as a database."""


TITLES = {
    LossKind.ORIGINAL: "A kept original is lost or damaged",
    LossKind.PACK: "Kept originals of store sales are lost or damaged",
    LossKind.STORE_SALES: "Acknowledged sales of stores are missing",
    LossKind.STATE: "A file of the home is lost or damaged",
}
"""Kind → its name for users."""


class Resolution(StrEnum):
    """How a loss was dealt with. Stored, and part of the public names."""

    RESTORED = "restored"
    """Put back from a backup, and found whole."""
    SENT_AGAIN = "sent-again"
    """Received again from its source."""
    ACCEPTED = "accepted"
    """Accepted as lost, for a reason."""


FINAL = frozenset({Resolution.SENT_AGAIN, Resolution.ACCEPTED})
"""Resolutions after which the thing may stay lost."""


@dataclass(frozen=True)
class Loss:
    """One thing that is lost. A second report of the same kind and name is the same loss.

    name: what it is, such as the name of an object, a file or a store; stable, so that it is found again. message: one
    sentence on what is missing since when. remedy: sentences on what to do. batch: the batch it belongs to, if any.
    regions, stores: whose sales are affected, as far as known; a store is `REGION/STORE`.
    """

    kind: LossKind
    name: str
    message: str
    remedy: str
    batch: str = ""
    regions: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return _id(self.kind, self.name)


@dataclass(frozen=True)
class LossRecord:
    """A loss and what was decided about it. since, resolved_at: ISO 8601 UTC; resolution: None while it is open."""

    loss: Loss
    since: str
    resolution: Resolution | None = None
    resolved_by: str = ""
    resolved_at: str = ""
    reason: str = ""

    @property
    def id(self) -> str:
        return self.loss.id

    @property
    def is_open(self) -> bool:
        return self.resolution is None

    def to_json(self) -> JsonObject:
        """As stored, as `--json` prints it and as the API returns it."""
        own = {name: value for name, value in asdict(self).items() if name != "loss"}
        return {"id": self.id, **to_json(self.loss), **own, "is_open": self.is_open}


LOSSES = Collection(
    "losses",
    LossRecord,
    "loss",
    lambda record: {"resolution": record.resolution or "open", "reason": record.reason},
    lambda record: record.loss.name,
    parse=lambda document: from_json(LossRecord, {**document.data, "loss": document.data}),
    data=LossRecord.to_json,
)
get_loss = LOSSES.get


def report_losses(ports: Ports, *lost: Loss) -> list[LossRecord]:
    """Record losses; return those that were not open before. Idempotent. Raises `Unavailable`.

    A loss that was restored opens again; one that was sent again or accepted stays resolved.
    """
    return [opened for loss in lost if (opened := _report(ports, loss))]


def resolve_recovered(ports: Ports, kind: LossKind, name: str) -> bool:
    """Resolve a loss whose thing was found whole; return whether it was open. Idempotent. Raises `Unavailable`.

    Also of one that was accepted or sent again, so that the next damage of the thing is a loss.
    """
    before = find_loss(ports, kind, name)
    if before is None or before.resolution is Resolution.RESTORED:
        return False
    _resolve(ports, before.id, Resolution.RESTORED, "It was found whole.", SYSTEM)
    return before.is_open


def find_loss(ports: Ports, kind: LossKind, name: str) -> LossRecord | None:
    """The record of the loss of a thing, if it was ever lost. Raises `Unavailable`."""
    return LOSSES.get_or_none(ports, _id(kind, name))


def is_final(ports: Ports, kind: LossKind, name: str) -> bool:
    """Whether a person has decided that the thing may stay lost. Raises `Unavailable`."""
    lost = find_loss(ports, kind, name)
    return lost is not None and lost.resolution in FINAL


def open_losses(ports: Ports) -> list[LossRecord]:
    """The losses that nobody has dealt with, oldest first. Raises `Unavailable`."""
    return sorted(LOSSES.find(ports, {"is_open": True}), key=_oldest_first)


def headline(open_: Sequence[LossRecord]) -> str:
    """The headline of a page: the first sentence of the oldest, and how many others there are; empty without losses."""
    if not open_:
        return ""
    first = open_[0].loss.message.split(". ")[0].rstrip(".")
    return f"Lost or damaged: {first}" + (f", and {len(open_) - 1:,} more." if len(open_) > 1 else ".")


def all_losses(ports: Ports) -> list[LossRecord]:
    """All losses, also those that were dealt with, oldest first. Raises `Unavailable`."""
    return sorted(LOSSES.find(ports), key=_oldest_first)


def lost_names(ports: Ports, kind: LossKind) -> list[str]:
    """The names of all losses of a kind. Raises `Unavailable`."""
    return [record.loss.name for record in LOSSES.find(ports, {"kind": kind.value})]


def resolve_loss(ports: Ports, id: str, resolution: Resolution, reason: str, *, by: str) -> LossRecord:
    """Note how a loss was dealt with. Whether a thing is restored is for the caller to check before.

    Idempotent. Raises `NotFound`, `Unavailable`, and `Rejected` for a loss that is accepted without a reason.
    """
    reason = reason.strip()
    if resolution is Resolution.ACCEPTED and not reason:
        raise Rejected("Give a reason for accepting the loss. It is kept in the audit log.")
    if len(reason) > MAX_REASON:
        raise Rejected(f"The reason has {len(reason):,} characters; at most {MAX_REASON} are kept. Shorten it.")
    return _resolve(ports, id, resolution, reason, by)


def reopen_loss(ports: Ports, id: str, *, by: str) -> LossRecord:
    """Take back what was decided about a loss. Idempotent. Raises `NotFound`, `Unavailable`."""

    def reopened(before: LossRecord) -> LossRecord | None:
        return None if before.is_open else LossRecord(before.loss, before.since)

    return LOSSES.change(ports, id, by, AuditAction.LOSS_REOPENED, reopened)


def _id(kind: LossKind, name: str) -> str:
    return f"{kind}-{sha256(name.encode()).hexdigest()[:16]}"


def _report(ports: Ports, loss: Loss) -> LossRecord | None:
    opened: LossRecord | None = None

    def change(document: Document | None) -> Update | Document | None:
        nonlocal opened
        opened = None
        before = LOSSES.record(document) if document else None
        if before and before.resolution in FINAL:
            return document
        if before and before.is_open:
            after = replace(before, loss=loss)
        else:
            after = opened = LossRecord(loss, ports.clock.now().isoformat(timespec="seconds"))
        return document if before == after else Update(after.to_json())

    update_document(ports.documents, LOSSES.name, loss.id, change)
    return opened


def _resolve(ports: Ports, id: str, resolution: Resolution, reason: str, by: str) -> LossRecord:
    at = ports.clock.now().isoformat(timespec="seconds")

    def resolved(before: LossRecord) -> LossRecord | None:
        if before.resolution is resolution and before.reason == reason:
            return None
        return replace(before, resolution=resolution, resolved_by=by, resolved_at=at, reason=reason)

    return LOSSES.change(ports, id, by, AuditAction.LOSS_RESOLVED, resolved)


def _oldest_first(record: LossRecord) -> tuple[str, str]:
    return record.since, record.id
