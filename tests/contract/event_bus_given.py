"""What the suites of the EventBus are given, and how they speak to it."""

from collections.abc import Callable, Iterator

import pytest

from tillstream.ports.event_bus import Delivery, EventBus, Message, QueueDepth, RetryPolicy

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


class EventBusGiven:
    policy = RetryPolicy(minimum=10.0, maximum=40.0, attempts=5, age=600.0, lease=10.0)
    """Within what Pub/Sub allows."""
    shortest_lease = 10.0
    """Seconds of real time; what the adapter allows."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Opens this test's bus on the system's clock; can be sent to another process."""
        raise NotImplementedError("an adapter's test says how it is opened")

    @pytest.fixture
    def bus(self) -> EventBus:
        """The same bus, its time moved by `elapse`."""
        raise NotImplementedError("an adapter's test gives its bus")

    @pytest.fixture
    def elapse(self) -> Elapse:
        """Lets seconds pass for `bus`."""
        raise NotImplementedError("an adapter's test says how time passes")

    def depth(self, bus: EventBus, subscription: str = "s") -> QueueDepth:
        (depth,) = (depth for depth in bus.depths() if depth.subscription == subscription)
        return depth

    def fail(self, bus: EventBus, elapse: Elapse, times: int, error: str = "broken") -> None:
        for _ in range(times):
            deliveries = bus.pull("s", 10)
            assert deliveries
            bus.release(deliveries, error)
            elapse(self.policy.maximum)
