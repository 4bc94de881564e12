"""Batch records: create, find, and change their state by compare-and-set."""

from dataclasses import replace
from typing import Any

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.domain.batch import Batch, State
from tillstream.domain.errors import Conflict, NotFound
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put

COLLECTION = "batches"
UNKNOWN_SENDER = "inbox"
"""Sender of an object that is known only from its event."""
CHUNK = 4 << 20
_CREATED = {
    "upload": AuditAction.UPLOAD_RECEIVED,
    "correction": AuditAction.UPLOAD_FIXED,
    "replay": AuditAction.UPLOAD_REPLAYED,
}
"""Audit action by kind. Micro-batches of store sales are not audited; they would drown the log."""
_AUDITED = ("state", "contract", "contract_version", "region", "holds", "confirmed", "as_new", "error")
"""The fields of a record that audit entries contain."""


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
    """The existing record; if the object event created it first, its unknown sender is set from `upload`."""
    while True:
        document = _document(ports, upload.batch_id)
        existing = Batch.from_json(document.data)
        if existing.received_by != UNKNOWN_SENDER or upload.received_by == UNKNOWN_SENDER:
            return existing
        updated = replace(existing, received_by=upload.received_by)
        try:
            ports.documents.put(COLLECTION, upload.batch_id, updated.to_json(), if_version=document.version)
        except Conflict:
            continue
        return updated


def get(ports: Ports, batch: str) -> Batch:
    """The record of a batch. Raises `NotFound`."""
    return Batch.from_json(_document(ports, batch).data)


def _document(ports: Ports, batch: str) -> Document:
    document = ports.documents.get(COLLECTION, batch)
    if document is None:
        raise NotFound(f"There is no batch {batch}.")
    return document


def find(
    ports: Ports,
    *,
    state: State | str | None = None,
    kind: str | None = "upload",
    limit: int | None = 50,
    offset: int = 0,
) -> list[Batch]:
    """Records that match, newest first."""
    where: dict[str, str | int | bool] = {}
    if state:
        where["state"] = str(state)
    if kind:
        where["kind"] = kind
    documents = ports.documents.find(
        COLLECTION, where, order_by="received_seq", descending=True, limit=limit, offset=offset
    )
    return [Batch.from_json(document.data) for document in documents]


def children(ports: Ports, parent: str, kind: str) -> list[Batch]:
    """Corrections or replays of a batch, oldest first."""
    documents = ports.documents.find(COLLECTION, {"parent": parent, "kind": kind}, order_by="fix_number")
    return [Batch.from_json(document.data) for document in documents]


def transition(
    ports: Ports,
    batch: str,
    state: State,
    *,
    only_from: frozenset[State] | None = None,
    expected: Batch | None = None,
    audit: tuple[str, AuditAction] | None = None,
    **changes: Any,
) -> Batch:
    """Change a record's state by compare-and-set; no-op unless its present state is in `only_from`.

    expected: no-op if the record's contract or contract version has changed since this was read.
    audit: (actor, action) of an audit entry, written in the same transaction.
    Returns the record. Raises `Rejected` if the transition is not allowed, `NotFound`.
    """
    while True:
        document = _document(ports, batch)
        upload = Batch.from_json(document.data)
        if only_from is not None and upload.state not in only_from:
            return upload
        if expected and (upload.contract, upload.contract_version) != (expected.contract, expected.contract_version):
            return upload
        moved = upload.with_state(state, ports.clock.now().isoformat(), **changes)
        try:
            puts = [Put(COLLECTION, batch, moved.to_json(), if_version=document.version)]
            ports.documents.put_all(puts + ([_entry(ports, *audit, upload, moved)] if audit else []))
        except Conflict:
            continue
        return moved


def cancel(ports: Ports, batch: str, by: str) -> Batch:
    """Cancel a batch that is not in the ledger yet; `Rejected` once it is."""
    audit_entry = (by, AuditAction.UPLOAD_CANCELLED)
    return transition(ports, batch, State.CANCELLED, audit=audit_entry, error=f"Cancelled by {by}.")


def _entry(ports: Ports, who: str, what: AuditAction, old: Batch, new: Batch) -> Put:
    before, after = old.to_json(), new.to_json()
    changed = [name for name in _AUDITED if before[name] != after[name]]
    values = [{"file": record["file"]} | {name: record[name] for name in changed} for record in (before, after)]
    return audit.entry(ports, who, what, new.batch_id, *values)
