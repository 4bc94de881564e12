"""Topics and subscriptions made, where no infrastructure has made them: on an emulator."""

from contextlib import suppress
from datetime import timedelta

from google.api_core import exceptions as told
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1 import PublisherClient, SubscriberClient, types

from tillstream.adapters.google.pubsub.messages import ORDERED
from tillstream.adapters.google.retries import RETRY, TRY
from tillstream.domain.errors import Rejected
from tillstream.domain.events import DEAD_LETTERS
from tillstream.ports.event_bus import RetryPolicy

KEPT = timedelta(days=7)
"""The longest that the emulator takes. Age ends no message, attempts do; on the real service infra says 31 days."""


class Maker:
    """Makes what is missing; repeatable, also by several at once."""

    def __init__(self, project: str, publisher: PublisherClient, subscriber: SubscriberClient) -> None:
        self._project = f"projects/{project}"
        self._publisher = publisher
        self._subscriber = subscriber
        self._made = set[str]()

    def topic(self, name: str) -> str:
        path = f"{self._project}/topics/{name}"
        if path in self._made:
            return path
        with suppress(told.AlreadyExists):
            self._publisher.create_topic(types.Topic(name=path), retry=RETRY, timeout=TRY)
        self._made.add(path)
        return path

    def subscription(self, topic: str, name: str, policy: RetryPolicy | None) -> None:
        """Raises `Rejected` where it listens to another topic. A given policy replaces the one before."""
        dead_topic, topic_path = self.topic(DEAD_LETTERS), self.topic(topic)
        self._make(types.Subscription(name=self._path(DEAD_LETTERS), topic=dead_topic, ack_deadline_seconds=60))
        wanted = _wanted(self._path(name), topic_path, dead_topic, policy or RetryPolicy())
        wanted.enable_message_ordering = topic in ORDERED
        if self._make(wanted):
            return
        request = types.GetSubscriptionRequest(subscription=wanted.name)
        known = self._subscriber.get_subscription(request, retry=RETRY, timeout=TRY)
        if known.topic != topic_path:
            raise Rejected(f"The subscription {name} listens to {known.topic.rsplit('/', 1)[-1]}, not to {topic}.")
        if policy:
            mask = FieldMask(paths=["ack_deadline_seconds", "retry_policy", "dead_letter_policy"])
            change = types.UpdateSubscriptionRequest(subscription=wanted, update_mask=mask)
            self._subscriber.update_subscription(change, retry=RETRY, timeout=TRY)

    def _path(self, subscription: str) -> str:
        return f"{self._project}/subscriptions/{subscription}"

    def _make(self, wanted: types.Subscription) -> bool:
        wanted.message_retention_duration = KEPT
        wanted.expiration_policy = types.ExpirationPolicy()  # an empty one: never
        try:
            self._subscriber.create_subscription(wanted, retry=RETRY, timeout=TRY)
        except told.AlreadyExists:
            return False
        return True


def _wanted(path: str, topic: str, dead_topic: str, policy: RetryPolicy) -> types.Subscription:
    """As near to the policy as Pub/Sub goes."""
    return types.Subscription(
        name=path,
        topic=topic,
        ack_deadline_seconds=round(_within(policy.lease, 10, 600)),
        retry_policy=types.RetryPolicy(
            minimum_backoff=timedelta(seconds=_within(policy.minimum, 0, 600)),
            maximum_backoff=timedelta(seconds=_within(policy.maximum, 0, 600)),
        ),
        dead_letter_policy=types.DeadLetterPolicy(
            dead_letter_topic=dead_topic, max_delivery_attempts=round(_within(policy.attempts, 5, 100))
        ),
    )


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
