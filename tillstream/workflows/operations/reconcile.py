"""Sweep: drive on whatever stopped half-way. The warehouse is the truth, the records follow it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tillstream import audit
from tillstream.batches import events, records
from tillstream.contracts.registry import ContractBook
from tillstream.domain.batch import IN_LEDGER, State, Upload
from tillstream.domain.errors import Rejected
from tillstream.domain.events import INBOX
from tillstream.people import user_scopes
from tillstream.pipeline.publishing import sale_events
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.workflows.intake import complete_upload
from tillstream.workflows.intake.inbox_object import record_of
from tillstream.workflows.operations import maintenance_log
from tillstream.workflows.review import undo

PATIENCE = timedelta(minutes=20)
"""A run that is older than this has died: longer than any lease on its event."""
OVERLAP = timedelta(hours=2)
BEGINNING = datetime.fromtimestamp(0, UTC)


def run(
    ports: Ports, book: ContractBook, *, patience: timedelta = PATIENCE, hand_on: bool = False, by: str = ""
) -> dict[str, Any]:
    """A sweep as a schedule or a person starts it: user scopes are projected and its time is noted afterwards.

    by: the user who asked for it; the request is audited. Raises as `sweep`.
    """
    if by:
        audit.record(ports, by, audit.What.DATA_REFRESHED, "pipeline")
    found = sweep(ports, book, patience=patience, hand_on=hand_on)
    user_scopes.project(ports)
    maintenance_log.note(ports, maintenance_log.SWEEP)
    return found


def sweep(ports: Ports, book: ContractBook, *, patience: timedelta = PATIENCE, hand_on: bool = False) -> dict[str, Any]:
    """What was driven on: objects without a record, stagings and settlements that stopped, events not announced.

    hand_on: whether others hear by event what is to be staged, as whoever sweeps has neither memory nor time for it.
    Then it also looks no further back than the sweep before did, with some overlap: years of files and settlements
    are too many to be asked for one by one every few minutes.
    """
    since = _looked_through(ports) if hand_on else BEGINNING
    first = _first_settlement(ports, since)
    complete_upload.sweep(ports, book)
    registered = _register_forgotten(ports, book, since)
    for held in records.find(ports, state=State.HELD, kind=None, limit=None):
        if expiry.gone(ports, held):
            expiry.stage_anew(ports, held)
    before = (ports.clock.now() - patience).isoformat()
    stopped = [
        upload
        for state in (State.RECEIVED, State.STAGING, State.FAILED)
        for upload in records.find(ports, state=state, kind=None, limit=None)
        if upload.state_at <= before
    ]
    for upload in stopped:
        if hand_on:
            events.received(ports, upload)
        else:
            from tillstream.pipeline.staging import (
                stage,  # with all that reads files, which whoever hands on never loads
            )

            stage.stage(ports, upload.batch_id, book=book)
    settled = settle.settle_all(ports, book)
    undone = _follow_undos(ports, first)
    announced = _announce_forgotten(ports, first)
    return {
        "registered": registered,
        "staged": len(stopped),
        "settled": len(settled),
        "undone": undone,
        "announced": announced,
    }


def _looked_through(ports: Ports) -> datetime:
    last = maintenance_log.last(ports, maintenance_log.SWEEP)
    return datetime.fromisoformat(last) - OVERLAP if last else BEGINNING


def _first_settlement(ports: Ports, since: datetime) -> int:
    """The first of those that a sweep since then looks at; 0: all."""
    if since == BEGINNING:
        return 0
    asked = "SELECT COALESCE(MAX(settlement_no), 0) + 1 AS first FROM settlements WHERE settled_at < @since"
    return int(ports.warehouse.query(asked, {"since": since}).column("first")[0].as_py())


def _register_forgotten(ports: Ports, book: ContractBook, since: datetime) -> int:
    """Objects whose event was lost. What lies in no contract's folder stays where it is."""
    count, oldest = 0, int(since.timestamp() * 1_000_000)
    for stored in ports.objects.list(INBOX):
        if stored.generation < oldest:
            continue
        where: dict[str, str | int | bool] = {"object": stored.name, "generation": stored.generation}
        if not ports.documents.count(records.COLLECTION, where):
            try:
                record_of(ports, book, stored)
            except Rejected:
                continue
            count += 1
    return count


def _follow_undos(ports: Ports, first: int) -> int:
    """Batches that the warehouse undid while their records missed it."""
    undone = ports.warehouse.query(
        "SELECT batch_id, undone_no FROM batches WHERE undone_no >= @first AND batch_no = root_no ORDER BY batch_no",
        {"first": first},
    ).to_pylist()
    count = 0
    for row in undone:
        document = ports.documents.get(records.COLLECTION, row["batch_id"])
        upload = Upload.from_json(document.data) if document else None
        if upload is None or upload.state not in IN_LEDGER:
            continue
        if records.children(ports, upload.batch_id, "replay") and _replaced(ports, upload, row["undone_no"]):
            settle.leave(ports, upload.batch_id, State.REPLAYED)
        else:
            undo.recover(ports, upload, row["undone_no"])
        count += 1
    return count


def _replaced(ports: Ports, upload: Upload, undone_no: int) -> bool:
    return any(replay.settlement_no == undone_no for replay in records.children(ports, upload.batch_id, "replay"))


def _announce_forgotten(ports: Ports, first: int) -> int:
    forgotten = sale_events.unannounced(ports, first)
    for number in forgotten:
        sale_events.announce(ports, number)
    return len(forgotten)
