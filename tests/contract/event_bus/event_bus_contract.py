"""What every EventBus keeps to, in one moment: publishing and pulling."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from event_bus_suite import BreaksHalfWay, EventBusSuite, bodies, drain, messages, pulled
from threads import join_thread

from tillstream.model.errors import NotFound
from tillstream.ports.bus import EventBus, Message


class EventBusContract(EventBusSuite):
    def test_every_subscription_of_a_topic_gets_each_message(self, bus: EventBus) -> None:
        for topic, subscription in [("topic", "sub"), ("topic", "sub2"), ("other", "sub3")]:
            bus.subscribe(topic, subscription)
        message = Message(b"\x00\xff {}", {"event_id": "1", "Grüße": "हिन्दी"})
        ids = bus.publish("topic", [message, Message(b"")])
        for subscription in ("sub", "sub2"):
            deliveries = bus.pull(subscription, 10)
            assert {delivery.id: delivery.message for delivery in deliveries} == dict(
                zip(ids, [message, Message(b"", {})], strict=True)
            )
            assert {(d.topic, d.subscription, d.attempt) for d in deliveries} == {("topic", subscription, 1)}
        assert bus.pull("sub3", 10) == []

    def test_done_in_one_subscription_is_not_done_in_another(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        bus.subscribe("topic", "sub2")
        bus.publish("topic", messages("a"))
        assert drain(bus, "sub") == ["a"]
        assert drain(bus, "sub2") == ["a"]

    def test_a_message_from_before_the_subscription_is_not_delivered(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", messages("before"))
        bus.subscribe("topic", "late")
        bus.publish("topic", messages("after"))
        assert drain(bus, "late") == ["after"]
        assert sorted(drain(bus, "sub")) == ["after", "before"]

    def test_without_a_subscription_nothing_is_stored(self, bus: EventBus) -> None:
        assert len(set(bus.publish("topic", messages("a", "b")))) == 2
        bus.subscribe("topic", "sub")
        assert bus.pull("sub", 10) == []

    def test_a_subscription_never_made_is_not_found(self, bus: EventBus) -> None:
        bus.publish("topic", messages("a"))
        with pytest.raises(NotFound):
            bus.pull("sub", 1)

    def test_all_messages_of_a_publish_or_none(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        with pytest.raises(ZeroDivisionError):
            bus.publish("topic", BreaksHalfWay(messages("a", "b")))
        assert bus.pull("sub", 10) == []
        bus.publish("topic", messages("c"))
        assert drain(bus, "sub") == ["c"]

    def test_a_long_publish_gives_the_ids_in_its_order(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        published = messages(*map(str, range(2_500)))
        ids = bus.publish("topic", published)
        got = {delivery.id: delivery.message for delivery in pulled(bus, "sub", 2_500)}
        assert [got[each] for each in ids] == published

    def test_publishing_nothing_is_fine(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        assert bus.publish("topic", []) == []
        assert bus.acknowledge([]) == bus.extend([], 10) == bus.resend([]) == 0

    def test_publishing_again_is_another_message(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        (first,), (second,) = bus.publish("topic", messages("a")), bus.publish("topic", messages("a"))
        assert first != second
        assert drain(bus, "sub") == ["a", "a"]

    def test_a_sequence_is_the_time_of_publishing(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        (id_,) = bus.publish("topic", messages("a"))
        (delivery,) = bus.pull("sub", 10)
        time_of_sequence = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=delivery.sequence)
        assert delivery.id == id_
        assert abs(time_of_sequence - delivery.published_at) < timedelta(seconds=1)

    def test_pull_leases_at_most_the_limit_and_each_message_once(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        bus.publish("topic", messages("a", "b", "c"))
        assert bus.pull("sub", 0) == []
        first = bus.pull("sub", 2)
        second = bus.pull("sub", 2)
        assert (len(first), len(second), bus.pull("sub", 2)) == (2, 1, [])
        assert bodies(first + second) == ["a", "b", "c"]

    def test_pull_without_wait_comes_back_at_once(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        started = time.monotonic()
        assert bus.pull("sub", 1) == []
        assert time.monotonic() - started < 1.0

    def test_pull_waits_no_longer_than_its_timeout(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        started = time.monotonic()
        assert bus.pull("sub", 1, wait=0.3) == []
        assert 0.29 <= time.monotonic() - started < 3.0

    def test_a_waiting_pull_wakes_for_the_first_message(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        timer = threading.Timer(0.2, bus.publish, ("topic", messages("a")))
        timer.start()
        assert bodies(bus.pull("sub", 1, wait=3_600.0)) == ["a"]
        join_thread(timer)

    def test_depths_name_every_subscription_and_its_topic(self, bus: EventBus) -> None:
        bus.subscribe("topic", "sub")
        bus.subscribe("topic2", "sub2")
        assert {(depth.subscription, depth.topic) for depth in bus.queue_depths()} == {
            ("sub", "topic"),
            ("sub2", "topic2"),
        }
        assert bus.subscriptions() == {"sub": "topic", "sub2": "topic2"}
