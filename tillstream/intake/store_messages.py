"""Messages of tills, in a request or an exported file: each is checked, the accepted are published together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tillstream.intake import message_verification
from tillstream.intake.message_verification import (
    ADDRESS_ATTRIBUTE,
    EPOCH_ATTRIBUTE,
    KEY_ATTRIBUTE,
    SEQUENCE_ATTRIBUTE,
    SIGNATURE_ATTRIBUTE,
    SIGNING_ATTRIBUTES,
    TILL_ATTRIBUTE,
    SignatureVerifier,
)
from tillstream.model import audit, json_text
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import MAX_SALE_BYTES, day_close_errors, is_day_close, store_sale_errors
from tillstream.model.people import NOT_YOUR_STORE, UNVERIFIED
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.records import audit_log

MAX_MESSAGES = 1000
MAX_REQUEST_BYTES = 4 << 20
"""Maximum size of a request, unpacked."""
MAX_CLOSE_BYTES = 256 * 1024
"""Maximum size of a day close, whose sale numbers need not be compact."""
MAX_ATTRIBUTE = 200
UNREADABLE_CODE, UNSIGNED_CODE = "unreadable-message", "unsigned"

ExportedLine = tuple[int, Any]
"""Line number and decoded content; None if it is not JSON."""


@dataclass(frozen=True)
class MessageResult:
    """The result of one message. code, detail: why it is refused."""

    sequence: str
    id: str
    code: str = ""
    detail: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it is stored: if it is refused because of its key, it is kept in quarantine."""
        return self.code in {"", UNSIGNED_CODE, UNVERIFIED}

    def to_json(self) -> dict[str, str]:
        status = "refused" if self.code else "accepted"
        return {"sequence": self.sequence, "id": self.id, "status": status, "code": self.code, "detail": self.detail}


def publish_messages(
    ports: Ports, store: StoreToken, messages: Any, *, may_be_empty: bool = False
) -> tuple[list[MessageResult], int]:
    """Publish the messages that are accepted, durable on return, and return the result of each, in their order.

    Those that are refused because of their key are published too: when they are received, they go to quarantine. Also
    returns the highest sequence number of their outbox that was received before. Idempotent. Raises `Rejected` if
    it is not a list of messages, `Unavailable`.
    """
    if not isinstance(messages, list) or not (messages or may_be_empty):
        raise Rejected("messages must be a list of messages, each with its payload.")
    if len(messages) > MAX_MESSAGES:
        raise Rejected(f"A request can have at most {MAX_MESSAGES:,} messages, not {len(messages):,}.")
    verifier = SignatureVerifier(ports)
    last = _last_outbox_sequence(ports, store, messages)
    results = [_check_message(store, item, verifier) for item in messages]
    kept = [_bus_message(store, item) for item, result in zip(messages, results, strict=True) if result.is_kept]
    if kept:
        ports.bus.publish(TOPIC_STORE_SALES, kept)
    _report_foreign(ports, store, results)
    return results, last


def _check_message(store: StoreToken, item: Any, verifier: SignatureVerifier) -> MessageResult:
    attributes = _signature_attributes(item)
    sequence = attributes.get(SEQUENCE_ATTRIBUTE, "")
    if not isinstance(item, Mapping) or not isinstance(item.get("payload"), str):
        return MessageResult(sequence, "", UNREADABLE_CODE, "the message has no payload, which is JSON as text")
    if any(name in item and not _is_attribute(item[name]) for name in SIGNING_ATTRIBUTES):
        return MessageResult(
            sequence,
            "",
            UNREADABLE_CODE,
            f"{', '.join(SIGNING_ATTRIBUTES)} must be texts of at most {MAX_ATTRIBUTE} letters",
        )
    message, problems = decode_message(item["payload"])
    problems += filter(None, [message_verification.sequence_problem(attributes)])
    if problems:
        return MessageResult(sequence, "", UNREADABLE_CODE, "; ".join(problems))
    sale_id = _message_id(message)
    if (message["region"], message["store_id"]) != (store.region, store.store_id):
        return MessageResult(
            sequence, sale_id, NOT_YOUR_STORE, f"this token is only valid for {store.store_id} in {store.region}"
        )
    return MessageResult(sequence, sale_id, *_key_problem(store, attributes, verifier))


def _key_problem(store: StoreToken, attributes: Mapping[str, str], verifier: SignatureVerifier) -> tuple[str, str]:
    """Code and detail of a message that is refused because of its key; both empty if it is not."""
    own = store.region, store.store_id
    if attributes.get(SIGNATURE_ATTRIBUTE):
        problem = verifier.key_problem(own, attributes.get(KEY_ATTRIBUTE, ""))
        return (UNVERIFIED, problem) if problem else ("", "")
    if verifier.signed_only(own):
        return UNSIGNED_CODE, f"{store.store_id} has a key, so each message must be signed"
    return "", ""


