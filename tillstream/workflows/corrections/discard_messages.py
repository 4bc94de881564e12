"""Discard quarantined messages of stores: each whole, with a reason, and its outcome is read by the till.

A message is corrected where it was made, and sent again with a higher version: a till's text is evidence, which nobody
edits. So a discard is the only correction of a micro-batch.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind
from tillstream.model.errors import Rejected
from tillstream.pipeline.reading.correction_file import CONTROL_COLUMNS, format_guarded_line
from tillstream.pipeline.reading.sale_messages import StoredMessage, read_messages
from tillstream.ports import Ports
from tillstream.receipts import message_outcomes
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_originals, batch_records
from tillstream.workflows.corrections import submit

MAX_REASON = 500


@dataclass(frozen=True)
class OpenMessage:
    """A quarantined message. line_number: in its micro-batch; sale: its store and number, as far as it can be read."""

    line_number: int
    sale: str
    rows: tuple[int, ...]
    """Numbers of its quarantined rows."""
    text: str


def open_messages(ports: Ports, upload: Batch) -> list[OpenMessage]:
    """Quarantined messages of a micro-batch in the ledger that no pending discard contains."""
    return [OpenMessage(one.line_number, _sale(one), rows, one.text) for one, rows in _quarantined(ports, upload)]


def quarantined(ports: Ports, upload: Batch) -> list[StoredMessage]:
    """The same messages as they are stored."""
    return [message for message, _ in _quarantined(ports, upload)]


def _quarantined(ports: Ports, upload: Batch) -> list[tuple[StoredMessage, tuple[int, ...]]]:
    """Each message with the numbers of its quarantined rows."""
    if upload.kind is not BatchKind.STORE_SALES or upload.state not in STATES_IN_LEDGER:
        return []
    numbers = {row["row_number"] for row in receipts.quarantined_rows(ports, upload)}
    numbers -= submit.pending_rows(ports, upload.batch_id)
    if not numbers:
        return []
    with batch_originals.open_whole_original(ports, upload) as stream:
        block = read_messages(stream)
    messages = sorted([*block.messages, *block.unreadable], key=lambda message: message.row_number)
    rows = ((message, tuple(row for row in message.rows if row in numbers)) for message in messages)
    return [(message, own) for message, own in rows if own]


def discard(ports: Ports, batch: str, lines: Collection[int], reason: str, by: str) -> Batch:
    """Store the discard of messages, by their line numbers, and create its record; settling follows.

    Raises `Rejected` without a reason, or if one of the messages is not in quarantine; `NotFound`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_changeable_here(ports, upload)
    reason = " ".join(reason.split())[:MAX_REASON]
    if not reason:
        raise Rejected("Enter why the sales are discarded, for example “the till sent them again”.")
    chosen = [message for message in open_messages(ports, upload) if message.line_number in lines]
    if not chosen or len(chosen) < len(set(lines)):
        raise Rejected("Choose sales to fix. One of these is not, or not any more.")
    name = f"Discarded sales of {upload.file}"
    return submit.register(ports, submit.keep(ports, upload, _file(chosen, reason), None), by, file=name)


def _file(messages: Iterable[OpenMessage], reason: str) -> bytes:
    """A correction file that discards every row of the messages."""
    rows = ((message, row) for message in messages for row in message.rows)
    lines = ([one.text, str(row), str(one.line_number), "", "", reason, ""] for one, row in rows)
    return "".join(map(format_guarded_line, [["message", *CONTROL_COLUMNS], *lines])).encode()


def _sale(message: StoredMessage) -> str:
    facts = message_outcomes.facts_of(message)
    return " / ".join(str(facts[name]) for name in ("store_id", "number") if facts[name])
