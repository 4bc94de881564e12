"""Accept messages that could not be verified because of their key: an administrator answers for their sender; and sales
in a currency or of a country that is new to their region.

The stored bytes never change. An accepted message is published once more, signed with the key of the portal, and is
then a message of its own: settled, undone and rebuilt as any other. The one in quarantine is discarded with the reason.
"""

from collections.abc import Collection

from tillstream.model import audit
from tillstream.model.batch import Batch
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.people import signatures, store_credentials
from tillstream.pipeline.reading.sale_messages import StoredMessage
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.records import audit_log, batch_records
from tillstream.workflows.corrections import discard_messages
from tillstream.workflows.intake import new_to_region, store_messages, verification
from tillstream.workflows.intake.verification import KEY, SIGNATURE

ACCEPTABLE = frozenset({verification.REVOKED, verification.UNKNOWN_KEY})
"""Why a message that can be accepted was not verified. A wrong signature and the key of another store contradict it."""


def acceptable(ports: Ports, upload: Batch) -> dict[int, str]:
    """Line number of each message in quarantine that can be accepted → what about it needs that, in a word or two."""
    return {
        message.line_number: "unverified" if message.unverified else "new to the region"
        for message in discard_messages.quarantined(ports, upload)
        if not _obstacle(ports, message)
    }


def accept(ports: Ports, batch: str, lines: Collection[int], reason: str, by: str) -> Batch:
    """Publish messages in quarantine, by their line numbers, as those of their store, and discard them in quarantine.

    An interrupted call is repeated: a message that is published twice counts once. Returns the record of the discard.
    Raises `Rejected` without a reason, or if one of the messages cannot be accepted; `NotFound`, `Unavailable`.
    """
    upload = batch_records.get_batch(ports, batch)
    batch_records.check_changeable_here(ports, upload)
    if not reason.strip():
        raise Rejected("Enter why the sender is right, for example “signed before its key was replaced”.")
    chosen = [message for message in discard_messages.quarantined(ports, upload) if message.line_number in lines]
    if not chosen or len(chosen) < len(set(lines)):
        raise Rejected("Choose messages to fix. One of these is not, or not any more.")
    obstacles = [f"Message {each.line_number}: {why}" for each in chosen if (why := _obstacle(ports, each))]
    if obstacles:
        raise Rejected(f"Nothing was accepted. {'; '.join(obstacles)}. The till sends such a message again.")
    after = {"messages": [message.line_number for message in chosen], "reason": reason.strip()[:500]}
    audit_log.record(ports, by, audit.AuditAction.SALE_UNVERIFIED_ACCEPTED, batch, None, after)
    ports.bus.publish(TOPIC_STORE_SALES, [_signed(ports, message) for message in chosen])
    return discard_messages.discard(ports, batch, lines, f"accepted as a message of its own: {reason}", by)


def _obstacle(ports: Ports, message: StoredMessage) -> str:
    """Why a message cannot be accepted; empty if it can."""
    if message.unverified not in ACCEPTABLE and not message.new_to_region:
        return message.unverified or "neither its key nor what is new to its region is why it is in quarantine"
    if message.review:
        return message.review
    payload, problems = store_messages.decode(message.text)
    if problems:
        return "; ".join(problems)
    if message.store not in {None, payload["store_id"]}:
        return f"it names the store {payload['store_id']}, and its sender is {message.store}"
    keys = store_credentials.keys_of_store(ports, payload["region"], payload["store_id"]).keys
    key = next((one for one in keys if one.id == message.signing.get(KEY)), None)
    if key and not signatures.is_valid_signature(
        key.public_key, message.text.encode(), message.signing.get(SIGNATURE, "")
    ):
        return verification.WRONG
    return ""


def _signed(ports: Ports, message: StoredMessage) -> Message:
    """The same bytes from the same till and outbox, with the signature of the portal."""
    payload, _ = store_messages.decode(message.text)
    body = message.text.encode()
    key, private, _ = store_credentials.portal_key(ports)
    store = {name: payload[name] for name in ("region", "store_id")}
    attributes = store | dict(message.signing) | {KEY: key, SIGNATURE: signatures.sign_payload(private, body)}
    return Message(body, attributes | ({new_to_region.ACCEPTED: "yes"} if message.new_to_region else {}))
