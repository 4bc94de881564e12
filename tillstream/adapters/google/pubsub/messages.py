"""Messages of Pub/Sub: their conversion and grouping into requests, and the calls that lease and acknowledge them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from google.api_core import exceptions as api_errors
from google.pubsub_v1 import SubscriberClient, types

from tillstream.adapters.google.api_retries import RETRY, TIMEOUT, is_transient, translate_errors
from tillstream.model.events import TOPIC_SALE_EVENTS, TOPIC_STORE_SALES, WEBHOOK_PLACES
from tillstream.ports.bus import DeadLetter, Delivery, Message

ORDERED = {TOPIC_STORE_SALES: ("region", "store_id"), TOPIC_SALE_EVENTS: ()}
"""Topics that deliver messages in publishing order: per ordering key of the message, else per value of these
attributes."""
MOST_MESSAGES, MOST_BYTES = 1_000, 8_000_000
"""Maximum per request; Pub/Sub accepts a thousand messages and 10 MB."""
OWN_PREFIX = "tillstream-"
"""Prefix of the adapter's own attributes, which are hidden."""
EMPTY, FOR, SEQUENCE = f"{OWN_PREFIX}empty", f"{OWN_PREFIX}for", f"{OWN_PREFIX}sequence"
"""Marks a message without content, which Pub/Sub rejects; the only subscription that receives it; its sequence."""
DEAD_LETTER_PREFIX = "CloudPubSubDeadLetterSource"
"""Prefix of the attributes that Pub/Sub adds to a dead letter."""
EPOCH = datetime.fromtimestamp(0, UTC)
# The proto-plus wrappers would take most of the time of publishing.
RawMessage, RawRequest = types.PubsubMessage.pb(), types.PublishRequest.pb()
Lane = list[tuple[list[int], types.PublishRequest]]
"""Requests that are sent in sequence, each with the positions of its messages."""

MOST_PULLED, MOST_LEASES = 1_000, 1_000
"""Maximum number of messages per pull; of leases per request, which is limited to 512 KB."""

DETACHED = timedelta(minutes=10)
"""Retention of a deployed subscription of no webhook, the minimum of Pub/Sub: it costs nothing."""


def publish_requests(path: str, topic: str, messages: Sequence[Message]) -> list[Lane]:
    """Group messages into requests; lanes may be sent in parallel."""
    names = ORDERED.get(topic, ())
    lanes: dict[str, list[tuple[int, Message]]] = {}
    for place, message in enumerate(messages):
        key = message.ordering_key or "/".join(message.attributes.get(name, "") for name in names)
        lanes.setdefault(key, []).append((place, message))
    unordered = lanes.pop("", [])
    in_order = [list(_requests(path, key, lane)) for key, lane in lanes.items()]
    return [*in_order, *([request] for request in _requests(path, "", unordered))]


def _requests(
    path: str, key: str, messages: Sequence[tuple[int, Message]]
) -> Iterator[tuple[list[int], types.PublishRequest]]:
    places: list[int] = []
    raw: list[Any] = []
    size = 0
    for place, (body, attributes, _) in messages:
        raw_message = RawMessage(data=body, attributes=_attributes(body, attributes), ordering_key=key)
        added = raw_message.ByteSize() + 8
        if len(raw) == MOST_MESSAGES or (raw and size + added > MOST_BYTES):
            yield places, types.PublishRequest.wrap(RawRequest(topic=path, messages=raw))
            places, raw, size = [], [], 0
        places.append(place)
        raw.append(raw_message)
        size += added
    if raw:
        yield places, types.PublishRequest.wrap(RawRequest(topic=path, messages=raw))


def _attributes(body: bytes, attributes: Mapping[str, str]) -> dict[str, str]:
    return dict(attributes) if body or attributes else {EMPTY: "1"}


def is_for_subscription(received: Any, subscription: str) -> bool:
    """Whether the message is for this subscription; a resent dead letter is only for its own."""
    return bool(received.message.attributes.get(FOR, subscription) == subscription)


def resent_message(letter: DeadLetter) -> Message:
    """The message of a dead letter with its original sequence, addressed to its subscription."""
    own = {FOR: letter.subscription, SEQUENCE: str(_micros(letter.published_at))}
    return Message(letter.message.body, {**letter.message.attributes, **own})


def to_delivery(received: Any, subscription: str, topic: str, expires_at: datetime) -> Delivery:
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