def decode_message(text: str) -> tuple[Any, list[str]]:
    """The decoded payload of a sale or a day close, and its problems; empty if it is valid."""
    try:
        size = len(text.encode())
        message = json_text.decode_json(text)
    except json_text.NestedTooDeeply:
        return None, ["nested too deeply"]
    except UnicodeEncodeError:
        return None, ["contains half of a character (a lone surrogate such as \\ud800)"]
    except ValueError as error:
        return None, [f"not JSON: {error}"]
    is_close = is_day_close(message)
    limit = MAX_CLOSE_BYTES if is_close else MAX_SALE_BYTES
    if size > limit:
        return None, [f"a message can have at most {limit // 1024} KB"]
    errors = day_close_errors(message) if is_close else store_sale_errors(message)
    return message, errors


def _message_id(message: Mapping[str, Any]) -> str:
    own = ("till_id", "date") if is_day_close(message) else ("number",)
    return "/".join(message[name] for name in ("region", "store_id", *own))


def _bus_message(store: StoreToken, item: Mapping[str, str]) -> Message:
    return Message(item["payload"].encode(), sender_attributes(store) | _signature_attributes(item))


def sender_attributes(store: StoreToken) -> dict[str, str]:
    """Attributes of a message that state who sent it."""
    attributes = {"region": store.region, "store_id": store.store_id, ADDRESS_ATTRIBUTE: audit_log.current_address()}
    return {name: value for name, value in attributes.items() if value}


def _signature_attributes(item: Any) -> dict[str, str]:
    """The attributes of the signature that a message has."""
    if not isinstance(item, Mapping):
        return {}
    return {name: item[name] for name in SIGNING_ATTRIBUTES if _is_attribute(item.get(name)) and item[name]}


def _is_attribute(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_ATTRIBUTE and value.isprintable()


def _last_outbox_sequence(ports: Ports, store: StoreToken, messages: Sequence[Any]) -> int:
    """A request has messages of one outbox; that of the first one is meant."""
    first = _signature_attributes(messages[0]) if messages else {}
    if not first.get(TILL_ATTRIBUTE) or not first.get(EPOCH_ATTRIBUTE) or not first.get(KEY_ATTRIBUTE):
        return 0
    return message_verification.last_till_sequence(
        ports, store.region, store.store_id, first[TILL_ATTRIBUTE], first[EPOCH_ATTRIBUTE]
    )


def _report_foreign(ports: Ports, store: StoreToken, results: Sequence[MessageResult]) -> None:
    """Write one security event for the messages of other stores in a request."""
    foreign = [result.id for result in results if result.code == NOT_YOUR_STORE]
    if foreign:
        details = {"messages": len(foreign), "example": foreign[0], "token_id": store.id}
        audit_log.record(ports, "stores", audit.AuditAction.SALE_OUT_OF_SCOPE, store.store_id, None, details)


def receive_exported_messages(ports: Ports, text: str, file: str, by: str) -> list[tuple[int, MessageResult]]:
    """Publish the messages of an export, a JSON object on each line; return the result of each with its line number.

    Signatures are verified as usual. The till may also send the messages later: each sale counts once. Raises
    `Unavailable`.
    """
    lines = [(number, _decode_line(line)) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    results = [result for group in _store_groups(lines) for result in _publish_exported(ports, group)]
    refused = sum(bool(result.code) for _, result in results)
    details = {"messages": len(results), "refused": refused}
    audit_log.record(ports, by, audit.AuditAction.SALE_FILE_RECEIVED, file, None, details)
    return results


def _decode_line(line: str) -> Any:
    try:
        return json_text.decode_json(line)
    except ValueError:
        return None


def _store_groups(lines: Sequence[ExportedLine]) -> Iterator[list[ExportedLine]]:
    """Lines that follow each other and are of one store, at most as many as a request may have."""
    for _, group in groupby(lines, key=lambda line: _exporting_store(line[1])):
        listed = list(group)
        for start in range(0, len(listed), MAX_MESSAGES):
            yield listed[start : start + MAX_MESSAGES]


def _exporting_store(content: Any) -> tuple[str, str] | None:
    """Region and store of the till that exported a message; None if the line is not of an export."""
    if not isinstance(content, Mapping):
        return None
    region, store_id = content.get("region"), content.get("store_id")
    return (region, store_id) if isinstance(region, str) and isinstance(store_id, str) else None


def _publish_exported(ports: Ports, lines: Sequence[ExportedLine]) -> list[tuple[int, MessageResult]]:
    numbers, messages = [number for number, _ in lines], [content for _, content in lines]
    store = _exporting_store(messages[0])
    if store is None:
        wrong = MessageResult("", "", UNREADABLE_CODE, "the line is not a message that a till exported")
        return [(number, wrong) for number in numbers]
    results, _ = publish_messages(ports, StoreToken("export", *store), messages)
    return list(zip(numbers, results, strict=True))
