"""Create topics and subscriptions where no infrastructure code does: on an emulator."""

from contextlib import suppress
from datetime import timedelta

from google.api_core import exceptions as api_errors
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1 import PublisherClient, SubscriberClient, types

from tillstream.adapters.google.api_retries import RETRY, TIMEOUT
from tillstream.adapters.google.pubsub.messages import DETACHED, ORDERED
from tillstream.model.errors import Rejected
from tillstream.model.events import DEAD_LETTERS
from tillstream.ports.bus import RetryPolicy

SHORTEST_EXPIRY = timedelta(days=1)
"""Of a subscription of a program, beyond the time for which its messages are kept; the minimum of Pub/Sub."""
RETENTION = timedelta(days=7)
"""The maximum of the emulator. On Google Cloud, `infra` sets the retention: 7 days, and 31 for dead letters."""


class ResourceCreator:
    """Creates missing resources; idempotent and safe to run concurrently."""

    def __init__(self, project: str, publisher: PublisherClient, subscriber: SubscriberClient) -> None:
        self._project = f"projects/{project}"
        self._publisher = publisher
        self._subscriber = subscriber
        self._created = set[str]()

    def topic(self, name: str) -> str:
        path = f"{self._project}/topics/{name}"
        if path in self._created:
            return path
        with suppress(api_errors.AlreadyExists):
            self._publisher.create_topic(types.Topic(name=path), retry=RETRY, timeout=TIMEOUT)
        self._created.add(path)
        return path

    def subscription(self, topic: str, name: str, policy: RetryPolicy | None) -> None:
        """Create a subscription, or update its policy if one is passed.

        Raises `Rejected` if it belongs to another topic.
        """
        dead_topic, topic_path = self.topic(DEAD_LETTERS), self.topic(topic)
        self._create(types.Subscription(name=self._path(DEAD_LETTERS), topic=dead_topic, ack_deadline_seconds=60))
        declared = _subscription(self._path(name), topic_path, dead_topic, policy or RetryPolicy())
        declared.enable_message_ordering = topic in ORDERED
        if self._create(declared):
            return
        self._check_topic(declared)
        if policy:
            mask = FieldMask(paths=["ack_deadline_seconds", "retry_policy", "dead_letter_policy"])
            change = types.UpdateSubscriptionRequest(subscription=declared, update_mask=mask)
            self._subscriber.update_subscription(change, retry=RETRY, timeout=TIMEOUT)

    def attach_deployed(self, topic: str, name: str, idle: float) -> None:
        """Let a subscription that a deploy created keep its messages for `idle` seconds.

        Raises `Rejected` if it belongs to another topic, and `NotFound` of the service if there is none.
        """
        kept = min(RETENTION, timedelta(seconds=idle))
        declared = types.Subscription(name=self._path(name), topic=f"{self._project}/topics/{topic}")
        existing = self._check_topic(declared)
        if existing.message_retention_duration != kept:
            self._retain(name, kept)

    def detach_deployed(self, name: str) -> None:
        """Drop the messages of a subscription that a deploy created, except for those of the last ten minutes."""
        self._retain(name, DETACHED)

    def _retain(self, name: str, kept: timedelta) -> None:
        declared = types.Subscription(name=self._path(name), message_retention_duration=kept)
        mask = FieldMask(paths=["message_retention_duration"])
        change = types.UpdateSubscriptionRequest(subscription=declared, update_mask=mask)
        self._subscriber.update_subscription(change, retry=RETRY, timeout=TIMEOUT)

    def attach(self, topic: str, name: str, policy: RetryPolicy, idle: float) -> None:
        """Create a subscription that expires, or update its policy.

        Raises `Rejected` if it belongs to another topic.
        """
        topics = f"{self._project}/topics"
        declared = _subscription(self._path(name), f"{topics}/{topic}", f"{topics}/{DEAD_LETTERS}", policy)
        declared.enable_message_ordering = topic in ORDERED
        declared.message_retention_duration = min(RETENTION, max(timedelta(seconds=idle), SHORTEST_EXPIRY))
        declared.expiration_policy = types.ExpirationPolicy(ttl=declared.message_retention_duration + SHORTEST_EXPIRY)
        with suppress(api_errors.AlreadyExists):
            self._subscriber.create_subscription(declared, retry=RETRY, timeout=TIMEOUT)
            return
        self._check_topic(declared)

    def detach(self, name: str) -> None:
        with suppress(api_errors.NotFound):
            request = types.DeleteSubscriptionRequest(subscription=self._path(name))
            self._subscriber.delete_subscription(request, retry=RETRY, timeout=TIMEOUT)

    def _check_topic(self, declared: types.Subscription) -> types.Subscription:
        request = types.GetSubscriptionRequest(subscription=declared.name)
        existing = self._subscriber.get_subscription(request, retry=RETRY, timeout=TIMEOUT)
        if existing.topic != declared.topic:
            name, old, new = (path.rsplit("/", 1)[-1] for path in (declared.name, existing.topic, declared.topic))
            raise Rejected(f"The subscription {name} listens to {old}, not to {new}.")
        return existing

    def _path(self, subscription: str) -> str:
        return f"{self._project}/subscriptions/{subscription}"

    def _create(self, declared: types.Subscription) -> bool:
        declared.message_retention_duration = RETENTION
        declared.expiration_policy = types.ExpirationPolicy()  # empty: never
        try:
            self._subscriber.create_subscription(declared, retry=RETRY, timeout=TIMEOUT)
        except api_errors.AlreadyExists:
            return False
        return True


def _subscription(path: str, topic: str, dead_topic: str, policy: RetryPolicy) -> types.Subscription:
    """The subscription closest to the policy within the limits of Pub/Sub."""
    return types.Subscription(
        name=path,
        topic=topic,
        ack_deadline_seconds=round(_clamp(policy.lease, 10, 600)),
        retry_policy=types.RetryPolicy(
            minimum_backoff=timedelta(seconds=_clamp(policy.minimum, 0, 600)),
            maximum_backoff=timedelta(seconds=_clamp(policy.maximum, 0, 600)),
        ),
        dead_letter_policy=types.DeadLetterPolicy(
            dead_letter_topic=dead_topic, max_delivery_attempts=round(_clamp(policy.attempts, 5, 100))
        ),
    )


def _clamp(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)
