"""Decide about messages of tills in quarantine: discard them, or accept those that were not verified."""

from collections.abc import Sequence
from dataclasses import dataclass

from tillstream.app import App
from tillstream.commands.result import Progress, Result
from tillstream.commands.run_batch import COMMAND_LINE, exit_code, run_batch
from tillstream.domain.batch.record import Batch
from tillstream.receipts import receipt as receipts
from tillstream.workflows.corrections import discard_messages
from tillstream.workflows.intake import accepted_messages, store_sales

RECEIVED = 10_000
"""Maximum messages that wait on the bus and are received with the accepted ones."""


@dataclass(frozen=True, kw_only=True)
class Messages:
    """lines: line numbers of messages in the micro-batch `batch`."""

    batch: str
    lines: Sequence[int]
    reason: str


def discard(app: App, progress: Progress, arguments: Messages) -> Result:
    lines, reason = arguments.lines, arguments.reason
    return _settled(app, progress, discard_messages.discard(app.ports, arguments.batch, lines, reason, COMMAND_LINE))


def accept(app: App, progress: Progress, arguments: Messages) -> Result:
    lines, reason = arguments.lines, arguments.reason
    correction = accepted_messages.accept(app.ports, arguments.batch, lines, reason, COMMAND_LINE)
    if not app.has_worker:
        for batch in store_sales.receive(app.ports, app.contracts, RECEIVED, 0):
            run_batch(app, batch, progress)
    return _settled(app, progress, correction)


def _settled(app: App, progress: Progress, correction: Batch) -> Result:
    run_batch(app, correction, progress)
    receipt = receipts.receipt(app.ports, correction.parent or "")
    return Result(receipt, exit_code(receipt))
