"""Process one batch in this process, from its stored bytes to its receipt."""

from collections.abc import Iterable, Mapping
from typing import Any

from tillstream.app import App
from tillstream.commands.result import DONE, FAILED, HELD, KEPT, QUARANTINED, Progress
from tillstream.model.batch import Batch, BatchState
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt

BY_URGENCY = (FAILED, HELD, QUARANTINED)
"""Exit codes in the order in which one of several counts."""


def run_batch(app: App, upload: Batch, progress: Progress) -> Receipt:
    """Stage and settle one batch now; the worker publishes its changes."""
    stage_now(app, upload, progress)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    return receipts.batch_receipt(app.ports, upload.batch_id)


def stage_now(app: App, upload: Batch, progress: Progress) -> None:
    progress(KEPT, about=f"{upload.batch_id} {upload.file}")
    stage.stage(app.ports, upload.batch_id, lambda rows: progress("rows", rows), app.contracts)


def exit_code(receipt: Mapping[str, Any]) -> int:
    """Return the exit code for a receipt."""
    if receipt["status"] in (BatchState.REJECTED, BatchState.FAILED):
        return FAILED
    if receipt["status"] == BatchState.HELD or receipt.get("holds"):
        return HELD
    return QUARANTINED if receipt["rows"]["quarantined"] else DONE


def exit_code_of_all(receipts: Iterable[Mapping[str, Any]]) -> int:
    """Return the exit code for several receipts: the first that occurs of `BY_URGENCY`, else 0."""
    codes = [exit_code(receipt) for receipt in receipts]
    return next((code for code in BY_URGENCY if code in codes), DONE)
