"""What the command line decides about batches that wait or count, as plain functions beside those of `commands`."""

import time
from datetime import timedelta

from tillstream import audit
from tillstream.analytics import holidays
from tillstream.app import App
from tillstream.commands.result import HELD, Progress, Result
from tillstream.commands.run_batch import ME, code_of, drive
from tillstream.domain.batch import State
from tillstream.pipeline.publishing.daily_totals import project
from tillstream.pipeline.settling import settle
from tillstream.receipts import receipt as receipts
from tillstream.workflows.intake import status_notes, watched_folder
from tillstream.workflows.operations import reconcile
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


def sweep_now(app: App, progress: Progress) -> Result:
    """Files of the watched folder first; those that may still be being written are looked at a second time."""
    audit.record(app.ports, ME, audit.What.DATA_REFRESHED, "pipeline")
    taken, failed = _take_dropped(app)
    if watched_folder.waits(app.drops):
        time.sleep(app.settings.drop_settle + 0.05)
        more, failed = _take_dropped(app)
        taken += more
    swept = reconcile.sweep(app.ports, app.book, patience=timedelta(0), hand_on=bool(app.settings.project))
    holidays.renew(app.ports)
    project(app.ports.warehouse)
    for place in app.drops:
        status_notes.tell(app.ports, place)
    return Result({"taken": taken, "still_written": watched_folder.waits(app.drops), "not_taken": failed} | swept)


def _take_dropped(app: App) -> tuple[int, list[str]]:
    found = [watched_folder.take_in(app.ports, app.book, place) for place in app.drops]
    return sum(len(taken) for taken, _ in found), [words for _, failed in found for words in failed]
