"""Messages that a till was acknowledged, and that are neither stored nor in the queue: its outbox still has them.

A till lists in its requests what it was acknowledged since it last learned that it is stored. So the outboxes are an
account of acknowledgements apart from the files of this machine. What is missing is answered, and the till sends it
again; until it is stored, it is a loss that names the store.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from tillstream.intake import message_verification
from tillstream.intake.message_verification import (
    DIGEST_DIGITS,
    EPOCH_ATTRIBUTE,
    SEQUENCE_ATTRIBUTE,
    TILL_ATTRIBUTE,
    NumberedMessage,
)
from tillstream.intake.store_sales import RECEIVE_SUBSCRIPTION
from tillstream.model.errors import Rejected
from tillstream.people import store_credentials
from tillstream.people.store_credentials import StoreToken
from tillstream.ports import Ports
from tillstream.records import losses
from tillstream.records.losses import Loss, LossKind

TILL_GAPS_COLLECTION = "till_gaps"
MAX_MESSAGES_PER_REQUEST = 1000
"""Messages of one request."""
MAX_FOLLOWED_LOSSES = 10_000
"""Messages whose loss is followed, of one till."""
_DIGEST = re.compile(rf"[0-9a-f]{{{DIGEST_DIGITS}}}")
REMEDY = (
    "The till sends them again by itself when it connects, which resolves this loss. If it stays open, run `tillstream "
    "till status` on the machine of the till; what it lists as refused is sent with `tillstream till send --refused`. "
    "Compare the day closes of the store, and record what the till no longer has."
)


class AcknowledgedState(StrEnum):
    """The state of a message that was acknowledged. Part of the public names."""

    STORED = "stored"
    WAITING = "waiting"
    """In the queue, as far as that is known."""
    MISSING = "missing"


def parse_acknowledged(ports: Ports, store: StoreToken, value: Any) -> list[NumberedMessage]:
    """Return the messages that a till of the store lists as acknowledged; none of a till without a key.

    value: `{"till", "messages": [{"epoch", "sequence", "digest"}]}`. Raises `Rejected` if it is something else.
    """
    listed = value.get("messages") if isinstance(value, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_MESSAGES_PER_REQUEST or not isinstance(value.get("till"), str):
        raise Rejected(
            f"acknowledged must have the till, and messages, a list of at most {MAX_MESSAGES_PER_REQUEST:,}."
        )
    messages = [_numbered(store, value["till"], one) for one in listed]
    keys = store_credentials.keys_of_store(ports, store.region, store.store_id).keys
    # a token alone must not be able to report losses of any number of tills
    return messages if any(key.till == value["till"] for key in keys) else []


def acknowledged_states(ports: Ports, queried: Sequence[NumberedMessage]) -> list[AcknowledgedState]:
    """Return the states of messages of one till, in their order, and report what is missing as a loss.

    Idempotent. Raises `Unavailable`.
    """
    stored = message_verification.find_stored_messages(ports, queried)
    lacking = [one for one in queried if one not in stored]
    waiting: set[NumberedMessage] = set()
    if lacking:
        queued = ports.bus.unacknowledged(RECEIVE_SUBSCRIPTION, TILL_ATTRIBUTE, lacking[0].till)
        waiting = set(lacking if queued is None else filter(None, map(message_verification.number_of_message, queued)))
        # what was stored and left the queue between both looks
        stored |= message_verification.find_stored_messages(ports, (one for one in lacking if one not in waiting))
    answers = [_state(one, stored, waiting) for one in queried]
    if queried:
        _note_missing(ports, dict(zip(queried, answers, strict=True)))
    return answers


def stores_at_risk(ports: Ports) -> list[StoreToken]:
    """One token of each store that sent sales on the last day on which any did, or the day before."""
    tokens = [token for token in store_credentials.find_store_tokens(ports) if token.last_used]
    if not tokens:
        return []
    last = date.fromisoformat(max(token.last_used for token in tokens))
    since = (last - timedelta(days=1)).isoformat()
    by_store = {(one.region, one.store_id): one for one in tokens if one.last_used >= since}
    return [by_store[store] for store in sorted(by_store)]


def _state(one: NumberedMessage, stored: set[NumberedMessage], waiting: set[NumberedMessage]) -> AcknowledgedState:
    if one in stored:
        return AcknowledgedState.STORED
    return AcknowledgedState.WAITING if one in waiting else AcknowledgedState.MISSING


def _note_missing(ports: Ports, by_message: Mapping[NumberedMessage, AcknowledgedState]) -> None:
    """Keep what is missing of the till until it is stored; it is sent again with another number."""
    first = next(iter(by_message))
    key = message_verification.outbox_id(first.region, first.store_id, first.till)
    document = ports.documents.get(TILL_GAPS_COLLECTION, key)
    name, before, settled = "", [], []
    if document:
        name, before, settled = (document.data[field] for field in ("name", "digests", "settled"))
    lost = losses.find_loss(ports, LossKind.STORE_SALES, name) if before else None
    if before and not (lost and lost.is_open):
        before, settled = [], [*settled, *before]  # somebody has dealt with it: what follows is another loss
    stored = {one.digest for one, state in by_message.items() if state is AcknowledgedState.STORED}
    missing = {one.digest: one for one, state in by_message.items() if state is AcknowledgedState.MISSING}
    new = [digest for digest in missing if digest not in {*before, *settled}]
    digests = [*(digest for digest in before if digest not in stored), *new]
    if digests == before:
        return
    if not before:
        name = f"{first.region}/{first.store_id}/{first.till}/{missing[new[0]].epoch}/{missing[new[0]].sequence}"
    if digests:
        losses.report_losses(ports, _loss(first, name, len(digests)))
    else:
        losses.resolve_recovered(ports, LossKind.STORE_SALES, name)
    kept = {"digests": digests[:MAX_FOLLOWED_LOSSES], "settled": settled[-MAX_FOLLOWED_LOSSES:]}
    ports.documents.put(TILL_GAPS_COLLECTION, key, {"name": name} | kept)


def _numbered(store: StoreToken, till: str, one: Any) -> NumberedMessage:
    values = (
        {name: one.get(name) for name in (EPOCH_ATTRIBUTE, SEQUENCE_ATTRIBUTE, "digest")}
        if isinstance(one, dict)
        else {}
    )
    texts = {name: value for name, value in values.items() if isinstance(value, str) and value}
    problem = message_verification.sequence_problem(texts)
    if len(texts) < len(values) or not values or problem or not _DIGEST.fullmatch(texts["digest"]):
        raise Rejected(
            f"Each acknowledged message must have {EPOCH_ATTRIBUTE}, {SEQUENCE_ATTRIBUTE}, and digest, which is "
            f"{DIGEST_DIGITS} hexadecimal digits"
            f"{': ' * bool(problem)}{problem}."
        )
    return NumberedMessage(
        store.region, store.store_id, till, texts[EPOCH_ATTRIBUTE], int(texts[SEQUENCE_ATTRIBUTE]), texts["digest"]
    )


def _loss(one: NumberedMessage, name: str, count: int) -> Loss:
    store = f"{one.region}/{one.store_id}"
    what = "1 message" if count == 1 else f"{count:,} messages"
    message = f"{what} of the till {one.till} of {store} were acknowledged, and are neither stored nor in the queue."
    if count == 1:
        message = message.replace("were", "was").replace("are", "is")
    return Loss(LossKind.STORE_SALES, name, message, REMEDY, regions=(one.region,), stores=(store,))
