"""Fixtures and helpers that the contract suites of the EventBus share."""

from collections.abc import Callable, Iterator

import pytest
from waiting import wait_for

from tillstream.ports.bus import DeadLetter, Delivery, EventBus, Message, QueueDepth, RetryPolicy

Opener = Callable[[], EventBus]
Elapse = Callable[[float], None]
BATCH = 50


class BreaksHalfWay(list[Message]):
    def __iter__(self) -> Iterator[Message]:
        yield self[0]
        raise ZeroDivisionError


def messages(*bodies: str) -> list[Message]:
    return [Message(body.encode()) for body in bodies]


def bodies(deliveries: list[Delivery]) -> list[str]:
    return sorted(delivery.message.body.decode() for delivery in deliveries)


def drain(bus: EventBus, subscription: str, limit: int = 500, wait: float = 0.0) -> list[str]:
    """Pull and acknowledge until nothing comes."""
    got: list[str] = []
    while deliveries := bus.pull(subscription, limit, wait):
        assert bus.acknowledge(deliveries) == len(deliveries)
        got += bodies(deliveries)
    return got


def pulled(bus: EventBus, subscription: str, count: int) -> list[Delivery]:
    """Up to `count` deliveries, in as many pulls as needed."""
    got: list[Delivery] = []
    while len(got) < count and (more := bus.pull(subscription, count - len(got))):
        got += more
    return got


class EventBusSuite:
    policy = RetryPolicy(minimum=10.0, maximum=40.0, attempts=5, age=600.0, lease=10.0)
    """Within what Pub/Sub allows."""
    shortest_lease = 10.0
    """Seconds of real time; what the adapter allows."""
    patience = 0.0
    """Seconds of real time in which the bus does what is due by then; 0: at once."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens this test's bus on the system's clock; can be sent to another process."""
        raise NotImplementedError("an adapter's test opens its bus")

    @pytest.fixture
    def bus(self) -> EventBus:
        """The same bus, its time moved by `elapse`."""
        raise NotImplementedError("an adapter's test defines its bus")

    @pytest.fixture
    def elapse(self) -> Elapse:
        """Advances the time of `bus` by seconds."""
        raise NotImplementedError("an adapter's test moves its time")

    def depth(self, bus: EventBus, subscription: str = "sub") -> QueueDepth:
        (depth,) = (depth for depth in bus.queue_depths() if depth.subscription == subscription)
        return depth

    def fail(self, bus: EventBus, elapse: Elapse, times: int, error: str = "broken") -> None:
        for _ in range(times):
            deliveries = bus.pull("sub", 10, self.patience)
            assert deliveries
            bus.release(deliveries, error)
            elapse(self.policy.maximum)

    def wait_for_dead_letters(self, bus: EventBus, count: int = 1) -> list[DeadLetter]:
        """At least `count` dead letters of `sub`, waiting up to `patience` while a consumer pulls nothing."""

        def letters() -> list[DeadLetter]:
            assert bus.pull("sub", 10) == []
            dead = bus.dead_letters("sub")
            return dead if len(dead) >= count else []

        return wait_for(letters, f"{count} dead letters", patience=self.patience, pause=0.2)
