"""Process one batch in this process, from its stored bytes to its receipt."""

from collections.abc import Mapping
from typing import Any

from tillstream.app import App
from tillstream.commands.result import DONE, FAILED, HELD, KEPT, QUARANTINED, Progress
from tillstream.domain.batch.record import Batch, State
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt_types import Receipt

COMMAND_LINE = "command line"


def run_batch(app: App, upload: Batch, progress: Progress) -> Receipt:
    """Stage and settle one batch now; the worker publishes its changes."""
    progress(KEPT, about=f"{upload.batch_id} {upload.file}")
    stage.stage(app.ports, upload.batch_id, lambda rows: progress("rows", rows), app.contracts)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    return receipts.receipt(app.ports, upload.batch_id)


def exit_code(receipt: Mapping[str, Any]) -> int:
    """Return the exit code for a receipt."""
    if receipt["status"] in (State.REJECTED, State.FAILED):
        return FAILED
    if receipt["status"] == State.HELD or receipt.get("holds"):
        return HELD
    return QUARANTINED if receipt["rows"]["quarantined"] else DONE
