"""The event bus on Pub/Sub, its dead letters, and the number of waiting messages, from Cloud Monitoring."""

import heapq
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from google.pubsub_v1 import PublisherClient

from tillstream.adapters.google.api_retries import RETRY, TIMEOUT, translate_errors
from tillstream.adapters.google.pubsub import messages as wire
from tillstream.adapters.google.pubsub.messages import Lane, Leases, resent_message, to_dead_letter
from tillstream.model.errors import NotFound, Unavailable
from tillstream.model.events import DEAD_LETTERS, SUBSCRIPTIONS, WEBHOOK_PLACES
from tillstream.ports.bus import DeadLetter, Delivery, Message, QueueDepth, RetryPolicy

if TYPE_CHECKING:
    from tillstream.adapters.google.pubsub.resources import ResourceCreator

WAITING_METRIC = "pubsub.googleapis.com/subscription/num_undelivered_messages"
OLDEST_METRIC = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
MONITORING_SCOPE = "https://www.googleapis.com/auth/monitoring.read"
BACKLOG_LOOKBACK = timedelta(minutes=10)
"""The service samples every minute and publishes the samples up to four minutes later."""
BACKLOG_CACHE_SECONDS = 60.0
MONITORING_TIMEOUT = 5.0
"""Timeout of one request, in seconds: a page waits for it."""
MOST_PAGES = 10

PULL_SECONDS = 1.0
"""Seconds without a message after which listing stops."""
MAX_DEAD_LETTERS = 5_000
"""Maximum number of dead letters listed at once."""

IN_FLIGHT = 4
"""Concurrent requests of one `publish`, so that it does not overload a slow service."""
SHORTEST, PAUSE = 0.5, 0.05
"""Seconds that one pull waits at least for a message; seconds between two pulls."""
LONGEST_LEASE = 600.0


class WaitingMessages(NamedTuple):
    """The backlog of one subscription; None where no value was reported."""

    messages: int | None = None
    """Unacknowledged messages, including leased ones."""
    oldest_seconds: float | None = None


class MessageBacklog:
    """Reads backlogs from Cloud Monitoring. Thread-safe.

    address: of Cloud Monitoring, used with the default credentials; or of an emulator over http, used without any. Each
    result, including a failure, is cached for a minute.
    """

    def __init__(self, project: str, address: str, now: Callable[[], float] = time.monotonic) -> None:
        self._project, self._address, self._now = project, address.rstrip("/"), now
        self._lock = threading.Lock()
        self._session: requests.Session | None = None
        self._cached: Mapping[str, WaitingMessages] | Unavailable = {}
        self._fetched_at = float("-inf")

    def __call__(self) -> Mapping[str, WaitingMessages]:
        """Subscription → its backlog. Raises `Unavailable`."""
        with self._lock:
            if self._now() - self._fetched_at >= BACKLOG_CACHE_SECONDS:
                try:
                    self._cached = self._fetch()
                except Unavailable as error:
                    self._cached = error
                self._fetched_at = self._now()
            if isinstance(self._cached, Unavailable):
                raise Unavailable(str(self._cached))
            return self._cached

    def close(self) -> None:
        with self._lock:
            if self._session:
                self._session.close()
                self._session = None

    def _fetch(self) -> Mapping[str, WaitingMessages]:
        try:
            waiting, oldest = self._newest(WAITING_METRIC), self._newest(OLDEST_METRIC)
        except (
            requests.RequestException,
            GoogleAuthError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
        ) as error:
            raise Unavailable(f"Cloud Monitoring did not return the number of waiting messages: {error}") from error
        return {
            name: WaitingMessages(waiting.get(name), oldest.get(name) if waiting.get(name) else None)
            for name in waiting.keys() | oldest.keys()
        }

    def _newest(self, metric: str) -> dict[str, int]:
        """Subscription → the newest value of a metric."""
        until = datetime.now(UTC)
        params = {
            "filter": f'metric.type = "{metric}" AND resource.type = "pubsub_subscription"',
            "interval.startTime": (until - BACKLOG_LOOKBACK).isoformat(),
            "interval.endTime": until.isoformat(),
            "view": "FULL",
        }
        values, session = dict[str, int](), self._open_session()
        for _ in range(MOST_PAGES):
            response = session.get(
                f"{self._address}/v3/projects/{self._project}/timeSeries", params=params, timeout=MONITORING_TIMEOUT
            )
            body = response.json() if response.content else {}
            if not response.ok:
                raise Unavailable(
                    f"Cloud Monitoring did not return the number of waiting messages: {_reason(response, body)}"
                )
            for series in body.get("timeSeries", ()):
                newest = max(series["points"], key=lambda point: str(point["interval"]["endTime"]))
                values[series["resource"]["labels"]["subscription_id"]] = int(newest["value"]["int64Value"])
            if not (token := body.get("nextPageToken")):
                break
            params["pageToken"] = token
        return values

    def _open_session(self) -> requests.Session:
        if self._session is None:
            authorized = self._address.startswith("https://")
            self._session = (
                AuthorizedSession(google.auth.default(scopes=[MONITORING_SCOPE])[0])
                if authorized
                else requests.Session()
            )
        return self._session


