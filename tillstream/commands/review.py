"""What the command line decides about batches that wait or count, as plain functions beside those of `commands`."""

from tillstream.app import App
from tillstream.commands.result import HELD, Progress, Result
from tillstream.commands.run_batch import ME, code_of, drive
from tillstream.domain.batch import State
from tillstream.pipeline.settling import settle
from tillstream.receipts import receipt as receipts
from tillstream.workflows.review import decisions, replay, replay_preview, undo


def replay_batch(app: App, progress: Progress, *, batch: str, contract: str = "") -> Result:
    receipt = drive(app, replay.replay(app.ports, app.book, batch, contract or None, ME), progress)
    return Result(receipt, code_of(receipt))


def replay_previewed(app: App, progress: Progress, *, batch: str, contract: str = "") -> Result:
    found = replay_preview.preview(app.ports, app.book, batch, contract or None)
    return Result(found, code_of(found["after"]))


def confirm(app: App, progress: Progress, *, batch: str, as_new: bool = False, contract: str = "") -> Result:
    if contract:
        receipt = drive(app, decisions.read_by(app.ports, app.book, batch, contract, ME), progress)
        return Result(receipt, code_of(receipt))
    upload = decisions.confirm(app.ports, batch, ME, as_new=as_new)
    settle.settle_all(app.ports, app.book)
    receipt = receipts.receipt(app.ports, upload.batch_id)
    if receipt["status"] == State.RECEIVED:  # it waited longer than its staged rows were kept
        receipt = drive(app, upload, progress)
    return Result(receipt, code_of(receipt))


def accept(app: App, progress: Progress, *, batch: str) -> Result:
    receipt = drive(app, decisions.accept(app.ports, app.book, batch, ME), progress)
    return Result(receipt, code_of(receipt))


def reject(app: App, progress: Progress, *, batch: str, reason: str = "") -> Result:
    decisions.reject(app.ports, batch, ME, reason)
    return Result(receipts.receipt(app.ports, batch))


def undo_preview(app: App, progress: Progress, *, batch: str) -> Result:
    return Result(undo.preview(app.ports, batch), HELD)


def undo_batch(app: App, progress: Progress, *, batch: str) -> Result:
    return Result(undo.undo(app.ports, batch, ME))
