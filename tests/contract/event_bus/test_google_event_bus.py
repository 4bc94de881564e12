"""The bus on Pub/Sub keeps the EventBus contract, on Google's emulator."""

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from event_bus_attached import EventBusAttached
from event_bus_concurrency import EventBusConcurrency
from event_bus_contract import EventBusContract
from event_bus_failures import EventBusFailures
from event_bus_leases import EventBusLeases
from event_bus_order import EventBusOrder
from event_bus_suite import Elapse, EventBusSuite, Opener, pulled
from google.pubsub_v1 import SubscriberClient

from devtools.emulators import Emulator
from tillstream.adapters.google.pubsub import messages
from tillstream.adapters.google.pubsub.event_bus import PubSubEventBus
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports.bus import EventBus, Message, RetryPolicy


@dataclass(frozen=True)
class _Open:
    project: str

    def __call__(self) -> PubSubEventBus:
        return PubSubEventBus(self.project, makes=True)


class _OnTheEmulator(EventBusSuite):
    policy = RetryPolicy(minimum=0.0, maximum=0.1, attempts=5, lease=10.0)
    patience = 20.0

    @pytest.fixture
    def project(self, pubsub: Emulator) -> str:
        return f"test-{secrets.token_hex(6)}"

    @pytest.fixture
    def opener(self, project: str) -> Opener:
        return _Open(project)

    @pytest.fixture
    def bus(self, opener: Opener) -> Iterator[PubSubEventBus]:
        bus = opener()
        yield bus
        bus.close()

    @pytest.fixture
    def elapse(self) -> Elapse:
        return time.sleep


class TestPubSubEventBus(
    _OnTheEmulator, EventBusAttached, EventBusContract, EventBusFailures, EventBusConcurrency, EventBusOrder
):
    def test_messages_too_large_for_one_request_go_in_several(
        self, bus: PubSubEventBus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(messages, "MOST_BYTES", 100_000)  # the emulator's channel gives 4 MB at most
        bus.subscribe("topic", "sub")
        published = [Message(str(n).encode() * 30_000) for n in range(20)]
        ids = bus.publish("topic", published)
        got = {delivery.id: delivery.message for delivery in pulled(bus, "sub", 20)}
        assert [got[each] for each in ids] == published

    @pytest.mark.long
    def test_after_the_last_attempt_it_is_a_dead_letter(self, bus: EventBus, elapse: Elapse) -> None:
        """As the next one: with each change the test of resent dead letters makes one, for which the emulator takes
        eight seconds."""
        super().test_after_the_last_attempt_it_is_a_dead_letter(bus, elapse)

    @pytest.mark.long
    def test_dead_letters_are_newest_first_and_limited(self, bus: EventBus, elapse: Elapse) -> None:
        super().test_dead_letters_are_newest_first_and_limited(bus, elapse)

    def test_what_is_not_acknowledged_is_not_listed(self, bus: PubSubEventBus) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", [Message(b"", {"till": "T1"})])
        assert bus.unacknowledged("sub", "till", "T1") is None, "the service loses nothing that it has accepted"

    def test_messages_of_a_store_are_delivered_in_their_order(self, bus: PubSubEventBus) -> None:
        bus.subscribe(TOPIC_STORE_SALES, "receive")
        stores = [{"region": "UK", "store_id": f"LON{n % 3}"} for n in range(60)]
        for start in range(0, 60, 20):
            spoken = [Message(str(n).encode(), stores[n]) for n in range(start, start + 20)]
            assert len(bus.publish(TOPIC_STORE_SALES, spoken)) == 20
        numbers_by_store: dict[str, list[int]] = {}
        while deliveries := bus.pull("receive", 7):
            for delivery in deliveries:
                numbers_by_store.setdefault(delivery.message.attributes["store_id"], []).append(
                    int(delivery.message.body)
                )
            bus.acknowledge(deliveries)
        assert numbers_by_store == {f"LON{n}": list(range(n, 60, 3)) for n in range(3)}

    @pytest.mark.parametrize("sequence", ["99999999999999999999", "-1", "yesterday", "²"])
    def test_a_forged_sequence_is_ignored(self, bus: PubSubEventBus, sequence: str) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", [Message(b"a", {"tillstream-sequence": sequence})])
        (delivery,) = bus.pull("sub", 1)
        assert abs(delivery.sequence / 1e6 - time.time()) < 60
        assert delivery.message.attributes == {}

    def test_where_infrastructure_makes_them_nothing_is_made(self, project: str) -> None:
        bus = PubSubEventBus(project)
        bus.subscribe("topic", "sub")
        with pytest.raises(NotFound):
            bus.pull("sub", 1)
        with pytest.raises(NotFound):
            bus.publish("topic", [Message(b"a")])
        assert bus.queue_depths() == []
        bus.close()

    def test_a_subscription_cannot_move_to_another_topic(self, bus: PubSubEventBus) -> None:
        bus.subscribe("topic", "sub")
        with pytest.raises(Rejected):
            bus.subscribe("topic2", "sub")

    def test_a_policy_is_kept_to_as_far_as_the_service_goes(self, bus: PubSubEventBus, project: str) -> None:
        bus.subscribe("topic", "sub", RetryPolicy(lease=5_000))
        bus.subscribe("topic", "sub", RetryPolicy(minimum=3.0, maximum=5_000.0, attempts=1, lease=1.0))
        path = f"projects/{project}/subscriptions/sub"
        with SubscriberClient() as client:
            subscription = client.get_subscription(subscription=path)
        assert subscription.ack_deadline_seconds == 10
        assert subscription.dead_letter_policy.max_delivery_attempts == 5
        assert subscription.retry_policy.minimum_backoff.total_seconds() == 3
        assert subscription.retry_policy.maximum_backoff.total_seconds() == 600

    def test_closing_is_repeatable(self, bus: PubSubEventBus) -> None:
        bus.close()
        bus.close()


@pytest.mark.long
class TestLeasesOfPubSub(_OnTheEmulator, EventBusLeases):
    pass