def _reason(response: requests.Response, body: Any) -> str:
    message = body.get("error", {}).get("message") if isinstance(body, dict) else ""
    return str(message or f"{response.status_code} {response.reason}")


class DeadLetters:
    """Listing leases each message and releases it: a concurrent listing may return fewer."""

    def __init__(self, leases: Leases, publish: Callable[[str, list[Message]], object]) -> None:
        self._leases = leases
        self._publish = publish
        self._lock = Lock()

    def newest(self, subscription: str | None, limit: int) -> list[DeadLetter]:
        topics = self._leases.topics()
        if subscription is not None and subscription not in topics:
            raise NotFound(f"There is no subscription {subscription}.")
        with self._lock:
            received = self._pull(lambda _: False)
            self._leases.change(DEAD_LETTERS, [one.ack_id for one in received], 0)
        letters = (to_dead_letter(one, topics) for one in received)
        selected = (one for one in letters if subscription in (None, one.subscription))
        return heapq.nlargest(limit, selected, key=lambda letter: (letter.died_at, letter.id))

    def resend(self, ids: Iterable[str]) -> int:
        """Publishes each message before it is acknowledged as a dead letter, so that none is ever lost."""
        wanted = {one for one in ids if "/" in one}
        if not wanted:
            return 0
        topics = self._leases.topics()

        def select(received: list[Any]) -> dict[str, DeadLetter]:
            letters = ((one.ack_id, to_dead_letter(one, topics)) for one in received)
            return {lease: letter for lease, letter in letters if letter.id in wanted and letter.topic}

        with self._lock:
            received = self._pull(lambda received: len(select(received)) == len(wanted))
            selected = select(received)
            self._leases.change(DEAD_LETTERS, [one.ack_id for one in received if one.ack_id not in selected], 0)
            for lease, letter in selected.items():
                self._publish(letter.topic, [resent_message(letter)])
                self._leases.acknowledge(DEAD_LETTERS, [lease])
        return len(selected)

    def _pull(self, enough: Callable[[list[Any]], bool]) -> list[Any]:
        received: list[Any] = []
        while len(received) < MAX_DEAD_LETTERS and not enough(received):
            more = self._leases.pull(DEAD_LETTERS, MAX_DEAD_LETTERS - len(received), PULL_SECONDS)
            if not more:
                break
            received += more
        return received


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
        self._backlog = MessageBacklog(project, monitoring) if monitoring else None

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
        lanes = wire.publish_requests(f"projects/{self._project}/topics/{topic}", topic, messages)
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
            addressed = [message for message in received if wire.is_for_subscription(message, subscription)]
            self._lease_ends.update((message.ack_id, ends) for message in addressed)
            deliveries += [wire.to_delivery(message, subscription, topic, expires_at) for message in addressed]
            self._leases.acknowledge(
                subscription,
                [message.ack_id for message in received if not wire.is_for_subscription(message, subscription)],
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
            waiting = backlog.get(name, WaitingMessages())
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
                response = self._publisher.publish(request, retry=RETRY, timeout=TIMEOUT)
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
