"""The event bus on Pub/Sub."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from google.pubsub_v1 import PublisherClient

from tillstream.adapters.google.pubsub import messages as wire
from tillstream.adapters.google.pubsub.backlog import Backlog, Waiting
from tillstream.adapters.google.pubsub.dead_letters import DeadLetters
from tillstream.adapters.google.pubsub.leases import Leases
from tillstream.adapters.google.pubsub.messages import Lane
from tillstream.adapters.google.retries import RETRY, TRY, translate_errors
from tillstream.domain.errors import NotFound
from tillstream.domain.events import DEAD_LETTERS, SUBSCRIPTIONS, WEBHOOK_PLACES
from tillstream.ports.event_bus import DeadLetter, Delivery, Message, QueueDepth, RetryPolicy

if TYPE_CHECKING:
    from tillstream.adapters.google.pubsub.resources import ResourceCreator

IN_FLIGHT = 4
"""Concurrent requests of one `publish`, so that it does not overload a slow service."""
SHORTEST, PAUSE = 0.5, 0.05
"""Seconds that one pull waits at least for a message; seconds between two pulls."""
LONGEST_LEASE = 600.0


class PubSubEventBus:
    """Topics and subscriptions exist already; with `makes`, `subscribe` and `publish` create them.

    A publish request is stored completely or not at all. Messages beyond the limit of a request are split over several;
    if one of them fails, the others stay stored: `publish` raises, and the caller's retry publishes all of them again.
    Every consumer detects duplicates by the event's id, the batch's id or the sale's version.

    Leases are timed by our clock, because Pub/Sub does not report whether one has ended. Pub/Sub controls the delay
    after a failure and the number of attempts, and stores no error messages. Its publish times have millisecond
    resolution, so two messages may have the same sequence.
    """

    def __init__(self, project: str, *, makes: bool = False, monitoring: str = "") -> None:
        """monitoring: the address of Cloud Monitoring; empty: `queue_depths` reports no counts."""
        self._project = project
        self._creates_resources = makes
        self._policies: dict[str, RetryPolicy] = {}
        self._topics = dict(SUBSCRIPTIONS)
        self._lease_ends: dict[str, float] = {}
        self._leases = Leases(project)
        self._dead = DeadLetters(self._leases, self.publish)
        self._backlog = Backlog(project, monitoring) if monitoring else None

    @cached_property
    def _publisher(self) -> PublisherClient:
        return PublisherClient()

    @cached_property
    def _creator(self) -> "ResourceCreator":
        from tillstream.adapters.google.pubsub.resources import ResourceCreator  # rarely needed, and slow to import

        return ResourceCreator(self._project, self._publisher, self._leases.client)

    def subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None = None) -> None:
        """Raises `Rejected` if the subscription belongs to another topic.

        Policies are clamped to the limits of Pub/Sub: 5 to 100 attempts, leases of 10 to 600 seconds, delays of up to
        600. Messages do not expire by age.
        """
        self._policies[subscription] = policy or self._policies.get(subscription, RetryPolicy())
        self._topics[subscription] = topic
        if self._creates_resources:
            with translate_errors(f"The subscription {subscription}"):
                self._creator.subscription(topic, subscription, policy)

    def attach(self, topic: str, subscription: str, *, idle: float, policy: RetryPolicy | None = None) -> None:
        """Those of webhooks are deployed, and only their retention changes. Others are created, which requires the
        permission to create subscriptions."""
        with translate_errors(f"The subscription {subscription}"):
            if self._creates_resources:
                self._creator.topic(topic)
                self._creator.topic(DEAD_LETTERS)
            if subscription in WEBHOOK_PLACES and not self._creates_resources:
                self._creator.attach_deployed(topic, subscription, idle)
            else:
                self._creator.attach(topic, subscription, policy or RetryPolicy(), idle)
        self._policies[subscription] = policy or RetryPolicy()
        self._topics[subscription] = topic

    def detach(self, subscription: str) -> None:
        with translate_errors(f"The subscription {subscription}"):
            if subscription in WEBHOOK_PLACES and not self._creates_resources:
                self._creator.detach_deployed(subscription)
            else:
                self._creator.detach(subscription)
        self._topics.pop(subscription, None)

    def publish(self, topic: str, messages: Sequence[Message]) -> list[str]:
        """Raises `Rejected` if a message violates the schema of the topic."""
        if self._creates_resources:
            with translate_errors(f"The topic {topic}"):
                self._creator.topic(topic)
        lanes = wire.requests(f"projects/{self._project}/topics/{topic}", topic, messages)
        if len(lanes) > 1:
            with ThreadPoolExecutor(IN_FLIGHT) as pool:
                sent = list(pool.map(lambda lane: self._send(topic, lane), lanes))
        else:
            sent = [self._send(topic, lane) for lane in lanes]
        ids = dict(pair for lane in sent for pair in lane)
        return [ids[place] for place in range(len(ids))]

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> list[Delivery]:
        """A pull without messages may take half a second, even with a shorter `wait`."""
        topic, lease = self._topic(subscription), self._policies.get(subscription, RetryPolicy()).lease
        deliveries: list[Delivery] = []
        until = time.monotonic() + wait
        for expired in [lease_id for lease_id, ends in list(self._lease_ends.items()) if ends < time.monotonic()]:
            self._lease_ends.pop(expired, None)
        while len(deliveries) < limit:
            remaining = 0.0 if deliveries else until - time.monotonic()
            received = self._leases.pull(subscription, limit - len(deliveries), max(remaining, SHORTEST))
            ends, expires_at = time.monotonic() + lease, datetime.now(UTC) + timedelta(seconds=lease)
            addressed = [message for message in received if wire.is_for(message, subscription)]
            self._lease_ends.update((message.ack_id, ends) for message in addressed)
            deliveries += [wire.delivery(message, subscription, topic, expires_at) for message in addressed]
            self._leases.acknowledge(
                subscription, [message.ack_id for message in received if not wire.is_for(message, subscription)]
            )
            if not received:
                if deliveries or time.monotonic() >= until:
                    break
                time.sleep(min(PAUSE, max(0.0, until - time.monotonic())))  # the service may return before the timeout
        return deliveries

    def acknowledge(self, deliveries: Iterable[Delivery]) -> int:
        count = 0
        for subscription, leases in self._live_leases(deliveries).items():
            self._leases.acknowledge(subscription, leases)
            count += self._release(leases)
        return count

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:  # noqa: ARG002 - the log has it
        for subscription, leases in self._live_leases(deliveries).items():
            self._leases.change(subscription, leases, 0)
            self._release(leases)

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> int:
        """The leases end at most ten minutes from now."""
        seconds = min(seconds, LONGEST_LEASE)
        count = 0
        for subscription, leases in self._live_leases(deliveries).items():
            ends = time.monotonic() + seconds
            self._leases.change(subscription, leases, seconds)
            self._lease_ends.update(dict.fromkeys(leases, ends))
            count += len(leases)
        return count

    def subscriptions(self) -> dict[str, str]:
        topics = self._leases.topics(attached=True)
        return {name: topic for name, topic in topics.items() if name != DEAD_LETTERS}

    def queue_depths(self) -> list[QueueDepth]:
        """Without Cloud Monitoring, only the names of the subscriptions."""
        backlog = self._backlog() if self._backlog else {}
        depths = []
        for name, topic in sorted(self.subscriptions().items()):
            waiting = backlog.get(name, Waiting())
            depths.append(QueueDepth(name, topic, waiting.messages, None, None, None, waiting.oldest_seconds))
        return depths

    def unacknowledged(self, subscription: str, attribute: str, value: str) -> None:
        """Pub/Sub stores what it has accepted in several zones, until it is acknowledged."""

    def dead_letters(self, subscription: str | None = None, limit: int = 1000) -> list[DeadLetter]:
        return self._dead.newest(subscription, limit)

    def resend(self, ids: Iterable[str]) -> int:
        return self._dead.resend(ids)

    def close(self) -> None:
        self._leases.close()
        if self._backlog:
            self._backlog.close()
        if "_publisher" in vars(self):
            self._publisher.transport.close()

    def _send(self, topic: str, lane: Lane) -> list[tuple[int, str]]:
        sent: list[tuple[int, str]] = []
        for places, request in lane:
            with translate_errors(f"The topic {topic}"):
                response = self._publisher.publish(request, retry=RETRY, timeout=TRY)
            sent += zip(places, response.message_ids, strict=True)
        return sent

    def _topic(self, subscription: str) -> str:
        if subscription not in self._topics:
            self._topics |= self._leases.topics()
        if subscription not in self._topics:
            raise NotFound(f"There is no subscription {subscription}.")
        return self._topics[subscription]

    def _live_leases(self, deliveries: Iterable[Delivery]) -> dict[str, list[str]]:
        """Subscription → leases that neither ended nor were released."""
        now, live = time.monotonic(), dict[str, list[str]]()
        for delivery in deliveries:
            if self._lease_ends.get(delivery.lease, 0.0) > now:
                live.setdefault(delivery.subscription, []).append(delivery.lease)
            else:
                self._lease_ends.pop(delivery.lease, None)
        return live

    def _release(self, leases: Iterable[str]) -> int:
        return sum(self._lease_ends.pop(lease, None) is not None for lease in leases)
