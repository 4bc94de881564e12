"""What every EventBus keeps to."""

import itertools
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from event_bus_crowds import EventBusCrowds
from event_bus_failures import EventBusFailures
from event_bus_given import BreaksHalfWay, Elapse, bodies, drain, messages

from tillstream.domain.errors import NotFound
from tillstream.ports.event_bus import EventBus, Message, QueueDepth


class EventBusContract(EventBusFailures, EventBusCrowds):
    """Publishing and delivering here, failures and crowds in the suites beside."""

    def test_every_subscription_of_a_topic_gets_each_message(self, bus: EventBus) -> None:
        for topic, subscription in [("t", "s"), ("t", "s2"), ("other", "s3")]:
            bus.subscribe(topic, subscription)
        message = Message(b"\x00\xff {}", {"event_id": "1", "Grüße": "हिन्दी"})
        ids = bus.publish("t", [message, Message(b"")])
        for subscription in ("s", "s2"):
            deliveries = bus.pull(subscription, 10)
            assert [delivery.message for delivery in deliveries] == [message, Message(b"", {})]
            assert [delivery.id for delivery in deliveries] == ids
            assert {(d.topic, d.subscription, d.attempt) for d in deliveries} == {("t", subscription, 1)}
        assert bus.pull("s3", 10) == []

    def test_done_in_one_subscription_is_not_done_in_another(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        bus.subscribe("t", "s2")
        bus.publish("t", messages("a"))
        assert drain(bus, "s") == ["a"]
        assert drain(bus, "s2") == ["a"]

    def test_a_message_from_before_the_subscription_is_not_delivered(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        bus.publish("t", messages("before"))
        bus.subscribe("t", "late")
        bus.publish("t", messages("after"))
        assert drain(bus, "late") == ["after"]
        assert sorted(drain(bus, "s")) == ["after", "before"]

    def test_without_a_subscription_nothing_is_stored(self, bus: EventBus) -> None:
        assert len(set(bus.publish("t", messages("a", "b")))) == 2
        bus.subscribe("t", "s")
        assert bus.pull("s", 10) == []
        assert self.depth(bus) == QueueDepth("s", "t", 0, 0, 0, 0, None)

    def test_subscribing_again_keeps_messages_and_policy(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        bus.subscribe("t", "s")
        (delivery,) = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert bodies(bus.pull("s", 10)) == ["a"]
        assert delivery.expires_at - delivery.published_at < timedelta(seconds=self.policy.lease + 5)

    def test_a_subscription_never_made_is_not_found(self, bus: EventBus) -> None:
        bus.publish("t", messages("a"))
        with pytest.raises(NotFound):
            bus.pull("s", 1)

    def test_all_messages_of_a_publish_or_none(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        with pytest.raises(ZeroDivisionError):
            bus.publish("t", BreaksHalfWay(messages("a", "b")))
        assert bus.pull("s", 10) == []
        bus.publish("t", messages("c"))
        assert drain(bus, "s") == ["c"]

    def test_publishing_nothing_is_fine(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        assert bus.publish("t", []) == []
        assert bus.acknowledge([]) == bus.extend([], 10) == bus.resend([]) == 0

    def test_publishing_again_is_another_message(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        (first,), (second,) = bus.publish("t", messages("a")), bus.publish("t", messages("a"))
        assert first != second
        assert drain(bus, "s") == ["a", "a"]

    def test_sequences_increase_over_all_messages_and_tell_the_time(self, bus: EventBus) -> None:
        topics = ["t", "t2"]
        for topic in topics:
            bus.subscribe(topic, f"s-{topic}")
        sent: list[str] = []
        for n in range(20):
            sent += bus.publish(topics[n % 2], messages(*map(str, range(n % 3 + 1))))
        got = {delivery.id: delivery for topic in topics for delivery in bus.pull(f"s-{topic}", 100)}
        sequences = [got[sent_id].sequence for sent_id in sent]
        assert all(earlier < later for earlier, later in itertools.pairwise(sequences))
        for delivery in got.values():
            told = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=delivery.sequence)
            assert abs(told - delivery.published_at) < timedelta(seconds=1)

    def test_pull_leases_at_most_the_limit_and_each_message_once(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        bus.publish("t", messages("a", "b", "c"))
        assert bus.pull("s", 0) == []
        first = bus.pull("s", 2)
        second = bus.pull("s", 2)
        assert (len(first), len(second), bus.pull("s", 2)) == (2, 1, [])
        assert bodies(first + second) == ["a", "b", "c"]

    def test_pull_without_wait_comes_back_at_once(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        started = time.monotonic()
        assert bus.pull("s", 1) == []
        assert time.monotonic() - started < 1.0

    def test_pull_waits_no_longer_than_it_was_told(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        started = time.monotonic()
        assert bus.pull("s", 1, wait=0.3) == []
        assert 0.29 <= time.monotonic() - started < 3.0

    def test_a_waiting_pull_wakes_for_the_first_message(self, bus: EventBus) -> None:
        bus.subscribe("t", "s")
        timer = threading.Timer(0.2, bus.publish, ("t", messages("a")))
        timer.start()
        started = time.monotonic()
        assert bodies(bus.pull("s", 1, wait=20.0)) == ["a"]
        assert time.monotonic() - started < 5.0
        timer.join()

    def test_what_is_acknowledged_never_comes_again(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a", "b"))
        deliveries = bus.pull("s", 10)
        assert bus.acknowledge(deliveries) == 2
        assert bus.acknowledge(deliveries) == 0
        elapse(self.policy.lease + 1)
        assert bus.pull("s", 10) == []

    def test_an_expired_lease_acknowledges_nothing(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        (late,) = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert bus.acknowledge([late]) == 0
        (again,) = bus.pull("s", 10)
        assert (again.id, again.attempt, again.message) == (late.id, 2, late.message)
        assert again.lease != late.lease
        assert (bus.acknowledge([late]), bus.extend([late], 60)) == (0, 0)
        bus.release([late], "too late")
        assert bus.pull("s", 10) == []
        assert bus.acknowledge([again]) == 1

    def test_a_late_acknowledgement_never_hits_a_newer_message(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("old"))
        late = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert drain(bus, "s") == ["old"]
        bus.publish("t", messages("new"))
        assert bus.acknowledge(late) == 0
        assert drain(bus, "s") == ["new"]

    def test_an_extended_lease_holds_for_long_work(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        deliveries = bus.pull("s", 10)
        assert bus.extend(deliveries, self.policy.lease * 3) == 1
        elapse(self.policy.lease * 2)
        assert bus.pull("s", 10) == []
        assert bus.acknowledge(deliveries) == 1

    def test_an_expired_lease_is_not_extended(self, bus: EventBus, elapse: Elapse) -> None:
        bus.subscribe("t", "s", self.policy)
        bus.publish("t", messages("a"))
        deliveries = bus.pull("s", 10)
        elapse(self.policy.lease + 1)
        assert bus.extend(deliveries, 60) == 0
        assert bodies(bus.pull("s", 10)) == ["a"]
