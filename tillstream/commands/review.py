"""Decisions on held and settled batches: confirm, accept, reject, replay, undo."""

from dataclasses import dataclass

from tillstream.app import App
from tillstream.commands.arguments import OfBatch
from tillstream.commands.result import DONE, HELD, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE, exit_code, run_batch
from tillstream.domain.batch.record import State
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.workflows.review import decisions, replay, replay_preview, undo, whole_numbers


@dataclass(frozen=True, kw_only=True)
class Replay:
    """contract: its name; empty: the batch's own. received: when the file was received; empty: as the batch has it."""

    batch: str
    contract: str = ""
    received: str = ""


@dataclass(frozen=True, kw_only=True)
class Confirm:
    """contract: read the batch with this one; empty: keep its own. as_new: known bytes get a place of their own."""

    batch: str
    as_new: bool = False
    contract: str = ""


@dataclass(frozen=True, kw_only=True)
class Reject:
    """reason: kept with the batch."""

    batch: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class OfContract:
    """name: of the contract."""

    name: str


def replay_batch(app: App, progress: Progress, arguments: Replay) -> Result:
    batch, contract, received = arguments.batch, arguments.contract or None, arguments.received
    new = replay.replay(app.ports, app.contracts, batch, contract, COMMAND_LINE, received=received)
    receipt = run_batch(app, new, progress)
    return Result(receipt, exit_code(receipt))


def replay_previewed(app: App, progress: Progress, arguments: Replay) -> Result:
    batch, contract, received = arguments.batch, arguments.contract or None, arguments.received
    preview = replay_preview.preview(app.ports, app.contracts, batch, contract, received=received)
    return Result(preview, exit_code(preview["after"]))


def confirm(app: App, progress: Progress, arguments: Confirm) -> Result:
    batch, contract = arguments.batch, arguments.contract
    if contract:
        receipt = run_batch(
            app, decisions.assign_contract(app.ports, app.contracts, batch, contract, COMMAND_LINE), progress
        )
        return Result(receipt, exit_code(receipt))
    upload = decisions.confirm(app.ports, batch, COMMAND_LINE, as_new=arguments.as_new)
    settle.settle_all(app.ports, app.contracts)
    receipt = receipts.receipt(app.ports, upload.batch_id)
    if receipt["status"] == State.RECEIVED:  # its staged rows had expired
        receipt = run_batch(app, upload, progress)
    return Result(receipt, exit_code(receipt))


def accept(app: App, progress: Progress, arguments: OfBatch) -> Result:
    receipt = run_batch(app, decisions.accept(app.ports, app.contracts, arguments.batch, COMMAND_LINE), progress)
    return Result(receipt, exit_code(receipt))


def reject(app: App, progress: Progress, arguments: Reject) -> Result:
    decisions.reject(app.ports, arguments.batch, COMMAND_LINE, arguments.reason)
    return Result(receipts.receipt(app.ports, arguments.batch))


def undo_preview(app: App, progress: Progress, arguments: OfBatch) -> Result:
    return Result(undo.preview(app.ports, arguments.batch), HELD)


def undo_batch(app: App, progress: Progress, arguments: OfBatch) -> Result:
    return Result(undo.undo(app.ports, arguments.batch, COMMAND_LINE))


def preview_whole_numbers(app: App, progress: Progress, arguments: OfContract) -> Result:
    return Result(whole_numbers.preview_whole_numbers(app.ports, app.contracts, arguments.name), HELD)


def adopt_whole_numbers(app: App, progress: Progress, arguments: OfContract) -> Result:
    """Save the version, and replay the files together: the exit code is that of the first one that is not settled."""
    done, replayed = whole_numbers.adopt_whole_numbers(app.ports, app.contracts, arguments.name, COMMAND_LINE)
    for batch in replayed:
        stage.stage(app.ports, batch.batch_id, lambda rows: progress("rows", rows), app.contracts)
    progress("settling")
    settle.settle_all(app.ports, app.contracts)
    results = [receipts.receipt(app.ports, batch.batch_id) for batch in replayed]
    return Result(done | {"replayed": results}, next((code for code in map(exit_code, results) if code), DONE))
