"""Undo: retire a settled batch and its corrections; lines that other batches also contain stay."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NotRequired, TypedDict

import sql
from tillstream.model.audit import AuditAction
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind, BatchState
from tillstream.model.errors import Conflict, Rejected, TooLarge, Unavailable
from tillstream.pipeline.settling import large_job
from tillstream.pipeline.settling.settle import retire_batch
from tillstream.ports import Ports
from tillstream.ports.warehouse import Row, Settlement, SettlementResult, WarehouseQuery
from tillstream.records import batch_records

UNDO_LOST_AFTER = timedelta(minutes=10)
"""Longer than a function runs."""


class UndoResult(TypedDict):
    """changes: net lines by kind. before, after: totals of the ledger, of a preview. requested: from a job."""

    batch_id: str
    file: str
    changes: dict[str, int]
    by: NotRequired[str]
    settlement_no: NotRequired[int]
    requested: NotRequired[bool]
    before: NotRequired[list[Row]]
    after: NotRequired[list[Row]]


def undoable_batch(ports: Ports, batch: str) -> Batch:
    """The record of a batch that can be undone. Raises `Rejected`."""
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_changeable_here(ports, upload)
    if upload.kind is BatchKind.CORRECTION:
        raise Rejected("A correction cannot be undone by itself. Undo its upload.")
    if upload.state not in STATES_IN_LEDGER:
        raise Rejected(f"{upload.file} is {upload.state}. Only a settled upload can be undone.")
    # A replay settled after the undo would restore the data.
    batch_records.finished_replays(ports, upload)
    return upload


def preview_undo(ports: Ports, batch: str) -> UndoResult:
    """Preview an undo: net lines by kind, and totals by currency before and after. Raises `Rejected`."""
    upload = undoable_batch(ports, batch)
    if not has_undo_preview(ports, upload):
        return {"batch_id": batch, "file": upload.file, "changes": {}, "before": [], "after": []}
    totals = WarehouseQuery(sql.text("ledger/totals"))
    before = ports.warehouse.query(totals.sql)
    settled = preview_undo_settlement(ports, batch, [totals])
    return {
        "batch_id": batch,
        "file": upload.file,
        "changes": dict(settled.changes),
        "before": before.to_pylist(),
        "after": settled.results[0].to_pylist(),
    }


def preview_undo_settlement(ports: Ports, batch: str, questions: Sequence[WarehouseQuery]) -> SettlementResult:
    """Return the settlement of an undo with the answers to `questions`; nothing is stored. Raises `Rejected`."""
    upload = undoable_batch(ports, batch)
    large_job.check_preview(ports, upload.file, large_job.undone_rows(ports, upload))
    return ports.warehouse.preview(Settlement(undo=[batch]), questions)


def has_undo_preview(ports: Ports, upload: Batch) -> bool:
    """Whether its undo is small enough to be previewed, and settled at once."""
    return not large_job.is_large_settlement(ports, large_job.undone_rows(ports, upload))


def undo_batch(ports: Ports, batch: str, by: str) -> UndoResult:
    """Undo a batch, or request it from the job `settle-large` if it is large. Idempotent.

    An undo that other settlements keep overtaking, or during a pause for the job, is requested too. The result then has
    `requested`, and `settlement_no` is 0. Raises `Rejected`, `Unavailable`.
    """
    upload = _note_user(ports, batch, by)
    if has_undo_preview(ports, upload) and not (ports.jobs and large_job.is_settling_paused(ports)):
        try:
            settled = settle_undo(ports, batch)
        except (Conflict, TooLarge):
            if ports.jobs is None:
                raise
        else:
            if ports.jobs:
                large_job.close_request(ports, batch)
            return _undo_result(upload, by) | {"changes": dict(settled.changes), "settlement_no": settled.settlement_no}
    large_job.request_work(ports, batch, large_job.RequestedWork.UNDO)
    with suppress(Unavailable):  # the sweep starts it
        large_job.start_large_job(ports)
    return _undo_result(upload, by) | {"requested": True}


def request_undo(ports: Ports, batch: str, by: str) -> UndoResult:
    """Record an undo that another process is about to do, and return the result of one that is requested.

    If it is not done after `UNDO_LOST_AFTER`, the job does it. Raises `Rejected`.
    """
    upload = _note_user(ports, batch, by)
    large_job.request_work(ports, batch, large_job.RequestedWork.UNDO, after=UNDO_LOST_AFTER)
    return _undo_result(upload, by) | {"requested": True}


def _note_user(ports: Ports, batch: str, by: str) -> Batch:
    """Store the user before the undo, so that after a crash it is completed with the same audit entry."""
    undoable_batch(ports, batch)
    return batch_records.transition_batch(ports, batch, None, only_from=STATES_IN_LEDGER, undone_by=by)


def settle_undo(ports: Ports, batch: str, tries: int = Settlement.tries) -> SettlementResult:
    """Undo a batch, of any size, by the user of its record. Raises as `Warehouse.settle`, and `Rejected`."""
    upload = undoable_batch(ports, batch)
    settled = ports.warehouse.settle(Settlement(undo=[batch], request_id=f"undo {batch}", tries=tries))
    recover_undo(ports, upload, settled.settlement_no)
    return settled


def _undo_result(upload: Batch, by: str) -> UndoResult:
    return {
        "batch_id": upload.batch_id,
        "file": upload.file,
        "changes": {},
        "by": by,
        "settlement_no": 0,
    }


def is_undo_requested(ports: Ports, batch: str) -> bool:
    """Whether the job will undo the batch."""
    return large_job.is_work_requested(ports, batch, large_job.RequestedWork.UNDO)


def recover_undo(ports: Ports, upload: Batch, settlement_no: int) -> None:
    """Update the records after an undo committed by the warehouse."""
    retire_batch(
        ports, upload.batch_id, BatchState.UNDONE, settlement_no, (upload.undone_by, AuditAction.UPLOAD_UNDONE)
    )
    if settlement_no:
        batch_records.publish_settled(ports, settlement_no)
