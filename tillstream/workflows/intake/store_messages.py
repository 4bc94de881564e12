"""Messages that a till sends in one request: each is checked by itself, the accepted ones are published together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tillstream.model import audit, json_text
from tillstream.model import messages as model_messages
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import MAX_SALE_BYTES
from tillstream.model.people import NOT_YOUR_STORE, UNVERIFIED
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports
from tillstream.ports.bus import Message
from tillstream.records import audit_log
from tillstream.workflows.intake import till_sequences
from tillstream.workflows.intake.verification import ADDRESS, EPOCH, KEY, SEQUENCE, SIGNATURE, SIGNING, TILL, Verifier

MAX_MESSAGES = 1000
MAX_BYTES = 4 << 20
"""Maximum size of a request, unpacked."""
MAX_CLOSE_BYTES = 256 * 1024
"""Maximum size of a day close, whose sale numbers need not be compact."""
MAX_ATTRIBUTE = 200
UNREADABLE, UNSIGNED = "unreadable-message", "unsigned"


@dataclass(frozen=True)
class Result:
    """The result of one message. code, detail: why it is refused."""

    sequence: str
    id: str
    code: str = ""
    detail: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether it is stored: if it is refused because of its key, it is kept in quarantine."""
        return self.code in {"", UNSIGNED, UNVERIFIED}

    def to_json(self) -> dict[str, str]:
        status = "refused" if self.code else "accepted"
        return {"sequence": self.sequence, "id": self.id, "status": status, "code": self.code, "detail": self.detail}


def publish(ports: Ports, store: StoreToken, messages: Any, *, may_be_empty: bool = False) -> tuple[list[Result], int]:
    """Publish the messages that are accepted, durable on return, and return the result of each, in their order.

    Those that are refused because of their key are published too: when they are received, they go to quarantine. Also
    returns the highest sequence number of their outbox that was received before. Idempotent. Raises `Rejected` if
    it is not a list of messages, `Unavailable`.
    """
    if not isinstance(messages, list) or not (messages or may_be_empty):
        raise Rejected("messages must be a list of messages, each with its payload.")
    if len(messages) > MAX_MESSAGES:
        raise Rejected(f"A request can have at most {MAX_MESSAGES:,} messages, not {len(messages):,}.")
    verifier = Verifier(ports)
    last = _last_sequence(ports, store, messages)
    results = [_check(store, item, verifier) for item in messages]
    kept = [_message(store, item) for item, result in zip(messages, results, strict=True) if result.is_kept]
    if kept:
        ports.bus.publish(TOPIC_STORE_SALES, kept)
    _report_foreign(ports, store, results)
    return results, last


def _check(store: StoreToken, item: Any, verifier: Verifier) -> Result:
    attributes = _attributes(item)
    sequence = attributes.get(SEQUENCE, "")
    if not isinstance(item, Mapping) or not isinstance(item.get("payload"), str):
        return Result(sequence, "", UNREADABLE, "the message has no payload, which is JSON as text")
    if any(name in item and not _is_attribute(item[name]) for name in SIGNING):
        return Result(
            sequence, "", UNREADABLE, f"{', '.join(SIGNING)} must be texts of at most {MAX_ATTRIBUTE} letters"
        )
    message, problems = decode(item["payload"])
    problems += filter(None, [till_sequences.problem_of(attributes)])
    if problems:
        return Result(sequence, "", UNREADABLE, "; ".join(problems))
    sale_id = _id(message)
    if (message["region"], message["store_id"]) != (store.region, store.store_id):
        return Result(
            sequence, sale_id, NOT_YOUR_STORE, f"this token is only valid for {store.store_id} in {store.region}"
        )
    return Result(sequence, sale_id, *_key_problem(store, attributes, verifier))


def _key_problem(store: StoreToken, attributes: Mapping[str, str], verifier: Verifier) -> tuple[str, str]:
    """Code and detail of a message that is refused because of its key; both empty if it is not."""
    own = store.region, store.store_id
    if attributes.get(SIGNATURE):
        problem = verifier.key_problem(own, attributes.get(KEY, ""))
        return (UNVERIFIED, problem) if problem else ("", "")
    if verifier.signed_only(own):
        return UNSIGNED, f"{store.store_id} has a key, so each message must be signed"
    return "", ""


def decode(text: str) -> tuple[Any, list[str]]:
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
    is_close = model_messages.is_day_close(message)
    limit = MAX_CLOSE_BYTES if is_close else MAX_SALE_BYTES
    if size > limit:
        return None, [f"a message can have at most {limit // 1024} KB"]
    errors = model_messages.day_close_errors(message) if is_close else model_messages.store_sale_errors(message)
    return message, errors


def _id(message: Mapping[str, Any]) -> str:
    own = ("till_id", "date") if model_messages.is_day_close(message) else ("number",)
    return "/".join(message[name] for name in ("region", "store_id", *own))


def _message(store: StoreToken, item: Mapping[str, str]) -> Message:
    return Message(item["payload"].encode(), sender_attributes(store) | _attributes(item))


def sender_attributes(store: StoreToken) -> dict[str, str]:
    """Attributes of a message that state who sent it."""
    attributes = {"region": store.region, "store_id": store.store_id, ADDRESS: audit_log.current_address()}
    return {name: value for name, value in attributes.items() if value}


def _attributes(item: Any) -> dict[str, str]:
    """The attributes of the signature that a message has."""
    if not isinstance(item, Mapping):
        return {}
    return {name: item[name] for name in SIGNING if _is_attribute(item.get(name)) and item[name]}


def _is_attribute(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAX_ATTRIBUTE and value.isprintable()


def _last_sequence(ports: Ports, store: StoreToken, messages: Sequence[Any]) -> int:
    """A request has messages of one outbox; that of the first one is meant."""
    first = _attributes(messages[0]) if messages else {}
    if not first.get(TILL) or not first.get(EPOCH) or not first.get(KEY):
        return 0
    return till_sequences.last_sequence(ports, store.region, store.store_id, first[TILL], first[EPOCH])


def _report_foreign(ports: Ports, store: StoreToken, results: Sequence[Result]) -> None:
    """Write one security event for the messages of other stores in a request."""
    foreign = [result.id for result in results if result.code == NOT_YOUR_STORE]
    if foreign:
        details = {"messages": len(foreign), "example": foreign[0], "token_id": store.id}
        audit_log.record(ports, "stores", audit.AuditAction.SALE_OUT_OF_SCOPE, store.store_id, None, details)
