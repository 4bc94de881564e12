"""How a command drives one batch from its kept bytes to its receipt, in this process."""

from collections.abc import Mapping
from typing import Any

from tillstream.app import App
from tillstream.domain.uploads import State, Upload
from tillstream.pipeline import account, settle, stage
from tillstream.result import DONE, FAILED, HELD, KEPT, QUARANTINED, Progress

ME = "command line"


def drive(app: App, upload: Upload, progress: Progress) -> dict[str, Any]:
    """Stage and settle one batch now; announcing is the worker's."""
    progress(KEPT, about=f"{upload.batch_id} {upload.file}")
    stage.stage(app.ports, upload.batch_id, lambda rows: progress("rows", rows), app.book)
    progress("settling")
    settle.settle_all(app.ports, app.book)
    return account.receipt(app.ports, upload.batch_id)


def code_of(receipt: Mapping[str, Any]) -> int:
    """The exit code that a receipt asks for."""
    if receipt["status"] in (State.REJECTED, State.FAILED):
        return FAILED
    if receipt["status"] == State.HELD or receipt.get("holds"):
        return HELD
    return QUARANTINED if receipt["rows"]["quarantined"] else DONE
