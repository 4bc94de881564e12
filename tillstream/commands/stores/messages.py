"""Receive exported messages of tills, and decide about those in quarantine: discard or accept them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tillstream.app import App
from tillstream.commands.result import DONE, QUARANTINED, Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE, exit_code, run_batch
from tillstream.intake import quarantined_messages, store_messages, store_sales
from tillstream.model.batch import Batch
from tillstream.model.errors import Rejected
from tillstream.receipts import receipt as receipts

RECEIVED = 10_000
"""Maximum messages of the bus that are received at once."""


@dataclass(frozen=True, kw_only=True)
class Messages:
    """lines: line numbers of messages in the micro-batch `batch`."""

    batch: str
    lines: Sequence[int]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Export:
    """file: what `till export` wrote."""

    file: str


def receive(app: App, progress: Progress, arguments: Export) -> Result:
    """Receive the messages that a till exported, and settle them where no server does."""
    path = Path(arguments.file)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Rejected(f"{path} cannot be read: {error}.") from error
    results = store_messages.receive_exported_messages(app.ports, text, path.name, COMMAND_LINE)
    _receive_now(app, progress)
    refused = [{"line": line} | result.to_json() for line, result in results if result.code]
    shown = {"messages": len(results), "accepted": len(results) - len(refused), "refused": refused}
    return Result(shown, QUARANTINED if refused else DONE)


def _receive_now(app: App, progress: Progress) -> None:
    """Receive what is published, unless a worker does."""
    while not app.has_worker and (batches := store_sales.receive_store_sales(app.ports, app.contracts, RECEIVED, 0)):
        for batch in batches:
            run_batch(app, batch, progress)


def discard(app: App, progress: Progress, arguments: Messages) -> Result:
    lines, reason = arguments.lines, arguments.reason
    return _settled(
        app, progress, quarantined_messages.discard_messages(app.ports, arguments.batch, lines, reason, COMMAND_LINE)
    )


def accept(app: App, progress: Progress, arguments: Messages) -> Result:
    lines, reason = arguments.lines, arguments.reason
    correction = quarantined_messages.accept_messages(app.ports, arguments.batch, lines, reason, COMMAND_LINE)
    _receive_now(app, progress)
    return _settled(app, progress, correction)


def _settled(app: App, progress: Progress, correction: Batch) -> Result:
    run_batch(app, correction, progress)
    receipt = receipts.receipt(app.ports, correction.parent or "")
    return Result(receipt, exit_code(receipt))
