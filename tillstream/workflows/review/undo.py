"""Undo: retire a settled batch and its corrections; lines that other batches also contain stay."""

from collections.abc import Sequence
from typing import Any

import sql
from tillstream.audit import AuditAction
from tillstream.batches import events, lineage, records
from tillstream.domain.batch.record import IN_LEDGER, Batch, BatchKind, State
from tillstream.domain.errors import Rejected
from tillstream.pipeline.settling.settle import retire
from tillstream.ports import Ports
from tillstream.ports.warehouse import Settlement, SettlementResult, WarehouseQuery


def _undoable(ports: Ports, batch: str) -> Batch:
    upload = records.get(ports, batch)
    if upload.kind is BatchKind.CORRECTION:
        raise Rejected("A correction cannot be undone by itself. Undo its upload.")
    if upload.state not in IN_LEDGER:
        raise Rejected(f"{upload.file} is {upload.state}. Only a settled upload can be undone.")
    # A replay settled after the undo would restore the data.
    lineage.finished_replays(ports, upload)
    return upload


def preview(ports: Ports, batch: str) -> dict[str, Any]:
    """Preview an undo: net lines by kind, and totals by currency before and after. Raises `Rejected`."""
    upload = _undoable(ports, batch)
    totals = WarehouseQuery(sql.text("ledger/totals"))
    before = ports.warehouse.query(totals.sql)
    settled = preview_settlement(ports, batch, [totals])
    return {
        "batch_id": batch,
        "file": upload.file,
        "changes": dict(settled.changes),
        "before": before.to_pylist(),
        "after": settled.results[0].to_pylist(),
    }


def preview_settlement(ports: Ports, batch: str, questions: Sequence[WarehouseQuery]) -> SettlementResult:
    """Return the settlement of an undo with the answers to `questions`; nothing is stored. Raises `Rejected`."""
    _undoable(ports, batch)
    return ports.warehouse.preview(Settlement(undo=[batch]), questions)


def undo(ports: Ports, batch: str, by: str) -> dict[str, Any]:
    """Undo a batch. Idempotent. Raises `Rejected`, `Unavailable`."""
    upload = _undoable(ports, batch)
    # The user is stored before the undo, so that after a crash the sweep completes it with the same audit entry.
    upload = records.transition(ports, batch, upload.state, only_from=IN_LEDGER, undone_by=by)
    settled = ports.warehouse.settle(Settlement(undo=[batch], request_id=f"undo {batch}"))
    recover(ports, upload, settled.settlement_no)
    return {
        "batch_id": batch,
        "file": upload.file,
        "changes": dict(settled.changes),
        "by": by,
        "settlement_no": settled.settlement_no,
    }


def recover(ports: Ports, upload: Batch, settlement_no: int) -> None:
    """Update the records after an undo committed by the warehouse."""
    retire(ports, upload.batch_id, State.UNDONE, (upload.undone_by, AuditAction.UPLOAD_UNDONE))
    if settlement_no:
        events.publish_settled(ports, settlement_no)
