"""Quarantined messages of stores: discarded with a reason, or accepted by an administrator.

A message is corrected where it was made, and sent again with a higher version: a till's text is evidence, which nobody
edits. So a discard is the only correction of a micro-batch.

Accepting is for messages that could not be verified because of their key, and for sales in a currency or of a country
that is new to their region.

The stored bytes never change. An accepted message is published once more, signed with the key of the portal, and is
then a message of its own: settled, undone and rebuilt as any other. The one in quarantine is discarded with the reason.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from tillstream.intake import message_verification, store_messages, store_sales
from tillstream.intake.message_verification import KEY_ATTRIBUTE, SIGNATURE_ATTRIBUTE
from tillstream.model import audit
from tillstream.model.batch import STATES_IN_LEDGER, Batch, BatchKind
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.people import signatures, store_credentials
from tillstream.pipeline.reading.correction_file import CONTROL_COLUMNS, format_guarded_line
from tillstream.pipeline.reading.sale_messages import StoredMessage, read_messages
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.receipts import message_outcomes
from tillstream.receipts import receipt as receipts
from tillstream.records import audit_log, batch_originals, batch_records
from tillstream.review import correction_submission

MAX_DISCARD_REASON = 500
ACCEPTABLE_REASONS = frozenset({message_verification.REVOKED_KEY, message_verification.UNKNOWN_KEY})
"""Why a message that can be accepted was not verified. A wrong signature and the key of another store contradict it."""


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
    return [
        OpenMessage(one.line_number, _sale_name(one), rows, one.text)
        for one, rows in _messages_with_rows(ports, upload)
    ]


def quarantined_messages(ports: Ports, upload: Batch) -> list[StoredMessage]:
    """The same messages as they are stored."""
    return [message for message, _ in _messages_with_rows(ports, upload)]


def _messages_with_rows(ports: Ports, upload: Batch) -> list[tuple[StoredMessage, tuple[int, ...]]]:
    """Each message with the numbers of its quarantined rows."""
    if upload.kind is not BatchKind.STORE_SALES or upload.state not in STATES_IN_LEDGER:
        return []
    numbers = {row["row_number"] for row in receipts.quarantined_rows(ports, upload)}
    numbers -= correction_submission.pending_correction_rows(ports, upload.batch_id)
    if not numbers:
        return []
    with batch_originals.open_whole_original(ports, upload) as stream:
        block = read_messages(stream)
    messages = sorted([*block.messages, *block.unreadable], key=lambda message: message.row_number)
    rows = ((message, tuple(row for row in message.rows if row in numbers)) for message in messages)
    return [(message, own) for message, own in rows if own]


def discard_messages(ports: Ports, batch: str, lines: Collection[int], reason: str, by: str) -> Batch:
    """Store the discard of messages, by their line numbers, and create its record; settling follows.

    Raises `Rejected` without a reason, or if one of the messages is not in quarantine; `NotFound`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_changeable_here(ports, upload)
    reason = " ".join(reason.split())[:MAX_DISCARD_REASON]
    if not reason:
        raise Rejected("Enter why the sales are discarded, for example “the till sent them again”.")
    chosen = [message for message in open_messages(ports, upload) if message.line_number in lines]
    if not chosen or len(chosen) < len(set(lines)):
        raise Rejected("Choose sales to fix. One of these is not, or not any more.")
    name = f"Discarded sales of {upload.file}"
    return correction_submission.register_correction(
        ports, correction_submission.store_correction(ports, upload, _discard_file(chosen, reason), None), by, file=name
    )


def _discard_file(messages: Iterable[OpenMessage], reason: str) -> bytes:
    """A correction file that discards every row of the messages."""
    rows = ((message, row) for message in messages for row in message.rows)
    lines = ([one.text, str(row), str(one.line_number), "", "", reason, ""] for one, row in rows)
    return "".join(map(format_guarded_line, [["message", *CONTROL_COLUMNS], *lines])).encode()


def _sale_name(message: StoredMessage) -> str:
    facts = message_outcomes.facts_of(message)
    return " / ".join(str(facts[name]) for name in ("store_id", "number") if facts[name])


def acceptable_messages(ports: Ports, upload: Batch) -> dict[int, str]:
    """Line number of each message in quarantine that can be accepted → what about it needs that, in a word or two."""
    return {
        message.line_number: "unverified" if message.unverified else "new to the region"
        for message in quarantined_messages(ports, upload)
        if not _acceptance_obstacle(ports, message)
    }


def accept_messages(ports: Ports, batch: str, lines: Collection[int], reason: str, by: str) -> Batch:
    """Publish messages in quarantine, by their line numbers, as those of their store, and discard them in quarantine.

    An interrupted call is repeated: a message that is published twice counts once. Returns the record of the discard.
    Raises `Rejected` without a reason, or if one of the messages cannot be accepted; `NotFound`, `Unavailable`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_changeable_here(ports, upload)
    if not reason.strip():
        raise Rejected("Enter why the sender is right, for example “signed before its key was replaced”.")
    chosen = [message for message in quarantined_messages(ports, upload) if message.line_number in lines]
    if not chosen or len(chosen) < len(set(lines)):
        raise Rejected("Choose messages to fix. One of these is not, or not any more.")
    obstacles = [f"Message {each.line_number}: {why}" for each in chosen if (why := _acceptance_obstacle(ports, each))]
    if obstacles:
        raise Rejected(f"Nothing was accepted. {'; '.join(obstacles)}. The till sends such a message again.")
    after = {"messages": [message.line_number for message in chosen], "reason": reason.strip()[:500]}
    audit_log.record(ports, by, audit.AuditAction.SALE_UNVERIFIED_ACCEPTED, batch, None, after)
    ports.bus.publish(TOPIC_STORE_SALES, [_sign_for_portal(ports, message) for message in chosen])
    return discard_messages(ports, batch, lines, f"accepted as a message of its own: {reason}", by)


def _acceptance_obstacle(ports: Ports, message: StoredMessage) -> str:
    """Why a message cannot be accepted; empty if it can."""
    if message.unverified not in ACCEPTABLE_REASONS and not message.new_to_region:
        return message.unverified or "neither its key nor what is new to its region is why it is in quarantine"
    if message.review:
        return message.review
    payload, problems = store_messages.decode_message(message.text)
    if problems:
        return "; ".join(problems)
    if message.store not in {None, payload["store_id"]}:
        return f"it names the store {payload['store_id']}, and its sender is {message.store}"
    keys = store_credentials.keys_of_store(ports, payload["region"], payload["store_id"]).keys
    key = next((one for one in keys if one.id == message.signing.get(KEY_ATTRIBUTE)), None)
    if key and not signatures.is_valid_signature(
        key.public_key, message.text.encode(), message.signing.get(SIGNATURE_ATTRIBUTE, "")
    ):
        return message_verification.WRONG_SIGNATURE
    return ""


def _sign_for_portal(ports: Ports, message: StoredMessage) -> Message:
    """The same bytes from the same till and outbox, with the signature of the portal."""
    payload, _ = store_messages.decode_message(message.text)
    body = message.text.encode()
    key, private, _ = store_credentials.portal_key(ports)
    store = {name: payload[name] for name in ("region", "store_id")}
    attributes = (
        store
        | dict(message.signing)
        | {KEY_ATTRIBUTE: key, SIGNATURE_ATTRIBUTE: signatures.sign_payload(private, body)}
    )
    return Message(body, attributes | ({store_sales.ACCEPTED_NEW_TO_REGION: "yes"} if message.new_to_region else {}))
