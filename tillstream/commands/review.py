"""Decisions on held and settled batches: confirm, accept, reject, replay, undo."""

from tillstream.app import App
from tillstream.commands.result import HELD, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE, exit_code, run_batch
from tillstream.domain.batch import State
from tillstream.pipeline.settling import settle
from tillstream.receipts import receipt as receipts
from tillstream.workflows.review import decisions, replay, replay_preview, undo


def replay_batch(app: App, progress: Progress, *, batch: str, contract: str = "") -> Result:
    receipt = run_batch(app, replay.replay(app.ports, app.book, batch, contract or None, COMMAND_LINE), progress)
    return Result(receipt, exit_code(receipt))


def replay_previewed(app: App, progress: Progress, *, batch: str, contract: str = "") -> Result:
    preview = replay_preview.preview(app.ports, app.book, batch, contract or None)
    return Result(preview, exit_code(preview["after"]))


def confirm(app: App, progress: Progress, *, batch: str, as_new: bool = False, contract: str = "") -> Result:
    if contract:
        receipt = run_batch(
            app, decisions.assign_contract(app.ports, app.book, batch, contract, COMMAND_LINE), progress
        )
        return Result(receipt, exit_code(receipt))
    upload = decisions.confirm(app.ports, batch, COMMAND_LINE, as_new=as_new)
    settle.settle_all(app.ports, app.book)
    receipt = receipts.receipt(app.ports, upload.batch_id)
    if receipt["status"] == State.RECEIVED:  # its staged rows had expired
        receipt = run_batch(app, upload, progress)
    return Result(receipt, exit_code(receipt))


def accept(app: App, progress: Progress, *, batch: str) -> Result:
    receipt = run_batch(app, decisions.accept(app.ports, app.book, batch, COMMAND_LINE), progress)
    return Result(receipt, exit_code(receipt))


def reject(app: App, progress: Progress, *, batch: str, reason: str = "") -> Result:
    decisions.reject(app.ports, batch, COMMAND_LINE, reason)
    return Result(receipts.receipt(app.ports, batch))


def undo_preview(app: App, progress: Progress, *, batch: str) -> Result:
    return Result(undo.preview(app.ports, batch), HELD)


def undo_batch(app: App, progress: Progress, *, batch: str) -> Result:
    return Result(undo.undo(app.ports, batch, COMMAND_LINE))
