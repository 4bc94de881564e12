"""Batch records: create, find, and change their state by compare-and-set."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Unpack

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.domain.batch.record import Batch, BatchChanges, BatchKind, State
from tillstream.domain.errors import Conflict, NotFound
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put, Update, update

COLLECTION = "batches"
UNKNOWN_SENDER = "inbox"
"""`received_by` of a batch whose record was created from the event of its inbox object."""
WATCHED_FOLDER = "watched folder"
"""`received_by` of a file from a watched folder."""
SAMPLES = "samples"
"""`received_by` of the sample files."""
_CONNECTOR = "connector "
CHUNK = 4 << 20
_CREATED = {
    BatchKind.UPLOAD: AuditAction.UPLOAD_RECEIVED,
    BatchKind.CORRECTION: AuditAction.UPLOAD_FIXED,
    BatchKind.REPLAY: AuditAction.UPLOAD_REPLAYED,
}
"""Kind → audit action. Micro-batches of store sales are not audited: their number would hide all other entries."""
_AUDITED = ("state", "contract", "contract_version", "region", "holds", "confirmed", "as_new", "error")
"""The fields of a record that audit entries contain."""


def connector_sender(connector: str) -> str:
    """`received_by` of a file that a connector pulled."""
    return f"{_CONNECTOR}{connector}"


def is_unattended(batch: Batch) -> bool:
    """Whether a file comes from a folder, the inbox or a connector, without a person who looked at it."""
    return batch.received_by in {WATCHED_FOLDER, UNKNOWN_SENDER} or batch.received_by.startswith(_CONNECTOR)


def create(ports: Ports, upload: Batch) -> Batch:
    """Write a new record, or return the existing one."""
    puts = [Put(COLLECTION, upload.batch_id, upload.to_json(), if_version=0)]
    if upload.kind in _CREATED:
        names = ("batch_id", "file", "size", "sha256", "contract", "contract_version", "region", "parent")
        after = {name: getattr(upload, name) for name in names if getattr(upload, name)}
        puts.append(
            audit.entry(ports, upload.received_by, _CREATED[upload.kind], upload.parent or upload.batch_id, None, after)
        )
    try:
        ports.documents.put_all(puts)
    except Conflict:
        return _with_sender(ports, upload)
    return upload


def _with_sender(ports: Ports, upload: Batch) -> Batch:
    """The existing record; if the object event created it first, its sender and arrival are set from `upload`."""

    def with_sender(existing: Batch) -> Batch:
        if existing.received_by != UNKNOWN_SENDER or upload.received_by == UNKNOWN_SENDER:
            return existing
        named = replace(existing, received_by=upload.received_by)
        if existing.state is not State.RECEIVED:
            return named
        return replace(named, received_seq=upload.received_seq, received_at=upload.received_at)

    return _update(ports, upload.batch_id, with_sender)


def get(ports: Ports, batch: str) -> Batch:
    """The record of a batch. Raises `NotFound`."""
    return Batch.from_json(_existing(ports.documents.get(COLLECTION, batch), batch).data)


def _existing(document: Document | None, batch: str) -> Document:
    if document is None:
        raise NotFound(f"There is no batch {batch}.")
    return document


def find(
    ports: Ports,
    *,
    state: State | str | None = None,
    kind: BatchKind | None = BatchKind.UPLOAD,
    limit: int | None = 50,
    offset: int = 0,
) -> list[Batch]:
    """Records that match, newest first."""
    where: dict[str, str | int | bool] = {}
    if state:
        where["state"] = str(state)
    if kind:
        where["kind"] = kind.value
    documents = ports.documents.find(
        COLLECTION, where, order_by="received_seq", descending=True, limit=limit, offset=offset
    )
    return [Batch.from_json(document.data) for document in documents]


def of_settlement(ports: Ports, settlement_no: int) -> list[Batch]:
    """Batches that this settlement added to the ledger, in no particular order."""
    documents = ports.documents.find(COLLECTION, {"settlement_no": settlement_no})
    return [Batch.from_json(document.data) for document in documents]


def of_content(ports: Ports, sha256: str) -> list[Batch]:
    """Batches of these bytes, in no particular order."""
    documents = ports.documents.find(COLLECTION, {"sha256": sha256})
    return [Batch.from_json(document.data) for document in documents]


def undone_in(ports: Ports, settlement_no: int) -> list[Batch]:
    """Batches that this settlement undid or replaced, in no particular order."""
    documents = ports.documents.find(COLLECTION, {"undone_no": settlement_no})
    return [Batch.from_json(document.data) for document in documents]


def every(ports: Ports, page: int = 1_000) -> Iterator[Batch]:
    """Yield all records by batch id, a page at a time."""
    last = None
    while documents := ports.documents.find(COLLECTION, limit=page, above=last):
        yield from (Batch.from_json(document.data) for document in documents)
        last = documents[-1].id


def last_settlement(ports: Ports) -> int:
    """The greatest settlement that a record names; 0 if none does."""
    settled = ports.documents.find(COLLECTION, order_by="settlement_no", descending=True, limit=1)
    undone = ports.documents.find(COLLECTION, order_by="undone_no", descending=True, limit=1)
    numbers = [document.data.get("settlement_no", 0) for document in settled]
    numbers += [document.data.get("undone_no", 0) for document in undone]
    return max(map(int, numbers), default=0)


def same_bytes(ports: Ports, upload: Batch) -> list[Batch]:
    """Uploads with the bytes of this one, itself included, in no particular order."""
    documents = ports.documents.find(COLLECTION, {"sha256": upload.sha256, "kind": BatchKind.UPLOAD.value})
    return [Batch.from_json(document.data) for document in documents]


def children(ports: Ports, parent: str, kind: BatchKind) -> list[Batch]:
    """Corrections or replays of a batch, oldest first."""
    documents = ports.documents.find(COLLECTION, {"parent": parent, "kind": kind.value}, order_by="fix_number")
    return [Batch.from_json(document.data) for document in documents]


def transition(
    ports: Ports,
    batch: str,
    state: State | None,
    *,
    only_from: frozenset[State] | None = None,
    expected: Batch | None = None,
    audit: tuple[str, AuditAction] | None = None,
    audits: Sequence[Put] = (),
    **changes: Unpack[BatchChanges],
) -> Batch:
    """Change a record's state by compare-and-set; no-op unless its present state is in `only_from`.

    state: None keeps the present one.
    expected: no-op if the record's contract or contract version has changed since this was read.
    audit: (actor, action) of an audit entry, written in the same transaction; audits: complete entries.
    Returns the record. Raises `Rejected` if the transition is not allowed, `NotFound`.
    """

    def moved(upload: Batch) -> Batch:
        if only_from is not None and upload.state not in only_from:
            return upload
        if expected and (upload.contract, upload.contract_version) != (expected.contract, expected.contract_version):
            return upload
        return upload.with_state(state or upload.state, ports.clock.now().isoformat(), **changes)

    return _update(
        ports, batch, moved, lambda old, new: [*audits, *([_entry(ports, *audit, old, new)] if audit else [])]
    )


def _update(
    ports: Ports,
    batch: str,
    change: Callable[[Batch], Batch],
    also: Callable[[Batch, Batch], Sequence[Put]] = lambda _old, _new: (),
) -> Batch:
    """Update a record with `change(record)`, which returns the record itself to write nothing. Raises `NotFound`."""

    def changed(document: Document | None) -> Update | Document:
        stored = _existing(document, batch)
        old = Batch.from_json(stored.data)
        new = change(old)
        return stored if new is old else Update(new.to_json(), also(old, new))

    return Batch.from_json(update(ports.documents, COLLECTION, batch, changed).data)


def repair(ports: Ports, batch: str, change: Callable[[Batch], Batch]) -> Batch:
    """Correct a record that contradicts the ledger; the transitions of work do not apply. Raises `NotFound`."""
    return _update(ports, batch, change)


def cancel(ports: Ports, batch: str, by: str) -> Batch:
    """Cancel a batch that is not in the ledger yet; `Rejected` once it is."""
    audit_entry = (by, AuditAction.UPLOAD_CANCELLED)
    return transition(ports, batch, State.CANCELLED, audit=audit_entry, error=f"Cancelled by {by}.")


def _entry(ports: Ports, who: str, what: AuditAction, old: Batch, new: Batch) -> Put:
    before, after = old.to_json(), new.to_json()
    changed = [name for name in _AUDITED if before[name] != after[name]]
    values = [{"file": record["file"]} | {name: record[name] for name in changed} for record in (before, after)]
    return audit.entry(ports, who, what, new.batch_id, *values)
