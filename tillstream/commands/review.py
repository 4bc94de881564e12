"""Decisions on held and settled batches: confirm, accept, reject, replay, undo."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tillstream.app import App
from tillstream.commands.arguments import OfBatch
from tillstream.commands.result import COMMAND_LINE, HELD, Progress, Result
from tillstream.commands.run_batch import exit_code, exit_code_of_all, run_batch, stage_now
from tillstream.model.batch import Batch, BatchState
from tillstream.pipeline.settling import settle
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records
from tillstream.review import held_batches, replay, settlement_previews, undo
from tillstream.review.held_batches import decide_alike, find_held_alike


@dataclass(frozen=True, kw_only=True)
class Replay:
    """contract: its name; empty: the batch's own. received: when the file was received; empty: as the batch has it."""

    batch: str
    contract: str = ""
    received: str = ""


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """contract: read the batch with this one; empty: keep its own. as_new: known bytes get a place of their own.

    all: also decide about the other batches of its sender that are held for the same reasons.
    """

    batch: str
    as_new: bool = False
    contract: str = ""
    all: bool = False


@dataclass(frozen=True, kw_only=True)
class Accept:
    """all: as in `Confirm`."""

    batch: str
    all: bool = False


@dataclass(frozen=True, kw_only=True)
class Reject:
    """reason: kept with the batch. all: as in `Confirm`."""

    batch: str
    reason: str = ""
    all: bool = False


@dataclass(frozen=True, kw_only=True)
class OfContract:
    """name: of the contract."""

    name: str


def replay_batch(app: App, progress: Progress, arguments: Replay) -> Result:
    batch, contract, received = arguments.batch, arguments.contract or None, arguments.received
    new = replay.replay_batch(app.ports, app.contracts, batch, contract, COMMAND_LINE, received=received)
    receipt = run_batch(app, new, progress)
    return Result(receipt, exit_code(receipt))


def replay_previewed(app: App, progress: Progress, arguments: Replay) -> Result:
    batch, contract, received = arguments.batch, arguments.contract or None, arguments.received
    preview = settlement_previews.preview_replay(app.ports, app.contracts, batch, contract, received=received)
    return Result(preview, exit_code(preview["after"]))


def confirm(app: App, progress: Progress, arguments: Confirm) -> Result:
    contract = arguments.contract

    def decide(batch: str) -> Batch:
        if contract:
            return held_batches.assign_contract(app.ports, app.contracts, batch, contract, COMMAND_LINE)
        return held_batches.confirm_batch(app.ports, batch, COMMAND_LINE, as_new=arguments.as_new)

    return _read(app, progress, _decide(app, arguments, decide))


def accept(app: App, progress: Progress, arguments: Accept) -> Result:
    return _read(
        app,
        progress,
        _decide(
            app, arguments, lambda batch: held_batches.accept_proposal(app.ports, app.contracts, batch, COMMAND_LINE)
        ),
    )


def reject(app: App, progress: Progress, arguments: Reject) -> Result:
    reason = arguments.reason
    rejected = _decide(app, arguments, lambda batch: held_batches.reject_batch(app.ports, batch, COMMAND_LINE, reason))
    return Result(_one_or_all([receipts.receipt(app.ports, one.batch_id) for one in rejected]))


def _decide(app: App, arguments: Confirm | Accept | Reject, decide: Callable[[str], Batch]) -> list[Batch]:
    upload = batch_records.get_batch(app.ports, arguments.batch)
    return decide_alike(upload, find_held_alike(app.ports, upload) if arguments.all else (), decide)


def _read(app: App, progress: Progress, decided: Sequence[Batch]) -> Result:
    """Stage those that are to be read again, and settle all."""
    for upload in decided:
        if upload.state is BatchState.RECEIVED:
            stage_now(app, upload, progress)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    read = []
    for upload in decided:
        receipt = receipts.receipt(app.ports, upload.batch_id)
        expired = receipt["status"] == BatchState.RECEIVED  # its staged rows had expired
        read.append(run_batch(app, upload, progress) if expired else receipt)
    return Result(_one_or_all(read), exit_code_of_all(read))


def _one_or_all(read: list[Receipt]) -> Any:
    return read[0] if len(read) == 1 else read


def undo_preview(app: App, progress: Progress, arguments: OfBatch) -> Result:
    return Result(undo.preview_undo(app.ports, arguments.batch), HELD)


def undo_batch(app: App, progress: Progress, arguments: OfBatch) -> Result:
    return Result(undo.undo_batch(app.ports, arguments.batch, COMMAND_LINE))


def preview_whole_numbers(app: App, progress: Progress, arguments: OfContract) -> Result:
    return Result(replay.preview_whole_numbers(app.ports, app.contracts, arguments.name), HELD)


def adopt_whole_numbers(app: App, progress: Progress, arguments: OfContract) -> Result:
    """Save the version, and replay the files together."""
    done, replayed = replay.adopt_whole_numbers(app.ports, app.contracts, arguments.name, COMMAND_LINE)
    for batch in replayed:
        stage_now(app, batch, progress)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    results = [receipts.receipt(app.ports, batch.batch_id) for batch in replayed]
    return Result(done | {"replayed": results}, exit_code_of_all(results))
