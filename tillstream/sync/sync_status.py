"""How far this home has synced: what the head office confirmed, the last agreement, and the last failure."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_IN_LEDGER, BatchState
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log, batch_records
from tillstream.stock import stored_movements
from tillstream.sync import journal
from tillstream.sync.journal import JOURNAL_ORIGIN, JOURNAL_START, JournalPosition

SYNC_COLLECTION, STATUS_DOCUMENT = "sync", "status"
_DAY_LISTS = ("differing", "differing_stock")
_COUNTED = STATES_IN_LEDGER | {BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED}
"""The states of sample files that count, or will soon."""


@dataclass(frozen=True)
class SyncStatus:
    """Times are ISO 8601 UTC text, empty before the first time."""

    to: str = ""
    """The address of the head office; empty before the first sync."""
    is_stopped: bool = False
    epoch: int = 1
    number: int = 0
    hash: str = JOURNAL_START
    base: JournalPosition = JOURNAL_ORIGIN
    """What the head office had confirmed of the entries that this epoch begins with, in the epoch before."""
    sent_at: str = ""
    """When a sync last came to its end."""
    agreed_at: str = ""
    agreed_number: int = 0
    differing: tuple[str, ...] = ()
    movements: int = 0
    """Stock movements that this home had at the last agreement about stock."""
    differing_stock: tuple[str, ...] = ()
    """Days of recording whose stock movements differed at the last comparison."""
    reference: str = ""
    """The state of the reference data of both sides after which nothing was left to exchange."""
    error: str = ""
    """Why the last sync failed; empty if it did not."""
    error_at: str = ""
    failing_since: str = ""
    """The first failure after the last sync that came to its end."""

    @property
    def position(self) -> JournalPosition:
        return JournalPosition(self.epoch, self.number, self.hash)


@dataclass(frozen=True)
class SyncLag:
    """What is not sent yet. settlements: their number. since: when the first one was settled; None if there is none."""

    settlements: int
    since: datetime | None
    movements: int = 0
    """Stock movements that were recorded since the last agreement about stock."""


def get_status(ports: Ports) -> SyncStatus:
    document = ports.documents.get(SYNC_COLLECTION, STATUS_DOCUMENT)
    return _status(document)


def syncs_to(ports: Ports) -> str:
    """The address of the head office; empty if this home has none, or its sync is stopped."""
    own = get_status(ports)
    return "" if own.is_stopped else own.to


def sync_lag(ports: Ports) -> SyncLag:
    """What the head office has not confirmed."""
    own = get_status(ports)
    number, last = own.number, journal.last_settlement_number(ports)
    unsent = max(count_movements(ports) - own.movements, 0)
    if last <= number:
        return SyncLag(0, None, unsent)
    query = "SELECT MIN(settled_at) AS first FROM settlements WHERE settlement_no > @number"
    return SyncLag(last - number, ports.warehouse.query(query, {"number": number}).column("first")[0].as_py(), unsent)


def count_movements(ports: Ports) -> int:
    """Number of stock movements in this home."""
    return stored_movements.count_movements(ports)


def begin_sync(ports: Ports, to: str, by: str) -> None:
    """Sync to the head office at this address from now on. Idempotent. Raises `Rejected` for a head office, and for a
    home with sample sales.

    Another head office than before has nothing of this home yet, so the status starts again.
    """
    if ports.documents.find(batch_records.SYNC_HOMES, {"removed_at": ""}, limit=1):
        raise Rejected(
            "Homes sync to this Tillstream, and it would send its own sales only. Let them sync to the other head "
            "office directly, and remove them here."
        )
    own = get_status(ports)
    if own.to != to or own.is_stopped:
        _check_sales(ports)

    def begun(old: SyncStatus) -> SyncStatus:
        return replace(old, is_stopped=False) if old.to == to else SyncStatus(to)

    _update(ports, begun, [audit_log.entry(ports, by, AuditAction.SYNC_BEGUN, to, None, {})])


def _check_sales(ports: Ports) -> None:
    """Raise `Rejected` if sample sales count: the head office would take them as real ones."""
    samples = ports.documents.find(batch_records.BATCHES, {"received_by": batch_records.SAMPLES})
    if count := sum(one.data["state"] in _COUNTED and not one.data.get("home") for one in samples):
        files = "1 sample file counts" if count == 1 else f"{count} sample files count"
        raise Rejected(
            f"{files} in this home, and would count at the head office as real sales. Begin with an empty home and "
            "TILLSTREAM_SAMPLES=false, or first undo all sample sales here, with those of the till and the web shop."
        )


def stop_sync(ports: Ports, by: str) -> None:
    """Sync no longer, until `begin_sync`. Idempotent."""
    entry = audit_log.entry(ports, by, AuditAction.SYNC_STOPPED, get_status(ports).to, None, {})
    _update(ports, lambda old: replace(old, is_stopped=True), [entry])


def note_position(ports: Ports, position: JournalPosition) -> None:
    """Note what the head office confirmed."""
    _change(ports, epoch=position.epoch, number=position.number, hash=position.hash)


def begin_epoch(ports: Ports, epoch: int, base: JournalPosition) -> None:
    """Note a new epoch. base: the position before it whose entries this home still has."""
    _change(ports, epoch=epoch, number=base.number, hash=base.hash, base=base)


def note_comparison(ports: Ports, number: int, days: Sequence[str]) -> None:
    """Note the days that differ after an entry; none: both sides agree."""
    agreed = {} if days else {"agreed_at": _now(ports), "agreed_number": number}
    _change(ports, differing=tuple(days), **agreed)


def note_stock(ports: Ports, movements: int, days: Sequence[str]) -> None:
    """Note the days whose movements differ; none: both sides have all of these movements."""
    agreed = {} if days else {"movements": movements}
    _change(ports, differing_stock=tuple(days), **agreed)


def note_reference(ports: Ports, state: str, *, before: str | None = None) -> None:
    """Note the state of the reference data of both sides after which nothing is left to exchange; empty: compare.

    before: what was noted at the start of the comparison; if it has changed since, nothing is noted.
    """
    _update(ports, lambda old: replace(old, reference=state) if before in {None, old.reference} else old)


def note_end(ports: Ports) -> None:
    """Note that a sync came to its end."""
    _change(ports, sent_at=_now(ports), error="", failing_since="")


def note_failure(ports: Ports, why: str) -> None:
    now = _now(ports)
    _update(ports, lambda old: replace(old, error=why, error_at=now, failing_since=old.failing_since or now))


def _now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")


def _change(ports: Ports, **changes: Any) -> None:
    _update(ports, lambda old: replace(old, **changes))


def _update(ports: Ports, change: Callable[[SyncStatus], SyncStatus], also: Sequence[Put] = ()) -> None:
    """also: documents to write in the same transaction, if anything changes."""

    def changed(document: Document | None) -> Update | Document | None:
        old = _status(document)
        new = change(old)
        return document if new == old else Update(_data(new), also)

    update_document(ports.documents, SYNC_COLLECTION, STATUS_DOCUMENT, changed)


def _data(own: SyncStatus) -> dict[str, Any]:
    return asdict(own) | {name: list(getattr(own, name)) for name in _DAY_LISTS}


def _status(document: Document | None) -> SyncStatus:
    if document is None:
        return SyncStatus()
    days = {name: tuple(document.data.get(name, ())) for name in _DAY_LISTS}
    return SyncStatus(**document.data | days | {"base": JournalPosition(**document.data.get("base", {}))})
