"""What every EventBus keeps to about ordering keys."""

from event_bus_suite import EventBusSuite, pulled

from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.ports.bus import EventBus, Message


class EventBusOrder(EventBusSuite):
    def test_messages_of_one_key_come_in_the_order_of_publishing(self, bus: EventBus) -> None:
        bus.subscribe(TOPIC_SALE_EVENTS, "sub")
        published = [Message(str(number).encode(), {"key": f"k{number % 3}"}, f"k{number % 3}") for number in range(60)]
        for start in range(0, 60, 20):
            bus.publish(TOPIC_SALE_EVENTS, published[start : start + 20])
        got: dict[str, list[int]] = {}
        while len(deliveries := pulled(bus, "sub", 7)):
            for delivery in deliveries:
                got.setdefault(delivery.message.attributes["key"], []).append(int(delivery.message.body))
            bus.acknowledge(deliveries)
        assert got == {f"k{rest}": list(range(rest, 60, 3)) for rest in range(3)}

    def test_keys_and_no_key_share_a_publish(self, bus: EventBus) -> None:
        bus.subscribe(TOPIC_SALE_EVENTS, "sub")
        ids = bus.publish(TOPIC_SALE_EVENTS, [Message(b"a", {}, "k"), Message(b"b"), Message(b"c", {}, "k")])
        assert {delivery.id: delivery.message.body for delivery in pulled(bus, "sub", 3)} == dict(
            zip(ids, [b"a", b"b", b"c"], strict=True)
        )
