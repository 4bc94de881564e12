"""What every EventBus keeps to about the subscriptions of programs."""

import pytest
from event_bus_suite import EventBusSuite, drain, messages

from tillstream.model.errors import NotFound, Rejected
from tillstream.ports.bus import EventBus

DAY = 86_400.0


class EventBusAttached(EventBusSuite):
    def test_attached_again_it_continues_where_it_stopped(self, bus: EventBus) -> None:
        bus.attach("topic", "sub", idle=DAY)
        bus.publish("topic", messages("a"))
        bus.attach("topic", "sub", idle=DAY)
        bus.publish("topic", messages("b"))
        assert drain(bus, "sub") == ["a", "b"]

    def test_a_detached_subscription_ends_with_its_messages(self, bus: EventBus) -> None:
        bus.attach("topic", "sub", idle=DAY)
        bus.attach("topic", "sub2", idle=DAY)
        bus.publish("topic", messages("a"))
        for _ in range(2):
            bus.detach("sub")
        assert bus.subscriptions() == {"sub2": "topic"}
        with pytest.raises(NotFound):
            bus.pull("sub", 1)
        bus.attach("topic", "sub", idle=DAY)
        assert (bus.pull("sub", 1), drain(bus, "sub2")) == ([], ["a"])

    def test_a_subscription_of_another_topic_is_not_attached(self, bus: EventBus) -> None:
        bus.attach("topic", "sub", idle=DAY)
        with pytest.raises(Rejected):
            bus.attach("other", "sub", idle=DAY)
