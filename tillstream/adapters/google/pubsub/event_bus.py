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
from tillstream.adapters.google.retries import RETRY, TRY, ours
from tillstream.domain.errors import NotFound
from tillstream.domain.events import DEAD_LETTERS, SUBSCRIPTIONS
from tillstream.ports.event_bus import DeadLetter, Delivery, Message, QueueDepth, RetryPolicy

if TYPE_CHECKING:
    from tillstream.adapters.google.pubsub.resources import Maker

IN_FLIGHT = 4
"""Requests of one `publish` at the same time: so much is held back from a service that is slower than we are."""
SHORTEST, PAUSE = 0.5, 0.05
"""Seconds that the service is given to find a message; between two questions."""
LONGEST_LEASE = 600.0


class PubSubEventBus:
    """Topics and subscriptions are there already; `makes` lets `subscribe` and `publish` make them.

    A request to publish is stored whole or not at all. More than a request takes goes in several, and where one of
    them fails the others stay: `publish` then raises, and the caller's repeat tells all of them again. Every consumer
    of ours takes a repeat for what it is, by the event's id, the batch's id or the sale's version.
    What a lease is worth is counted by our clock, as Pub/Sub does not tell whether one had ended. The delay after a
    failure and the number of attempts are Pub/Sub's, which also keeps no reasons. Its publish times are of
    milliseconds, so that two messages may have the same sequence.
    """

    def __init__(self, project: str, *, makes: bool = False, monitoring: str = "") -> None:
        """monitoring: the address of Cloud Monitoring; empty: nobody is asked how much waits."""
        self._project = project
        self._makes = makes
        self._policies: dict[str, RetryPolicy] = {}
        self._topics = dict(SUBSCRIPTIONS)
        self._held: dict[str, float] = {}
        self._leases = Leases(project)
        self._dead = DeadLetters(self._leases, self.publish)
        self._backlog = Backlog(project, monitoring) if monitoring else None

    @cached_property
    def _publisher(self) -> PublisherClient:
        return PublisherClient()

    @cached_property
    def _maker(self) -> "Maker":
        from tillstream.adapters.google.pubsub.resources import Maker  # seldom wanted, and it reads schemas

        return Maker(self._project, self._publisher, self._leases.client)

    def subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None = None) -> None:
        """Raises `Rejected` where it listens to another topic. Limits of Pub/Sub's own are kept to: 5 to 100 attempts,
        leases of 10 to 600 seconds, delays of up to 600. Age ends no message."""
        self._policies[subscription] = policy or self._policies.get(subscription, RetryPolicy())
        self._topics[subscription] = topic
        if self._makes:
            with ours(f"The subscription {subscription}"):
                self._maker.subscription(topic, subscription, policy)

    def publish(self, topic: str, messages: Sequence[Message]) -> list[str]:
        """Raises `Rejected` where a message breaks the topic's schema."""
        if self._makes:
            with ours(f"The topic {topic}"):
                self._maker.topic(topic)
        lanes = wire.requests(f"projects/{self._project}/topics/{topic}", topic, messages)
        if len(lanes) > 1:
            with ThreadPoolExecutor(IN_FLIGHT) as pool:
                sent = list(pool.map(lambda lane: self._send(topic, lane), lanes))
        else:
            sent = [self._send(topic, lane) for lane in lanes]
        ids = dict(pair for lane in sent for pair in lane)
        return [ids[place] for place in range(len(ids))]

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> list[Delivery]:
        """A call that finds nothing may take half a second, however short it is to wait."""
        topic, lease = self._topic(subscription), self._policies.get(subscription, RetryPolicy()).lease
        deliveries: list[Delivery] = []
        until = time.monotonic() + wait
        for ended in [known for known, ends in list(self._held.items()) if ends < time.monotonic()]:
            self._held.pop(ended, None)
        while len(deliveries) < limit:
            patience = 0.0 if deliveries else until - time.monotonic()
            lent = self._leases.lend(subscription, limit - len(deliveries), max(patience, SHORTEST))
            ends, expires_at = time.monotonic() + lease, datetime.now(UTC) + timedelta(seconds=lease)
            mine = [one for one in lent if wire.is_for(one, subscription)]
            self._held.update((one.ack_id, ends) for one in mine)
            deliveries += [wire.delivery(one, subscription, topic, expires_at) for one in mine]
            self._leases.done(subscription, [one.ack_id for one in lent if not wire.is_for(one, subscription)])
            if not lent:
                if deliveries or time.monotonic() >= until:
                    break
                time.sleep(min(PAUSE, max(0.0, until - time.monotonic())))  # it may answer before the time is over
        return deliveries

    def acknowledge(self, deliveries: Iterable[Delivery]) -> int:
        count = 0
        for subscription, leases in self._still_held(deliveries).items():
            self._leases.done(subscription, leases)
            count += self._let_go(leases)
        return count

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:  # noqa: ARG002 - the log has it
        for subscription, leases in self._still_held(deliveries).items():
            self._leases.change(subscription, leases, 0)
            self._let_go(leases)

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> int:
        """At most ten minutes from now."""
        seconds = min(seconds, LONGEST_LEASE)
        count = 0
        for subscription, leases in self._still_held(deliveries).items():
            ends = time.monotonic() + seconds
            self._leases.change(subscription, leases, seconds)
            self._held.update(dict.fromkeys(leases, ends))
            count += len(leases)
        return count

    def subscriptions(self) -> dict[str, str]:
        return {name: topic for name, topic in self._leases.topics().items() if name != DEAD_LETTERS}

    def depths(self) -> list[QueueDepth]:
        """Their names alone where no Cloud Monitoring is asked."""
        told = self._backlog() if self._backlog else {}
        found = []
        for name, topic in sorted(self.subscriptions().items()):
            waits = told.get(name, Waiting())
            found.append(QueueDepth(name, topic, waits.messages, None, None, None, waits.oldest_seconds))
        return found

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
            with ours(f"The topic {topic}"):
                answer = self._publisher.publish(request, retry=RETRY, timeout=TRY)
            sent += zip(places, answer.message_ids, strict=True)
        return sent

    def _topic(self, subscription: str) -> str:
        if subscription not in self._topics:
            self._topics |= self._leases.topics()
        if subscription not in self._topics:
            raise NotFound(f"There is no subscription {subscription}.")
        return self._topics[subscription]

    def _still_held(self, deliveries: Iterable[Delivery]) -> dict[str, list[str]]:
        """Subscription → leases that have not ended and were not given back."""
        now, held = time.monotonic(), dict[str, list[str]]()
        for delivery in deliveries:
            if self._held.get(delivery.lease, 0.0) > now:
                held.setdefault(delivery.subscription, []).append(delivery.lease)
            else:
                self._held.pop(delivery.lease, None)
        return held

    def _let_go(self, leases: Iterable[str]) -> int:
        return sum(self._held.pop(lease, None) is not None for lease in leases)
