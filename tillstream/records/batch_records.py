"""Batch records: states by compare-and-set, lineage, and the events that trigger the next pipeline step."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Unpack

from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchChanges, BatchKind, BatchState
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.events import (
    BATCH_RECEIVED,
    BATCH_SETTLED,
    BATCH_STAGED,
    SALES_RECEIVED,
    SALES_STAGED,
    TOPIC_BATCHES,
)
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log, data_version

SYNC_HOMES = "sync_homes"
"""The homes that sync to this one, by name."""

BATCHES = "batches"
UNKNOWN_SENDER = "inbox"
"""`received_by` of a batch whose record was created from the event of its inbox object."""
WATCHED_FOLDER = "watched folder"
"""`received_by` of a file from a watched folder."""
SAMPLES = "samples"
"""`received_by` of the sample files."""
_CONNECTOR = "connector "
CHUNK_BYTES = 4 << 20
_CREATED = {
    BatchKind.UPLOAD: AuditAction.UPLOAD_RECEIVED,
    BatchKind.CORRECTION: AuditAction.UPLOAD_FIXED,
    BatchKind.REPLAY: AuditAction.UPLOAD_REPLAYED,
}
"""Kind → audit action. Micro-batches of store sales are not audited: their number would hide all other entries."""
_AUDITED = ("state", "contract", "contract_version", "region", "holds", "confirmed", "as_new", "error")
"""The fields of a record that audit entries contain."""

HOME, SALE_IDS = "home", "sale-ids"


def is_home_removed(ports: Ports, home: str) -> bool:
    """Whether a home syncs to this one no longer, so that its batches are undone and corrected here."""
    document = ports.documents.get(SYNC_HOMES, home)
    return document is not None and bool(document.data["removed_at"])


def check_changeable_here(ports: Ports, upload: Batch) -> None:
    """Raise `Rejected` if the batch can be undone or corrected in its home only."""
    if upload.home and not is_home_removed(ports, upload.home):
        raise Rejected(
            f"{upload.file} is a batch of the home {upload.home}. Undo, correct or replay it there; the change arrives "
            "with the next sync."
        )


def check_batch_of_home(ports: Ports, upload: Batch) -> None:
    """Raise `Rejected` if the batch was synced from another home."""
    check_changeable_here(ports, upload)
    if upload.home:
        raise Rejected(
            f"{upload.file} is a batch of the home {upload.home}, which was removed. It can only be undone or "
            "corrected. To read its file in another way, undo it and upload the file here."
        )


def connector_sender(connector: str) -> str:
    """`received_by` of a file that a connector pulled."""
    return f"{_CONNECTOR}{connector}"


def is_unattended(batch: Batch) -> bool:
    """Whether a file comes from a folder, the inbox or a connector, without a person who looked at it."""
    return batch.received_by in {WATCHED_FOLDER, UNKNOWN_SENDER} or batch.received_by.startswith(_CONNECTOR)


def create_batch(ports: Ports, upload: Batch) -> Batch:
    """Write a new record, or return the existing one."""
    puts = [Put(BATCHES, upload.batch_id, upload.to_json(), if_version=0)]
    if upload.kind in _CREATED:
        names = ("batch_id", "file", "size", "sha256", "contract", "contract_version", "region", "parent")
        after = {name: getattr(upload, name) for name in names if getattr(upload, name)}
        puts.append(
            audit_log.entry(
                ports, upload.received_by, _CREATED[upload.kind], upload.parent or upload.batch_id, None, after
            )
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
        if existing.state is not BatchState.RECEIVED:
            return named
        return replace(named, received_seq=upload.received_seq, received_at=upload.received_at)

    return _update(ports, upload.batch_id, with_sender)


def get_batch(ports: Ports, batch: str) -> Batch:
    """The record of a batch. Raises `NotFound`."""
    return Batch.from_json(_existing(ports.documents.get(BATCHES, batch), batch).data)


def _existing(document: Document | None, batch: str) -> Document:
    if document is None:
        raise NotFound(f"There is no batch {batch}.")
    return document


def count_batches(ports: Ports, state: BatchState) -> int:
    return ports.documents.count(BATCHES, {"state": state.value})


def find_batches(
    ports: Ports,
    *,
    state: BatchState | str | None = None,
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
        BATCHES, where, order_by="received_seq", descending=True, limit=limit, offset=offset
    )
    return [Batch.from_json(document.data) for document in documents]


def batches_of_settlement(ports: Ports, settlement_no: int) -> list[Batch]:
    """Batches that this settlement added to the ledger, in no particular order."""
    documents = ports.documents.find(BATCHES, {"settlement_no": settlement_no})
    return [Batch.from_json(document.data) for document in documents]


def batches_of_content(ports: Ports, sha256: str) -> list[Batch]:
    """Batches of these bytes, in no particular order."""
    documents = ports.documents.find(BATCHES, {"sha256": sha256})
    return [Batch.from_json(document.data) for document in documents]


def batches_undone_in(ports: Ports, settlement_no: int) -> list[Batch]:
    """Batches that this settlement undid or replaced, in no particular order."""
    documents = ports.documents.find(BATCHES, {"undone_no": settlement_no})
    return [Batch.from_json(document.data) for document in documents]


def all_batches(ports: Ports, page: int = 1_000) -> Iterator[Batch]:
    """Yield all records by batch id, a page at a time."""
    last = None
    while documents := ports.documents.find(BATCHES, limit=page, above=last):
        yield from (Batch.from_json(document.data) for document in documents)
        last = documents[-1].id


def last_recorded_settlement(ports: Ports) -> int:
    """The greatest settlement that a record names; 0 if none does."""
    settled = ports.documents.find(BATCHES, order_by="settlement_no", descending=True, limit=1)
    undone = ports.documents.find(BATCHES, order_by="undone_no", descending=True, limit=1)
    numbers = [document.data.get("settlement_no", 0) for document in settled]
    numbers += [document.data.get("undone_no", 0) for document in undone]
    return max(map(int, numbers), default=0)


def uploads_of_same_bytes(ports: Ports, upload: Batch) -> list[Batch]:
    """Uploads with the bytes of this one, itself included, in no particular order."""
    documents = ports.documents.find(BATCHES, {"sha256": upload.sha256, "kind": BatchKind.UPLOAD.value})
    return [Batch.from_json(document.data) for document in documents]


def child_batches(ports: Ports, parent: str, kind: BatchKind) -> list[Batch]:
    """Corrections or replays of a batch, oldest first."""
    documents = ports.documents.find(BATCHES, {"parent": parent, "kind": kind.value}, order_by="fix_number")
    return [Batch.from_json(document.data) for document in documents]


def transition_batch(
    ports: Ports,
    batch: str,
    state: BatchState | None,
    *,
    only_from: frozenset[BatchState] | None = None,
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

    return Batch.from_json(update_document(ports.documents, BATCHES, batch, changed).data)


def repair_batch(ports: Ports, batch: str, change: Callable[[Batch], Batch]) -> Batch:
    """Correct a record that contradicts the ledger; the transitions of work do not apply. Raises `NotFound`."""
    return _update(ports, batch, change)


def cancel_batch(ports: Ports, batch: str, by: str) -> Batch:
    """Cancel a batch that is not in the ledger yet; `Rejected` once it is."""
    audit_entry = (by, AuditAction.UPLOAD_CANCELLED)
    return transition_batch(ports, batch, BatchState.CANCELLED, audit=audit_entry, error=f"Cancelled by {by}.")


def _entry(ports: Ports, who: str, what: AuditAction, old: Batch, new: Batch) -> Put:
    before, after = old.to_json(), new.to_json()
    changed = [name for name in _AUDITED if before[name] != after[name]]
    values = [{"file": record["file"]} | {name: record[name] for name in changed} for record in (before, after)]
    return audit_log.entry(ports, who, what, new.batch_id, *values)


def finished_replays(ports: Ports, old: Batch) -> list[Batch]:
    """Finished replays of a batch. Raises `Rejected` while one is in progress: it would miss the new change."""
    active = active_replay(ports, old)
    if active:
        raise Rejected(
            f"{old.file} is already being replayed as batch {active.batch_id}, which is {active.state}. Wait until "
            "that replay is finished, or confirm or reject it first."
        )
    return child_batches(ports, old.batch_id, BatchKind.REPLAY)


def active_replay(ports: Ports, old: Batch) -> Batch | None:
    """The replay in progress that will replace the batch, if any."""
    replays = child_batches(ports, old.batch_id, BatchKind.REPLAY)
    return next((replay for replay in replays if replay.state not in TERMINAL_STATES | STATES_IN_LEDGER), None)


def inherited_corrections(ports: Ports, upload: Batch) -> list[Batch]:
    """The corrections that a replay includes: those of its ancestors at the time of the replay, oldest first.

    They are renumbered from 1; the replay's own corrections follow.
    """
    corrections: list[Batch] = []
    while upload.parent:
        earlier = child_batches(ports, upload.parent, BatchKind.CORRECTION)
        included = [fix for fix in earlier if fix.state is not BatchState.REJECTED and _is_before(fix, upload)]
        corrections = [*included, *corrections]
        upload = get_batch(ports, upload.parent)
    return [replace(fix, fix_number=number) for number, fix in enumerate(corrections, 1)]


def _is_before(fix: Batch, upload: Batch) -> bool:
    """Whether a correction of an ancestor was there at the replay: none settles after it, whatever the clock showed."""
    return bool(fix.settlement_no) or fix.received_at <= upload.received_at


def are_sale_ids_escaped(ports: Ports) -> bool:
    """True in a home whose first batch was staged by a version that escapes them; its other batches follow."""
    document = ports.documents.get(HOME, SALE_IDS)
    if document is None:
        is_new = not batches_of_settlement(ports, 1)
        try:
            document = ports.documents.put(HOME, SALE_IDS, {"escaped": is_new}, if_version=0)
        except Conflict:  # another process decided
            return are_sale_ids_escaped(ports)
    return bool(document.data["escaped"])


def publish_received(ports: Ports, upload: Batch) -> None:
    """Publish `batch.received`, for a batch that is to be staged without an object event; `sales.received` for a
    micro-batch of store sales."""
    _publish(ports, SALES_RECEIVED if _is_micro_batch(upload) else BATCH_RECEIVED, batch_id=upload.batch_id)


def publish_staged(ports: Ports, upload: Batch) -> None:
    """Publish `batch.staged`, or `sales.staged` for a micro-batch of store sales."""
    _publish(ports, SALES_STAGED if _is_micro_batch(upload) else BATCH_STAGED, batch_id=upload.batch_id)


def publish_due(ports: Ports, upload: Batch) -> None:
    """Publish `batch.staged` whatever the batch is: all batches that are staged now are settled."""
    _publish(ports, BATCH_STAGED, batch_id=upload.batch_id)


def publish_settled(ports: Ports, settlement_no: int) -> None:
    data_version.bump_data_version(ports.documents, settlement_no)
    _publish(ports, BATCH_SETTLED, settlement_no=settlement_no)


def _is_micro_batch(upload: Batch) -> bool:
    return upload.kind is BatchKind.STORE_SALES


def _publish(ports: Ports, type_: str, **data: str | int) -> None:
    ports.bus.publish(TOPIC_BATCHES, [Message(json.dumps(data).encode(), {"type": type_})])
