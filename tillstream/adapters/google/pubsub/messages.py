"""Our messages as Pub/Sub's and back, and which of them go in one request."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.pubsub_v1 import types

from tillstream.domain.events import TOPIC_STORE_SALES
from tillstream.ports.event_bus import DeadLetter, Delivery, Message

ORDERED = {TOPIC_STORE_SALES: ("region", "store_id")}
"""Topics whose messages come in the order of their publishing, for each value of these attributes."""
MOST_MESSAGES, MOST_BYTES = 1_000, 8_000_000
"""Of one request; Pub/Sub takes a thousand messages and 10 MB."""
OURS = "tillstream-"
"""Attributes that begin so are the adapter's own, and are not shown."""
EMPTY, FOR, SEQUENCE = f"{OURS}empty", f"{OURS}for", f"{OURS}sequence"
"""A message without content, which Pub/Sub refuses; the one subscription it is for; its place in time."""
GIVEN_UP = "CloudPubSubDeadLetterSource"
"""Attributes that begin so were given by Pub/Sub to a dead letter."""
EPOCH = datetime.fromtimestamp(0, UTC)
# The comfortable classes around these take most of the time of publishing.
RawMessage, RawRequest = types.PubsubMessage.pb(), types.PublishRequest.pb()
Lane = list[tuple[list[int], types.PublishRequest]]
"""Requests that go one after the other, each with the places of its messages."""


def requests(path: str, topic: str, messages: Sequence[Message]) -> list[Lane]:
    """The lanes go side by side."""
    keys = ORDERED.get(topic)
    if not keys:
        return [[one] for one in _requests(path, "", list(enumerate(messages)))]
    lanes: dict[str, list[tuple[int, Message]]] = {}
    for place, message in enumerate(messages):
        lanes.setdefault("/".join(message.attributes.get(name, "") for name in keys), []).append((place, message))
    return [list(_requests(path, key, lane)) for key, lane in lanes.items()]


def _requests(
    path: str, key: str, messages: Sequence[tuple[int, Message]]
) -> Iterator[tuple[list[int], types.PublishRequest]]:
    places: list[int] = []
    raw: list[Any] = []
    size = 0
    for place, (body, attributes) in messages:
        one = RawMessage(data=body, attributes=_written(body, attributes), ordering_key=key)
        more = one.ByteSize() + 8
        if len(raw) == MOST_MESSAGES or (raw and size + more > MOST_BYTES):
            yield places, types.PublishRequest.wrap(RawRequest(topic=path, messages=raw))
            places, raw, size = [], [], 0
        places.append(place)
        raw.append(one)
        size += more
    if raw:
        yield places, types.PublishRequest.wrap(RawRequest(topic=path, messages=raw))


def _written(body: bytes, attributes: Mapping[str, str]) -> dict[str, str]:
    return dict(attributes) if body or attributes else {EMPTY: "1"}


def is_for(received: Any, subscription: str) -> bool:
    """A dead letter that was sent again goes to the subscription that gave it up, and to no other of its topic."""
    return bool(received.message.attributes.get(FOR, subscription) == subscription)


def sent_again(letter: DeadLetter) -> Message:
    """With its old place in time, for its own subscription."""
    own = {FOR: letter.subscription, SEQUENCE: str(_micros(letter.published_at))}
    return Message(letter.message.body, {**letter.message.attributes, **own})


def delivery(received: Any, subscription: str, topic: str, expires_at: datetime) -> Delivery:
    raw = received.message
    sequence = _sequence(raw, raw.publish_time.ToMicroseconds())
    return Delivery(
        id=raw.message_id,
        subscription=subscription,
        topic=topic,
        message=_message(raw),
        published_at=_instant(sequence),
        sequence=sequence,
        attempt=received.delivery_attempt or 1,
        lease=received.ack_id,
        expires_at=expires_at,
    )


def dead_letter(received: Any, topics: Mapping[str, str]) -> DeadLetter:
    """topics: of each subscription."""
    raw = received.message
    given_up = {name.removeprefix(GIVEN_UP): value for name, value in raw.attributes.items()}
    subscription = given_up.get("Subscription", "").rsplit("/", 1)[-1]
    died_at = _instant(raw.publish_time.ToMicroseconds())
    published_at = datetime.fromisoformat(given_up.get("TopicPublishTime") or died_at.isoformat())
    return DeadLetter(
        id=f"{subscription}/{raw.message_id}",
        subscription=subscription,
        topic=topics.get(subscription, ""),
        message=_message(raw),
        published_at=_instant(_sequence(raw, _micros(published_at))),
        died_at=died_at,
        attempts=int(given_up.get("DeliveryCount") or 0),
        error="Given up after its last attempt; the log of who handles it says why.",
    )


def _sequence(raw: Any, published: int) -> int:
    """Of a dead letter that was sent again: its first place. Nobody speaks from the future."""
    told = raw.attributes.get(SEQUENCE, "")
    return min(published, int(told)) if told.isdecimal() else published


def _message(raw: Any) -> Message:
    shown = {name: value for name, value in raw.attributes.items() if not name.startswith((OURS, GIVEN_UP))}
    return Message(raw.data, shown)


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)