def to_dead_letter(received: Any, topics: Mapping[str, str]) -> DeadLetter:
    """Convert a dead letter. topics: subscription → topic."""
    raw = received.message
    source = {name.removeprefix(DEAD_LETTER_PREFIX): value for name, value in raw.attributes.items()}
    subscription = source.get("Subscription", "").rsplit("/", 1)[-1]
    died_at = _instant(raw.publish_time.ToMicroseconds())
    published_at = datetime.fromisoformat(source.get("TopicPublishTime") or died_at.isoformat())
    return DeadLetter(
        id=f"{subscription}/{raw.message_id}",
        subscription=subscription,
        topic=topics.get(subscription, ""),
        message=_message(raw),
        published_at=_instant(_sequence(raw, _micros(published_at))),
        died_at=died_at,
        attempts=int(source.get("DeliveryCount") or 0),
        error="Not delivered after the last attempt; for the cause, see the log of its handler.",
    )


def _sequence(raw: Any, published: int) -> int:
    """The publish time, or for a resent dead letter its original sequence; never later than the publish time."""
    own = raw.attributes.get(SEQUENCE, "")
    return min(published, int(own)) if own.isdecimal() else published


def _message(raw: Any) -> Message:
    attributes = {
        name: value for name, value in raw.attributes.items() if not name.startswith((OWN_PREFIX, DEAD_LETTER_PREFIX))
    }
    return Message(raw.data, attributes)


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _micros(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)


class Leases:
    def __init__(self, project: str) -> None:
        self._project = project

    @cached_property
    def client(self) -> SubscriberClient:
        return SubscriberClient()

    def pull(self, subscription: str, limit: int, seconds: float) -> list[Any]:
        """Up to `limit` messages; returns as soon as there are any, and none after the timeout."""
        request = types.PullRequest(subscription=self.path(subscription), max_messages=min(limit, MOST_PULLED))
        retries = RETRY.with_predicate(_is_retryable).with_timeout(seconds)
        with translate_errors(f"The subscription {subscription}"):
            try:
                response = self.client.pull(request, retry=retries, timeout=seconds)
            except api_errors.DeadlineExceeded:
                return []
        return list(types.PullResponse.pb(response).received_messages)

    def acknowledge(self, subscription: str, leases: Sequence[str]) -> None:
        with translate_errors(f"The subscription {subscription}"):
            for batch in _lease_batches(leases):
                request = types.AcknowledgeRequest(subscription=self.path(subscription), ack_ids=batch)
                self.client.acknowledge(request, retry=RETRY, timeout=TIMEOUT)

    def change(self, subscription: str, leases: Sequence[str], seconds: float) -> None:
        """Set the leases to end so many seconds from now; 0 releases the messages."""
        with translate_errors(f"The subscription {subscription}"):
            for batch in _lease_batches(leases):
                request = types.ModifyAckDeadlineRequest(
                    subscription=self.path(subscription), ack_ids=batch, ack_deadline_seconds=round(seconds)
                )
                self.client.modify_ack_deadline(request, retry=RETRY, timeout=TIMEOUT)

    def topics(self, *, attached: bool = False) -> dict[str, str]:
        """Subscription → topic, for the whole project. attached: without those of webhooks that do not exist."""
        request = types.ListSubscriptionsRequest(project=f"projects/{self._project}")
        with translate_errors("The list of subscriptions"):
            subscriptions = list(self.client.list_subscriptions(request, retry=RETRY, timeout=TIMEOUT))
        return {
            subscription.name.rsplit("/", 1)[1]: subscription.topic.rsplit("/", 1)[-1]
            for subscription in subscriptions
            if not (attached and _is_detached(subscription))
        }

    def close(self) -> None:
        if "client" in vars(self):
            self.client.transport.close()

    def path(self, subscription: str) -> str:
        return f"projects/{self._project}/subscriptions/{subscription}"


def _is_detached(subscription: types.Subscription) -> bool:
    name = subscription.name.rsplit("/", 1)[1]
    return name in WEBHOOK_PLACES and subscription.message_retention_duration <= DETACHED


def _is_retryable(error: BaseException) -> bool:
    return is_transient(error) and not isinstance(error, api_errors.DeadlineExceeded)


def _lease_batches(leases: Sequence[str]) -> Iterator[list[str]]:
    remaining = iter(leases)
    while batch := list(islice(remaining, MOST_LEASES)):
        yield batch
