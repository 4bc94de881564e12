"""EventBus: topics fan out to subscriptions; each delivers at least once, in any order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple, Protocol


class Message(NamedTuple):
    """A tuple, as many are made: a settlement of a long file tells hundreds of thousands."""

    body: bytes
    attributes: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Delivery:
    """One attempt to hand a message to a subscriber. `lease` names this attempt; it ends at `expires_at`."""

    id: str
    subscription: str
    topic: str
    message: Message
    published_at: datetime
    sequence: int
    """Microseconds of publication: the message's place in time, also when it was sent again. A bus whose clock is
    coarser gives the same to several."""
    attempt: int
    lease: str
    expires_at: datetime


@dataclass(frozen=True)
class DeadLetter:
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
    """How many messages wait; None where the bus does not tell."""

    subscription: str
    topic: str
    ready: int | None
    """Where `leased` is None, also those that somebody works on."""
    leased: int | None
    delayed: int | None
    dead: int | None
    oldest_seconds: float | None
    """Also None where no message is there."""


@dataclass(frozen=True)
class RetryPolicy:
    """Delay before attempt n+1 = min(maximum, minimum × 2^(n-1)) × a random factor in [0.5, 1]; seconds.

    A bus of a cloud keeps to it as nearly as its service does.
    """

    minimum: float = 1.0
    maximum: float = 600.0
    attempts: int = 8
    age: float = 7 * 86_400.0
    lease: float = 60.0


class EventBus(Protocol):
    """Raises `Unavailable`; `NotFound` for a subscription that was never made. Safe in threads and processes."""

    def subscribe(self, topic: str, subscription: str, policy: RetryPolicy | None = None) -> None:
        """Make (or keep) a subscription; a message published before it existed is not delivered to it.

        Where infrastructure makes them, this only notes the policy.
        """

    def publish(self, topic: str, messages: Sequence[Message]) -> list[str]:
        """All, durable on return; their ids. Without a subscription nothing is stored. Not idempotent.

        Where it raises, none was told; on a bus of a cloud perhaps some, which a repeat tells again.
        """

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> list[Delivery]:
        """Lease up to `limit` ready messages, waiting at most `wait` seconds for the first one."""

    def acknowledge(self, deliveries: Iterable[Delivery]) -> int:
        """Done with these; how many still held their lease (an expired lease acknowledges nothing). Repeatable.

        What was acknowledged does not come again; on a bus of a cloud it may, rarely.
        """

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:
        """Failed: comes again after the policy's delay, or becomes a dead letter past its limits. Repeatable."""

    def extend(self, deliveries: Iterable[Delivery], seconds: float) -> int:
        """Longer leases for long work; how many still held theirs. No bus gives less than ten minutes at a time."""

    def subscriptions(self) -> dict[str, str]:
        """Subscription → topic, of everything that can be pulled."""

    def depths(self) -> list[QueueDepth]:
        """Of each subscription. In a cloud as of some minutes ago, and `Unavailable` where only this is not told."""

    def dead_letters(self, subscription: str | None = None, limit: int = 1000) -> list[DeadLetter]:
        """Newest first."""

    def resend(self, ids: Iterable[str]) -> int:
        """Dead letters back into their queue with fresh attempts and age; how many. Repeatable."""

    def close(self) -> None:
        """Let go of what this process holds. Repeatable."""
