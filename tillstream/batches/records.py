"""The records of batches: created, found, and moved from state to state by compare-and-set."""

from dataclasses import replace
from typing import Any

from tillstream import audit
from tillstream.audit import What
from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import Conflict, NotFound
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put

COLLECTION = "batches"
UNKNOWN_SENDER = "inbox"
"""The sender of an object that only its event tells of."""
CHUNK = 4 << 20
MADE = {"upload": What.UPLOAD_RECEIVED, "correction": What.UPLOAD_FIXED, "replay": What.UPLOAD_REPLAYED}
"""Micro-batches of store sales are nobody's doing: the log would hold nothing else."""
TOLD = ("state", "contract", "contract_version", "region", "holds", "confirmed", "as_new", "error")
"""What of a record its audit entries tell."""


def create(ports: Ports, upload: Upload) -> Upload:
    """Write a new record, or give the one that is there."""
    puts = [Put(COLLECTION, upload.batch_id, upload.to_json(), if_version=0)]
    if upload.kind in MADE:
        names = ("batch_id", "file", "size", "sha256", "contract", "contract_version", "region", "parent")
        after = {name: getattr(upload, name) for name in names if getattr(upload, name)}
        puts.append(
            audit.entry(ports, upload.received_by, MADE[upload.kind], upload.parent or upload.batch_id, None, after)
        )
    try:
        ports.documents.put_all(puts)
    except Conflict:
        return _with_sender(ports, upload)
    return upload


def _with_sender(ports: Ports, upload: Upload) -> Upload:
    """The record that is there; it takes the sender from `upload` where the event of the object made it first."""
    while True:
        document = _document(ports, upload.batch_id)
        known = Upload.from_json(document.data)
        if known.received_by != UNKNOWN_SENDER or upload.received_by == UNKNOWN_SENDER:
            return known
        named = replace(known, received_by=upload.received_by)
        try:
            ports.documents.put(COLLECTION, upload.batch_id, named.to_json(), if_version=document.version)
        except Conflict:
            continue
        return named


def get(ports: Ports, batch: str) -> Upload:
    """Raises `NotFound`."""
    return Upload.from_json(_document(ports, batch).data)


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
) -> list[Upload]:
    """Newest first."""
    where: dict[str, str | int | bool] = {}
    if state:
        where["state"] = str(state)
    if kind:
        where["kind"] = kind
    found = ports.documents.find(
        COLLECTION, where, order_by="received_seq", descending=True, limit=limit, offset=offset
    )
    return [Upload.from_json(document.data) for document in found]


def children(ports: Ports, parent: str, kind: str) -> list[Upload]:
    """Corrections or replays of a batch, first to last."""
    found = ports.documents.find(COLLECTION, {"parent": parent, "kind": kind}, order_by="fix_number")
    return [Upload.from_json(document.data) for document in found]


def move(
    ports: Ports,
    batch: str,
    state: State,
    *,
    among: frozenset[State] | None = None,
    read_as: Upload | None = None,
    told: tuple[str, What] | None = None,
    **changes: Any,
) -> Upload:
    """The record's next state by compare-and-set; where the present one is not `among`, the record as it is.

    read_as: also left as it is where it has another contract than this by now.
    told: who asked for it, and what it is to them; an audit entry goes with it in the same write.
    Raises `Rejected` when the state may not follow, `NotFound`.
    """
    while True:
        document = _document(ports, batch)
        upload = Upload.from_json(document.data)
        if among is not None and upload.state not in among:
            return upload
        if read_as and (upload.contract, upload.contract_version) != (read_as.contract, read_as.contract_version):
            return upload
        moved = upload.moved(state, ports.clock.now().isoformat(), **changes)
        try:
            puts = [Put(COLLECTION, batch, moved.to_json(), if_version=document.version)]
            ports.documents.put_all(puts + ([_entry(ports, *told, upload, moved)] if told else []))
        except Conflict:
            continue
        return moved


def cancel(ports: Ports, batch: str, by: str) -> Upload:
    """Take back an upload that is not in the ledger yet; `Rejected` once it is."""
    told = (by, What.UPLOAD_CANCELLED)
    return move(ports, batch, State.CANCELLED, told=told, error=f"Cancelled by {by}.")


def _entry(ports: Ports, who: str, what: What, old: Upload, new: Upload) -> Put:
    before, after = old.to_json(), new.to_json()
    changed = [name for name in TOLD if before[name] != after[name]]
    sides = [{"file": side["file"]} | {name: side[name] for name in changed} for side in (before, after)]
    return audit.entry(ports, who, what, new.batch_id, *sides)
