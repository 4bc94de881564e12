"""EventBus: topics fan out to subscriptions, which deliver at least once, in any order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol


class Message(NamedTuple):
    """A message to publish. A NamedTuple for speed: settling a large file publishes hundreds of thousands."""

    body: bytes
    attributes: Mapping[str, str] = MappingProxyType({})
    ordering_key: str = ""
    """Messages of one key and one publisher have an order, see `EventBus.pull`. Not part of a delivery."""


@dataclass(frozen=True)
class Delivery:
    """One delivery attempt. `lease` identifies the attempt and expires at `expires_at`."""

    id: str
    subscription: str
    topic: str
    message: Message
    published_at: datetime
    sequence: int
    """Publish time in microseconds, unchanged by redelivery. Not unique if the bus has a coarser clock."""
    attempt: int
    lease: str
    expires_at: datetime


@dataclass(frozen=True)
class DeadLetter:
    """A message that failed too often or for too long. It is kept until it is sent again."""

    id: str
    subscription: str
    topic: str
    message: Message
    published_at: datetime
    died_at: datetime
    attempts: int
    error: str


@dataclass(frozen=True)
class QueueDepth:
    """Number of messages by state; None if the bus does not report it."""

    subscription: str
    topic: str
    ready: int | None
    """Includes leased messages if `leased` is None."""
    leased: int | None
    delayed: int | None
    dead: int | None
    oldest_seconds: float | None
    """Age of the oldest message; also None without messages, and if a clock was wrong."""


@dataclass(frozen=True)
class RetryPolicy:
    """Delay before attempt n+1 = min(maximum, minimum × 2^(n-1)) × a random factor in [0.5, 1]; seconds.

    This is the policy of every subscription without one of its own, on this machine and on Google Cloud. Pub/Sub
    approximates it, and delays at most 10 minutes. After `attempts` failures or `age` seconds, a message becomes a
    dead letter; `lease` is the time to acknowledge a delivery.
    """

    minimum: float = 10.0
    maximum: float = 600.0
    attempts: int = 8
    age: float = 7 * 86_400.0
    lease: float = 60.0


class EventBus(Protocol):
    """Raises `Unavailable`; `NotFound` for a subscription that does not exist. Safe in threads and processes."""

    def subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None = None) -> None:
        """Create a subscription if it does not exist; messages published earlier are not delivered to it.

        If subscriptions are provisioned as infrastructure, this only records the policy.
        """

    def attach(self, topic: str, subscription: str, *, idle: float, policy: RetryPolicy | None = None) -> None:
        """Create a subscription of a program if it does not exist, also where others are provisioned as infrastructure.

        It is removed with its messages after `idle` seconds without a pull; a cloud service may keep it two days
        longer. Those of webhooks may be provisioned too: they then keep messages for that long while they are
        attached, and when one is attached, it may have messages of the last ten minutes before. Raises `Rejected` if it
        belongs to another topic.
        """

    def detach(self, subscription: str) -> None:
        """Remove a subscription with its messages and dead letters. Idempotent."""

    def publish(self, topic: str, messages: Sequence[Message]) -> list[str]:
        """Publish all messages, durable on return; returns their ids. Without a subscription nothing is stored.

        Not idempotent. If it raises, no message is published; on a cloud service some may be, and a retry publishes
        them again.
        """

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> list[Delivery]:
        """Lease up to `limit` ready messages, waiting at most `wait` seconds for the first one.

        Messages with one ordering key are first delivered in the order in which they were published. A message that was
        released, or whose lease expired, comes again later; the ones after it may come before it.
        """

    def acknowledge(self, deliveries: Iterable[Delivery]) -> int:
        """Acknowledge deliveries; returns how many still held their lease (an expired lease is ignored). Idempotent.

        Acknowledged messages are not redelivered, except rarely by a cloud service.
        """

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:
        """Report failure: redelivered after the policy's delay, or dead-lettered past its limits. Idempotent."""

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> int:
        """Extend leases; returns how many were still held. Every bus supports at least ten minutes per call."""

    def subscriptions(self) -> dict[str, str]:
        """Subscription → topic, for every subscription that can be pulled, without detached ones."""

    def queue_depths(self) -> list[QueueDepth]:
        """Depth of each subscription; in the cloud, some minutes old. Raises `Unavailable` also without the metrics."""

    def unacknowledged(self, subscription: str, attribute: str, value: str) -> list[Message] | None:
        """Messages with this attribute that are not acknowledged, leased ones and dead letters included.

        None if it is not known now, because there are too many, or never, because a service keeps them that loses none.
        """

    def dead_letters(self, subscription: str | None = None, limit: int = 1000) -> list[DeadLetter]:
        """Dead letters, newest first; of all subscriptions by default."""

    def resend(self, ids: Iterable[str]) -> int:
        """Return dead letters to their queue with attempts and age reset; returns how many. Idempotent."""

    def close(self) -> None:
        """Release the resources of this process. Idempotent."""
