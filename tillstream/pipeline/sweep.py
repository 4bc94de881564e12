"""Sweep: drive on whatever stopped half-way. The warehouse is the truth, the records follow it."""

from datetime import timedelta
from typing import Any

from tillstream.domain.errors import Rejected
from tillstream.domain.events import INBOX
from tillstream.domain.uploads import IN_LEDGER, State, Upload
from tillstream.pipeline import announce, settle, stage, undo, uploads
from tillstream.pipeline.contracts import ContractBook
from tillstream.pipeline.inbox import record_of
from tillstream.ports import Ports

PATIENCE = timedelta(minutes=20)
"""A run that is older than this has died: longer than any lease on its event."""


def sweep(ports: Ports, book: ContractBook, *, patience: timedelta = PATIENCE) -> dict[str, Any]:
    """What was driven on: objects without a record, stagings and settlements that stopped, events not announced."""
    registered = _register_forgotten(ports, book)
    before = (ports.clock.now() - patience).isoformat()
    stopped = [
        upload
        for state in (State.RECEIVED, State.STAGING, State.FAILED)
        for upload in uploads.find(ports, state=state, kind=None, limit=None)
        if upload.state_at <= before
    ]
    for upload in stopped:
        stage.stage(ports, upload.batch_id, book=book)
    settled = settle.settle_all(ports, book)
    undone = _follow_undos(ports)
    announced = _announce_forgotten(ports)
    return {
        "registered": registered,
        "staged": len(stopped),
        "settled": len(settled),
        "undone": undone,
        "announced": announced,
    }


def _register_forgotten(ports: Ports, book: ContractBook) -> int:
    """Objects whose event was lost. What lies in no contract's folder stays where it is."""
    count = 0
    for stored in ports.objects.list(INBOX):
        where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
        if not ports.documents.count(uploads.COLLECTION, where):
            try:
                record_of(ports, book, stored)
            except Rejected:
                continue
            count += 1
    return count


def _follow_undos(ports: Ports) -> int:
    """Batches that the warehouse undid while their records missed it."""
    undone = ports.warehouse.query(
        "SELECT batch_id, undone_no FROM batches WHERE undone_no IS NOT NULL AND batch_no = root_no ORDER BY batch_no"
    ).to_pylist()
    count = 0
    for row in undone:
        document = ports.documents.get(uploads.COLLECTION, row["batch_id"])
        upload = Upload.from_json(document.data) if document else None
        if upload is None or upload.state not in IN_LEDGER:
            continue
        if uploads.children(ports, upload.batch_id, "replay") and _replaced(ports, upload, row["undone_no"]):
            settle.leave(ports, upload.batch_id, State.REPLAYED)
        else:
            undo.recover(ports, upload, row["undone_no"])
        count += 1
    return count


def _replaced(ports: Ports, upload: Upload, undone_no: int) -> bool:
    return any(replay.settlement_no == undone_no for replay in uploads.children(ports, upload.batch_id, "replay"))


def _announce_forgotten(ports: Ports) -> int:
    forgotten = announce.unannounced(ports)
    for number in forgotten:
        announce.announce(ports, number)
    return len(forgotten)
